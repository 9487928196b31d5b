"""Banned words with real files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mjproxy_server.prompts.banned import BannedWords
from mjproxy_server.prompts.config import BannedWordsConfig, ListMode


class Time:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "words.txt"


def banned(time: Time, file: Path | None = None, mode: ListMode = ListMode.EXTEND) -> BannedWords:
    return BannedWords(BannedWordsConfig(mode=mode, file=file), monotonic=time)


def replace(file: Path, text: str) -> None:
    """Replaces a file at once, as editors do."""
    new = file.with_suffix(".new")
    new.write_text(text, "utf-8")
    new.replace(file)


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("nude body", "nude"),
        ("a Nude body --ar 2:3", "Nude"),
        ('a sign that says "nude"', "nude"),
        ("<nude> body", "nude"),
        ("--ar 2:3 nude body", "nude"),
        ("**nude**", "nude"),
        ("a cat", None),
        ("a cat --no nude", None),
        ("a cat --no trees, nude, people --v 7", None),
        ("https://nude.example/nude.png a cat", None),
        ("a cat <https://nude.example/>", None),
        ("a cat --profile nude", None),
        ("the denuded hill", None),
        ("commit suicide", "commit suicide"),
        ("blood moon", None),
    ],
)
async def test_the_list_that_ships_is_searched_for_in_texts(time: Time, prompt: str, word: str | None) -> None:
    assert await banned(time).find(prompt) == word


async def test_a_file_extends_the_list(time: Time, file: Path) -> None:
    file.write_text("# ours\n\nblue cheese  # smells\nкот\n", "utf-8")
    words = banned(time, file)
    assert await words.find("a Blue Cheese") == "Blue Cheese"
    assert await words.find("a Кот") == "Кот"
    assert await words.find("nude") == "nude"
    assert await words.find("smells") is None


async def test_a_file_replaces_the_list(time: Time, file: Path) -> None:
    file.write_bytes("\ufeff# ours\r\ncheese\r\n".encode())
    words = banned(time, file, ListMode.REPLACE)
    assert await words.find("cheese") == "cheese"
    assert await words.find("nude") is None


async def test_nothing_is_banned_when_it_is_off(time: Time, file: Path) -> None:
    file.write_text("cheese")
    assert await banned(time, file, ListMode.OFF).find("nude cheese") is None


async def test_a_changed_file_is_read_a_second_later(time: Time, file: Path) -> None:
    file.write_text("cheese")
    words = banned(time, file)
    replace(file, "butter")
    time.now += 0.9
    assert await words.find("butter") is None
    time.now += 0.2
    assert await words.find("butter") == "butter"
    assert await words.find("cheese") is None


@pytest.mark.parametrize("broken", [b"\xff\xfe\x00", b"cheese\n!!!\n", None])
async def test_a_file_that_cannot_be_used_leaves_the_list_as_it_is(
    time: Time, file: Path, caplog: pytest.LogCaptureFixture, broken: bytes | None
) -> None:
    file.write_text("cheese")
    words = banned(time, file, ListMode.REPLACE)
    if broken is None:
        file.unlink()
    else:
        file.write_bytes(broken)
    for _ in range(3):
        time.now += 2
        assert await words.find("cheese") == "cheese"
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    replace(file, "butter")
    time.now += 2
    assert await words.find("butter") == "butter"


async def test_the_list_that_ships_is_in_force_until_the_file_can_be_read(time: Time, file: Path) -> None:
    words = banned(time, file, ListMode.REPLACE)
    assert await words.find("nude") == "nude"
    replace(file, "cheese")
    time.now += 2
    assert await words.find("nude cheese") == "cheese"


async def test_a_line_without_a_word_is_named(time: Time, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("cheese\n--\n")
    banned(time, file)
    assert "line 2 has no letter or digit" in caplog.text
