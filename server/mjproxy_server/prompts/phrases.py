"""Finding any of many words and phrases in a text, in one pass whatever their number.

A text is read as tokens: runs of letters and digits, compared without regard to case and to the width of their
characters; a character of a script that is written without spaces is a token by itself. Phrases are kept as a trie of
tokens, so that a step through the text costs one look-up for each phrase that may still become whole, at most as many
as the longest phrase has tokens. A trie of characters (Aho-Corasick) would find parts of words, which are not wanted.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ASCII_FOLDED: Final = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(256))
"""What becomes of each ASCII character: most prompts have no others, and are cut several times as fast by this."""
_MOST_BETWEEN: Final = 3
"""How many characters that are no letters may stand between the words of a phrase."""


@dataclass(slots=True)
class _Node:
    ends_phrase: bool = False
    following: dict[str, "_Node"] = field(default_factory=dict)


class PhraseSet:
    """A set of words and phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Takes the phrases; one without a letter or digit can never be found.

        Args:
            phrases: Words, or several with a space between.
        """
        self._root = _Node()
        for phrase in phrases:
            node = self._root
            for token in tokens(phrase):
                node = node.following.setdefault(token, _Node())
            node.ends_phrase = True

    def begins_in(self, text: str) -> bool:
        """Tells whether the text has the first word of a phrase; few prompts have one, and it takes little to tell."""
        return not self._root.following.keys().isdisjoint(tokens(text))

    def find(self, text: str) -> str | None:
        """Returns the first phrase that the text has, as the text writes it, or None."""
        folded, begins_phrase = tokens(text), self._root.following
        if begins_phrase.keys().isdisjoint(folded):
            return None
        matches = list(_TOKEN.finditer(text))
        for first, token in enumerate(folded):
            last = self._end_of_phrase(first, matches, folded) if token in begins_phrase else None
            if last is not None:
                return text[matches[first].start() : matches[last].end()]
        return None

    def _end_of_phrase(self, first: int, matches: list[re.Match[str]], folded: list[str]) -> int | None:
        node = self._root
        for index in range(first, len(matches)):
            far = index > first and matches[index].start() - matches[index - 1].end() > _MOST_BETWEEN
            following = node.following.get(folded[index])
            if far or following is None:
                return None
            if following.ends_phrase:
                return index
            node = following
        return None


def tokens(text: str) -> list[str]:
    """Returns the tokens of a text as they are compared."""
    if text.isascii():
        return text.encode().translate(_ASCII_FOLDED).decode().split()
    return [_fold(token) for token in _TOKEN.findall(text)]


def _fold(token: str) -> str:
    return token.casefold() if token.isascii() else unicodedata.normalize("NFKC", token).casefold()
