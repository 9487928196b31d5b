"""Translation of whole prompts: which of their parts are sent, and what becomes of the answers.

It never fails: where there is no good translation within the time, the text stays as it is and the log says why,
without the text. A translation is good if every part has a plausible one and what `parts.kept` returns is the same
before and after.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from mjproxy_server.prompts.backends import Backend, TranslationFailed, TranslatorBusy
from mjproxy_server.prompts.languages import Language, can_be, needs_translation
from mjproxy_server.prompts.parts import Kind, Part, bare, kept, split

_AT_ONCE: Final = 8
_REMEMBERED: Final = 1024
_BUSY_PAUSE_SECONDS: Final = 1.1
"""Baidu's free accounts may ask once a second."""

_MOST_TIMES_LONGER: Final = 20
_DASHES: Final = re.compile(r"\s*(?:\u2014|--)+\s*")
_ENGLISH_SEPARATORS: Final = {"\uff0c": ", ", "\u3001": ", ", "\uff1b": "; "}

logger = logging.getLogger(__name__)


class Translator:
    """Translates prompts and results by a back-end, which is asked for each text once."""

    def __init__(
        self, backend: Backend, *, timeout_seconds: float, busy_pause_seconds: float = _BUSY_PAUSE_SECONDS
    ) -> None:
        """Prepares a translator.

        Args:
            backend: Who translates; closed with the translator.
            timeout_seconds: The longest that a translation may take, waiting for its turn included.
            busy_pause_seconds: How long to wait until a busy back-end is asked again.
        """
        self._backend = backend
        self._timeout_seconds = timeout_seconds
        self._busy_pause_seconds = busy_pause_seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._memory = _Memory()

    async def translate(self, text: str, into: Language) -> str:
        """Returns a prompt or result in another language, or as it is if there is no good translation of it."""
        parts = split(text)
        wanted = [part.text for part in parts if part.kind.translated and needs_translation(part.text, into)]
        if not wanted:
            return text
        try:
            return await self._translated(parts, list(dict.fromkeys(wanted)), into)
        except TranslationFailed as failure:
            logger.warning("Nothing was translated into %s, the text stays as it is: %s", into.name.title(), failure)
            return text

    async def close(self) -> None:
        """Closes the back-end."""
        await self._backend.close()

    async def _translated(self, parts: Sequence[Part], wanted: Sequence[str], into: Language) -> str:
        known = self._memory.recall(wanted, into)
        unknown = [text for text in wanted if text not in known]
        answers = await self._ask(unknown, into) if unknown else []
        new = {text: _plausible(text, answer, into) for text, answer in zip(unknown, answers, strict=True)}
        translation = _put_together(parts, known | new, into)
        if kept(translation) != [part.text for part in parts if part.kind is Kind.KEPT]:
            raise TranslationFailed("it would change the prompt's structure")
        self._memory.keep(new, into)
        return translation

    async def _ask(self, lines: Sequence[str], into: Language) -> list[str]:
        try:
            async with asyncio.timeout(self._timeout_seconds), self._turns:
                return await self._ask_until_not_busy(lines, into)
        except TimeoutError:
            raise TranslationFailed(f"no answer within {self._timeout_seconds:g} s") from None

    async def _ask_until_not_busy(self, lines: Sequence[str], into: Language) -> list[str]:
        while True:
            try:
                return await self._backend.translate(lines, into)
            except TranslatorBusy:
                await asyncio.sleep(self._busy_pause_seconds)


class _Memory:
    """The translations that were used last."""

    def __init__(self) -> None:
        self._translations: OrderedDict[tuple[Language, str], str] = OrderedDict()

    def recall(self, texts: Sequence[str], into: Language) -> dict[str, str]:
        known = [text for text in texts if (into, text) in self._translations]
        for text in known:
            self._translations.move_to_end((into, text))
        return {text: self._translations[into, text] for text in known}

    def keep(self, translations: Mapping[str, str], into: Language) -> None:
        self._translations.update(((into, text), translation) for text, translation in translations.items())
        while len(self._translations) > _REMEMBERED:
            self._translations.popitem(last=False)


def _plausible(text: str, answer: str, into: Language) -> str:
    """Returns an answer as it can be put in the place of its text.

    Raises:
        TranslationFailed: It cannot be a translation.
    """
    found = bare(_DASHES.sub(", ", answer))
    if not found or len(found) > _MOST_TIMES_LONGER * (len(text) + 1) or not can_be(found, into):
        raise TranslationFailed("an answer that is no translation")
    return found


def _put_together(parts: Sequence[Part], translations: Mapping[str, str], into: Language) -> str:
    return "".join(_in_place(part, translations, into) for part in parts)


def _in_place(part: Part, translations: Mapping[str, str], into: Language) -> str:
    if part.kind.translated:
        return translations.get(part.text, part.text)
    if part.kind is Kind.FILLER and into is Language.ENGLISH:
        return _ENGLISH_SEPARATORS.get(part.text, part.text)
    return part.text
