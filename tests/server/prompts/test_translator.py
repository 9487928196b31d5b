"""Translation against back-ends that are quick, wrong, or worse than that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.prompts.backends import TranslationFailed
from mjproxy_server.prompts.languages import Language
from mjproxy_server.prompts.parts import kept
from mjproxy_server.prompts.translator import Translator

ENGLISH = {"一只猫": "A cat.", "狗": "dog", "树": "trees", "人": "people", "红, 绿": "red, green"}
CHINESE = {"Important tokens": "重要词汇", "in the": "以", "style": "风格", "of": "的", "Cat": "猫"}

# fmt: off
PIECES = st.sampled_from([
    "一只猫", "кот", "a cat", " ", ", ", "--ar 2:3", " --no 树，人", "—v 7", "--tile", "::2", "::", "https://h/猫.png",
    "<https://h/b>", '"', '"好"', "1️⃣ ", "🐱", "\n", "## ", "**", "██░ x", "(0.79)", "{", "}", "-", ":", "七",
])
ANSWERS = st.sampled_from([
    "a dog", "a — b", "b--ar 1:1", "x::3", "https://h/c", '"', '"x"', "7 cats", "\n", "", "--no", "<b>",
])
# fmt: on


class Scripted:
    """A back-end that answers each line by a function."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def translate(self, lines: Sequence[str], into: Language) -> list[str]:  # noqa: ARG002
        self.asked += lines
        return [self._answer(line) for line in lines]

    async def close(self) -> None:
        pass


def translator(answer: Callable[[str], str]) -> Translator:
    return Translator(Scripted(answer), timeout_seconds=5)


@pytest.mark.parametrize(
    ("prompt", "english"),
    [
        ("一只猫 --ar 2:3", "A cat --ar 2:3"),
        ("一只猫--ar 2:3 —v 7", "A cat--ar 2:3 —v 7"),
        ("狗 --no 树，人 --v 7", "dog --no trees, people --v 7"),
        ("狗::2 一只猫::1", "dog::2 A cat::1"),
        ("https://h/猫.png 狗 --sref https://h/b 7", "https://h/猫.png dog --sref https://h/b 7"),
        ("a house::1 狗::2", "a house::1 dog::2"),
        ('🐱 狗 "欢迎"', '🐱 dog "欢迎"'),
        ("{红, 绿} 狗", "{red, green} dog"),
    ],
)
async def test_only_the_texts_of_a_prompt_are_translated(prompt: str, english: str) -> None:
    assert await translator(ENGLISH.__getitem__).translate(prompt, Language.ENGLISH) == english


async def test_the_structure_of_a_result_stays() -> None:
    result = "## Important tokens\n**Cat** (1.00), in the ~~style~~ of **Cat**\n\n███ Cat\n1️⃣ Cat --ar 5:4\n\n2️⃣ Cat"
    chinese = "## 重要词汇\n**猫** (1.00), 以 ~~风格~~ 的 **猫**\n\n███ Cat\n1️⃣ 猫 --ar 5:4\n\n2️⃣ 猫"
    assert await translator(CHINESE.__getitem__).translate(result, Language.CHINESE) == chinese


async def test_english_is_sent_nowhere() -> None:
    backend = Scripted(str.upper)
    prompt = "a café, https://h/猫.png --no trees，people"
    assert await Translator(backend, timeout_seconds=5).translate(prompt, Language.ENGLISH) == prompt
    assert backend.asked == []


async def test_a_text_is_asked_for_once() -> None:
    backend = Scripted(ENGLISH.__getitem__)
    subject = Translator(backend, timeout_seconds=5)
    assert await subject.translate("狗::1 狗::2", Language.ENGLISH) == "dog::1 dog::2"
    assert await subject.translate("狗 --no 树", Language.ENGLISH) == "dog --no trees"
    assert backend.asked == ["狗", "树"]


async def test_the_memory_is_bounded_and_keeps_what_is_used() -> None:
    backend = Scripted(lambda line: f"x{line.encode().hex()}")
    subject = Translator(backend, timeout_seconds=5)
    for number in range(1100):
        await subject.translate("猫", Language.ENGLISH)
        await subject.translate(f"狗{number}", Language.ENGLISH)
    assert backend.asked.count("猫") == 1
    backend.asked.clear()
    await subject.translate("狗1099", Language.ENGLISH)
    await subject.translate("狗0", Language.ENGLISH)
    assert backend.asked == ["狗0"]


@pytest.mark.parametrize("answer", ["", " ", "一只猫", "a\u2028b", "a::2", "see https://h/x", "x" * 100, "**cat**"])
async def test_nonsense_leaves_the_prompt_as_it_is(answer: str) -> None:
    prompt = "狗 --ar 2:3"
    assert await translator(lambda _: answer).translate(prompt, Language.ENGLISH) == prompt


async def test_a_dash_makes_no_parameter() -> None:
    assert await translator(lambda _: "a dog —running").translate("狗 --ar 2:3", Language.ENGLISH) == (
        "a dog, running --ar 2:3"
    )


async def test_nonsense_is_not_remembered() -> None:
    answers = iter(["x::2", "dog"])
    subject = translator(lambda _: next(answers))
    assert await subject.translate("狗", Language.ENGLISH) == "狗"
    assert await subject.translate("狗", Language.ENGLISH) == "dog"


async def test_a_failure_is_logged_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: str) -> str:
        raise TranslationFailed("HTTP 500")

    assert await translator(fail).translate("秘密", Language.ENGLISH) == "秘密"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message == "Nothing was translated into English, the text stays as it is: HTTP 500"


@given(st.lists(PIECES).map("".join), st.lists(ANSWERS, min_size=1), st.sampled_from(Language))
def test_parameters_and_links_survive_any_translation(prompt: str, answers: list[str], into: Language) -> None:
    turns = iter(answers * 50)
    translation = asyncio.run(translator(lambda _: next(turns)).translate(prompt, into))
    assert kept(translation) == kept(prompt)


@given(st.text(), st.text(), st.sampled_from(Language))
def test_no_answer_makes_it_fail(prompt: str, answer: str, into: Language) -> None:
    translation = asyncio.run(translator(lambda _: answer).translate(prompt, into))
    assert kept(translation) == kept(prompt)


class Crowded:
    """A back-end that answers when nobody else comes any more."""

    def __init__(self) -> None:
        self.inside = self.most_inside = 0

    async def translate(self, lines: Sequence[str], into: Language) -> list[str]:  # noqa: ARG002
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        for _ in range(20):
            await asyncio.sleep(0)
        self.inside -= 1
        return ["x" for _ in lines]

    async def close(self) -> None:
        pass


async def test_no_more_than_eight_are_asked_for_at_once() -> None:
    backend = Crowded()
    subject = Translator(backend, timeout_seconds=5)
    await asyncio.gather(*(subject.translate(f"猫{number}", Language.ENGLISH) for number in range(30)))
    assert backend.most_inside == 8
