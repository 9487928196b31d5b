"""What every translator has in common: its interface, how it fails, and one exchange by HTTP."""

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

import httpx
import msgspec

from mjproxy_server.prompts.languages import Language
from mjproxy_server.proxied import ProxiedTransport
from mjproxy_server.tls import client_tls

Answer = TypeVar("Answer")
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class TranslationFailed(Exception):
    """There is no translation. The message is fit for a log: it holds neither the text nor a secret."""


class TranslatorBusy(TranslationFailed):
    """The translator is asked too often; it may be asked again a little later."""


class Backend(Protocol):
    """A translator of lines."""

    async def translate(self, lines: Sequence[str], into: Language) -> list[str]:
        """Returns the lines in another language, as many and in the same order.

        It is given no empty line and none with a line break in it, and takes as long as it takes.

        Raises:
            TranslationFailed: There is no answer, or none that can be read.
        """
        ...

    async def close(self) -> None:
        """Closes all connections."""
        ...


def open_http(proxy: str | None) -> httpx.AsyncClient:
    """Returns a client without time limits, because whoever asks for a translation bounds the whole of it.

    Args:
        proxy: Whereby it goes out; None for directly, whatever proxy the environment names.
    """
    transport = ProxiedTransport(proxy=proxy, trust_env=False, verify=client_tls())
    return httpx.AsyncClient(transport=transport, timeout=None, trust_env=False)  # noqa: S113


async def ask(http: httpx.AsyncClient, request: httpx.Request, answer: type[Answer]) -> Answer:
    """Sends a request and returns the answer, decoded.

    Raises:
        TranslationFailed: There is no answer, it tells of an error, or it is not of the given type.
    """
    try:
        response = await http.send(request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TranslationFailed(f"no answer ({type(error).__name__})") from None
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise TranslatorBusy("HTTP 429")
    if response.status_code != httpx.codes.OK:
        raise TranslationFailed(f"HTTP {response.status_code}")
    try:
        return msgspec.json.decode(response.content, type=answer)
    except _UNREADABLE:
        raise TranslationFailed("an answer of another form than expected") from None


def checked(lines: list[str], expected: int) -> list[str]:
    """Returns the lines if there are as many as expected.

    Raises:
        TranslationFailed: There are more or fewer.
    """
    if len(lines) != expected:
        raise TranslationFailed(f"{len(lines)} lines for {expected}")
    return lines
