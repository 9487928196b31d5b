"""Baidu's general text translation, as https://fanyi-api.baidu.com/doc/21 describes it."""

import hashlib
import random
from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from mjproxy_server.prompts.backends import TranslationFailed, TranslatorBusy, ask, checked
from mjproxy_server.prompts.config import BaiduConfig
from mjproxy_server.prompts.languages import Language

_NO_ERROR: Final = frozenset({"", "52000"})
_TOO_OFTEN: Final = frozenset({"54003", "54005"})


class _Line(msgspec.Struct, frozen=True):
    dst: str


class _Answer(msgspec.Struct, frozen=True):
    trans_result: list[_Line] = []
    error_code: str | int = ""


class Baidu:
    """A translator that signs each request with the account's key; the key itself is never sent."""

    def __init__(self, config: BaiduConfig, rng: random.Random, http: httpx.AsyncClient) -> None:
        """Prepares a translator; nothing is sent yet.

        Args:
            config: The account.
            rng: Draws the salts of the signatures.
            http: Sends; closed with the translator.
        """
        self._config = config
        self._rng = rng
        self._http = http

    async def translate(self, lines: Sequence[str], into: Language) -> list[str]:
        """See `Backend.translate`; a text of several lines is answered line by line."""
        form = self._form("\n".join(lines), into)
        answer = await ask(self._http, self._http.build_request("POST", self._config.url, data=form), _Answer)
        code = str(answer.error_code)
        if code in _TOO_OFTEN:
            raise TranslatorBusy(f"Baidu's error {code}")
        if code not in _NO_ERROR:
            raise TranslationFailed(f"Baidu's error {code[:20]}")
        return checked([line.dst for line in answer.trans_result], len(lines))

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.aclose()

    def _form(self, query: str, into: Language) -> dict[str, str]:
        salt = str(self._rng.getrandbits(32))
        signed = self._config.appid + query + salt + self._config.secret.get_secret_value()
        sign = hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()  # Baidu asks for MD5
        return {"q": query, "from": "auto", "to": into, "appid": self._config.appid, "salt": salt, "sign": sign}
