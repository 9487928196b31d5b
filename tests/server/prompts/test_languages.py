from __future__ import annotations

import pytest

from mjproxy_server.prompts.languages import Language, can_be, needs_translation


@pytest.mark.parametrize(
    "text", ["", "123!", "a cat", "café naïve", "ＡＢＣ", "𝓯𝓪𝓷𝓬𝔂", "un chat noir", "🐱", "5µm"[:1]]
)
def test_latin_letters_are_taken_for_english(text: str) -> None:
    assert not needs_translation(text, Language.ENGLISH)


@pytest.mark.parametrize("text", ["猫", "a 猫", "кот", "ねこ", "ネコ", "고양이", "قطة", "γάτα", "बिल्ली"])
def test_other_letters_are_translated(text: str) -> None:
    assert needs_translation(text, Language.ENGLISH)


@pytest.mark.parametrize(
    ("text", "needed"), [("cat", True), ("кот", True), ("猫", False), ("a 猫", False), ("12", False)]
)
def test_only_what_has_no_han_character_is_translated_into_chinese(text: str, needed: bool) -> None:
    assert needs_translation(text, Language.CHINESE) is needed


@pytest.mark.parametrize(("text", "possible"), [("a cat", True), ("5", True), ("a 欢迎 sign", True), ("一只猫", False)])
def test_what_has_no_latin_letter_cannot_be_english(text: str, possible: bool) -> None:
    assert can_be(text, Language.ENGLISH) is possible
