"""In which language a text is, as far as its letters tell: a pure rule, the same for the same text."""

import unicodedata
from enum import StrEnum
from typing import Final

_LETTERS: Final = frozenset({"Lu", "Ll", "Lt", "Lo"})


class Language(StrEnum):
    """A language to translate into; the value is its ISO 639-1 code."""

    ENGLISH = "en"
    CHINESE = "zh"


def needs_translation(text: str, into: Language) -> bool:
    """Returns whether a text is in another language.

    A text is taken for English when all its letters are Latin, however they are drawn: what language Latin letters
    spell cannot be told from a few words, and the bot reads most of them. It is taken for Chinese when it has a Han
    character. A text without letters is in every language.
    """
    letters = _letters(text)
    if into is Language.ENGLISH:
        return not all(map(_is_latin, letters))
    return bool(letters) and not any(map(_is_han, letters))


def can_be(text: str, language: Language) -> bool:
    """Returns whether a translation may be one: if an English one has letters, some are Latin.

    A Chinese one needs no Han character: names stay as they are.
    """
    letters = _letters(text)
    return language is not Language.ENGLISH or not letters or any(map(_is_latin, letters))


def _letters(text: str) -> list[str]:
    if text.isascii():
        return [character for character in text if character.isalpha()]
    normal = unicodedata.normalize("NFKC", text)
    return [character for character in normal if unicodedata.category(character) in _LETTERS]


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK ")
