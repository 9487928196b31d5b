from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.prompts.phrases import PhraseSet

PHRASES = PhraseSet(["nude", "child porn", "child labour camp", "naïve", "裸体", "blow-job"])
WORDS = st.lists(st.sampled_from(["a", "b", "c", "A"]), min_size=1, max_size=3).map(" ".join)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nude body", "nude"),
        ("a NuDe, body", "NuDe"),
        ("a ｎｕｄｅ body", "ｎｕｄｅ"),
        ("half-nude_body", "nude"),
        ("Child  Porn", "Child  Porn"),
        ("child, porn", "child, porn"),
        ("child child porn", "child porn"),
        ("child labour child porn", "child porn"),
        ("NAÏVE", "NAÏVE"),
        ("一个裸体的人", "裸体"),
        ("nude裸", "nude"),
        ("blow job", "blow job"),
        ("nudes denuded nudex", None),
        ("child and porn", None),
        ("child .... porn", None),
        ("child", None),
        ("", None),
    ],
)
def test_whole_words_and_phrases_are_found_as_the_text_writes_them(text: str, found: str | None) -> None:
    assert PHRASES.find(text) == found


@given(st.lists(WORDS, max_size=5), WORDS | st.lists(WORDS, max_size=6).map(" ".join))
def test_it_finds_exactly_what_a_plain_search_finds(phrases: list[str], text: str) -> None:
    found = PhraseSet(phrases).find(text)
    padded = f" {text.casefold()} "
    assert (found is not None) is any(f" {phrase.casefold()} " in padded for phrase in phrases)
    assert found is None or found.casefold() in {phrase.casefold() for phrase in phrases}


def test_phrases_without_a_letter_or_digit_are_never_found() -> None:
    assert PhraseSet(["!!", ""]).find("!! a") is None
