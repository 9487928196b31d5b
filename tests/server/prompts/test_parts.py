from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_server.prompts.parts import Kind, is_cut_between_words, kept, searched, split
from mjproxy_server.prompts.phrases import tokens

# fmt: off
PIECES = st.sampled_from([
    "一只猫", "a cat", " ", ", ", "，", "--ar 2:3", "--no 树, 人", "—no x", "--tile", "::2", "::", "https://h/a.png",
    "<https://h/b>", "<:cat:12>", "<x>", '"hi"', "“好”", '12"', "1️⃣", "🐱", "\n", "\n\n", "## ", "**", "~~", "(0.79)",
    "██░ x", "{", "}", "--",
])
# fmt: on
PROMPTS = st.one_of(st.text(), st.lists(PIECES).map("".join))


# fmt: off
ASCII_PIECES = st.sampled_from([
    "dog", "cat", "2", " ", "_", "--ar 2:3", "--no ", "::2", "https://h/a", "<x>", "<:cat:12>", '"', "\n", "# ", "**",
    "(0.79)", "{",
])
# fmt: on


def of_kind(kind: Kind, text: str) -> list[str]:
    return [part.text for part in split(text) if part.kind is kind]


@given(PROMPTS)
def test_nothing_is_lost(text: str) -> None:
    parts = split(text)
    assert "".join(part.text for part in parts) == text
    assert all(part.text for part in parts)


@given(PROMPTS)
def test_no_text_that_is_translated_has_a_line_break(text: str) -> None:
    assert all(len(part.text.splitlines()) == 1 for part in split(text) if part.kind.translated)


@pytest.mark.parametrize(
    ("text", "texts", "negatives", "fixed"),
    [
        ("一只猫 --ar 2:3 --v 7", ["一只猫"], [], ["--ar 2:3", "--v 7"]),
        ("一只猫--ar 2:3", ["一只猫"], [], ["--ar 2:3"]),
        ("一只猫 —ar 2:3", ["一只猫"], [], ["—ar 2:3"]),
        ("猫 --no 树, 人 --ar=2:3 狗", ["猫", "狗"], ["树", "人"], ["--no", "--ar=2:3"]),
        ("猫 --no 树，人、a house", ["猫"], ["树", "人", "a house"], ["--no"]),
        ("猫 --notile 树", ["猫", "树"], [], ["--notile"]),
        ("狗::2 猫::-.5", ["狗", "猫"], [], ["::2", "::-.5"]),
        ("https://h/猫.png 一只猫", ["一只猫"], [], ["https://h/猫.png"]),
        ("https://h/a.png，一只猫", ["，一只猫"], [], ["https://h/a.png"]),
        ("<https://s.mj.run/x> 猫 <:cat:12>", ["猫"], [], ["<https://s.mj.run/x>", "<:cat:12>"]),
        ("--sref https://h/a https://h/b 猫", ["猫"], [], ["--sref", "https://h/a", "https://h/b"]),
        ("--tile 一只猫", ["一只猫"], [], ["--tile"]),
        ("{红, 绿} 鸟", ["红, 绿", "鸟"], [], ["{", "}"]),
        ('a sign "欢迎" 和 “你好”', ["a sign", "和"], [], []),
        ('12"屏幕 24"屏幕', ['12"屏幕 24"屏幕'], [], []),
        ("1️⃣ Cat --ar 5:4\n\n2️⃣ Dog", ["Cat", "Dog"], [], ["--ar 5:4", "\n\n"]),
        (
            "## Important tokens\n**appdash** (1.00), in the ~~style~~ of\n\n██░ toonami",
            ["Important tokens", "appdash", "in the", "style", "of"],
            [],
            ["## ", "\n", "**", "**", "(1.00)", "~~", "~~", "\n\n", "██░ toonami"],
        ),
    ],
)
def test_a_prompt_has_these_parts(text: str, texts: list[str], negatives: list[str], fixed: list[str]) -> None:
    assert of_kind(Kind.TEXT, text) == texts
    assert of_kind(Kind.NEGATIVE, text) == negatives
    assert kept(text) == fixed


def test_quoted_text_is_searched_but_not_translated() -> None:
    assert of_kind(Kind.QUOTED, 'a "猫" <x>') == ['"猫"', "<x>"]
    assert Kind.QUOTED.searched
    assert not Kind.QUOTED.translated


@given(PROMPTS)
def test_what_is_searched_are_the_words_of_the_parts_that_are(text: str) -> None:
    of_parts = [tokens(part.text) for part in split(text) if part.kind.searched]
    assert [found for found in map(tokens, searched(text)) if found] == [found for found in of_parts if found]


@settings(max_examples=1000)
@given(st.lists(ASCII_PIECES, max_size=6).map("".join))
def test_the_words_of_the_parts_are_words_of_the_whole(text: str) -> None:
    words = {word for part in searched(text) for word in tokens(part)}
    assert words <= set(tokens(text)) or not is_cut_between_words(text)
