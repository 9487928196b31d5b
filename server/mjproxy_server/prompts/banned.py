"""The banned words: the list that ships, and a file that replaces or extends it while the server runs.

It spares accounts: the bot refuses such prompts, and holds accounts that send too many of them. What `--no` names is
not searched, nor are links and the values of parameters (`parts.Kind`).
"""

import asyncio
import logging
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

from mjproxy_server.prompts.config import BannedWordsConfig, ListMode
from mjproxy_server.prompts.parts import is_cut_between_words, searched
from mjproxy_server.prompts.phrases import PhraseSet, tokens

_CHECK_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)

_Signature = tuple[int, ...]


class BannedWords:
    """The banned words that are in force."""

    def __init__(self, config: BannedWordsConfig, *, monotonic: Callable[[], float]) -> None:
        """Reads the lists.

        Args:
            config: Where the file is. If it cannot be read, the list that ships is in force until it can.
            monotonic: The time in seconds; the file is looked at once a second, at most.
        """
        shipped = _words((files(__package__) / "banned_words.txt").read_text("utf-8"))
        self._base = shipped if config.mode is ListMode.EXTEND else ()
        self._phrases = PhraseSet(() if config.mode is ListMode.OFF else shipped)
        self._file = None if config.mode is ListMode.OFF else config.file
        self._monotonic = monotonic
        self._signature: _Signature | None = None
        self._check_at = monotonic() + _CHECK_SECONDS
        if self._file:
            self._read_if_changed(self._file)

    async def find(self, english: str) -> str | None:
        """Returns the first banned word or phrase of a prompt as the prompt has it, or None."""
        if self._file:
            await self._refresh(self._file)
        if is_cut_between_words(english) and not self._phrases.begins_in(english):
            return None
        return next((word for word in map(self._phrases.find, searched(english)) if word), None)

    async def _refresh(self, file: Path) -> None:
        now = self._monotonic()
        if now >= self._check_at:
            self._check_at = now + _CHECK_SECONDS
            await asyncio.to_thread(self._read_if_changed, file)

    def _read_if_changed(self, file: Path) -> None:
        """Reads the file unless it is as it was; what cannot be used leaves the list as it is, and is told once."""
        signature = _signature(file)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            words = _words(file.read_text("utf-8-sig"))
        except (OSError, ValueError) as error:
            logger.warning("banned_words.file: %s; the list stays as it was", error)
            return
        self._phrases = PhraseSet((*self._base, *words))
        logger.info("banned_words.file: %d words and phrases read from %s", len(words), file)


def _signature(file: Path) -> _Signature:
    """Returns what differs when the file does; the time of its status tells that it was replaced or became readable."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _words(text: str) -> tuple[str, ...]:
    """Returns the words and phrases of a list: one to a line, with comments after a #-sign.

    Raises:
        ValueError: A line has no word that could be found; the message has its number.
    """
    lines = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    for number, line in lines:
        if line and not tokens(line):
            raise ValueError(f"line {number} has no letter or digit; take it out, or put a # before it")
    return tuple(line for _, line in lines if line)
