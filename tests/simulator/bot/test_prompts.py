import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.bot.notices import RefusedError
from mjproxy_simulator.bot.prompts import Prompt, rewrite, text_of
from mjproxy_simulator.model.accounts import Profile


def rewritten(raw: str, profile: Profile = Profile.OF_2026) -> Prompt:
    return rewrite(raw, profile, lambda _: True)


@pytest.mark.parametrize(
    ("raw", "echo"),
    [
        ("a cat", "a cat --v 7.0"),
        ("  a \n cat\t", "a cat --v 7.0"),
        ("a cat —ar 3:2", "a cat --ar 3:2 --v 7.0"),
        ("a cat --v 6 --ar 3:2", "a cat --ar 3:2 --v 6.0"),
        ("a cat --aspect 3:2 --version 5.2", "a cat --ar 3:2 --v 5.2"),
        ("a cat --style raw", "a cat --v 7.0 --raw"),
        ("a cat --style expressive", "a cat --style expressive --v 7.0"),
        ("a cat --q 1 --s 100 --c 0", "a cat --v 7.0"),
        ("a cat --stylize 250 --c 10", "a cat --chaos 10 --s 250 --v 7.0"),
        ("a cat --no dogs, birds --no fish", "a cat --no dogs, birds, fish --v 7.0"),
        ("a cat --niji 6", "a cat --niji 6"),
        ("a cat --fast", "a cat --v 7.0"),
        ("a cat --ar 3:2 in a hat", "a cat in a hat --ar 3:2 --v 7.0"),
        ("a cat --tile in a hat", "a cat in a hat --tile --v 7.0"),
        ("a cat -- and a dog", "a cat -- and a dog --v 7.0"),
        ("a well--known cat", "a well--known cat --v 7.0"),
        ("**bold** (100%) (fast) 猫 🐱", "**bold** (100%) (fast) 猫 🐱 --v 7.0"),
        ("a cat --seed 0042", "a cat --seed 42 --v 7.0"),
        ("a cat --p", "a cat --p 4oymiqu --v 7.0"),
        ("a cat --profile warm m7294837", "a cat --p b4fkicg m7294837 --v 7.0"),
    ],
)
def test_prompt_is_echoed_in_the_bots_own_way(raw: str, echo: str) -> None:
    assert rewritten(raw).echo == echo


def test_default_version_and_raw_style_are_older_in_the_older_profile() -> None:
    assert rewritten("a cat --style raw", Profile.OF_2023).echo == "a cat --style raw --v 5.2"


def test_links_are_shortened_and_stand_first() -> None:
    echo = rewritten("a cat https://example.com/a.png?x=1 in <https://example.com/b.png> a hat").echo
    link = r"<https://s\.mj\.run/[\w-]{11}>"
    assert re.fullmatch(rf"{link} {link} a cat in a hat --v 7\.0", echo)
    assert text_of(echo) == "a cat in a hat"


def test_short_link_stays_as_it_is_and_long_ones_are_shortened_everywhere() -> None:
    echo = rewritten("https://s.mj.run/abcdefghijk a cat --sref https://example.com/a.png").echo
    assert re.fullmatch(r"<https://s\.mj\.run/abcdefghijk> a cat --sref <https://s\.mj\.run/[\w-]{11}> --v 7\.0", echo)


@pytest.mark.parametrize(
    ("raw", "mode"),
    [
        ("a cat", "fast"),
        ("a cat --relax", "relaxed"),
        ("a cat --turbo --stealth", "turbo, stealth"),
        ("a cat --fast --public", "fast"),
    ],
)
def test_mode_is_shown_apart_from_the_prompt(raw: str, mode: str) -> None:
    assert (rewritten(raw).mode, rewritten(raw).echo) == (mode, "a cat --v 7.0")


def test_seed_and_aspect_are_understood() -> None:
    prompt = rewritten("a cat --seed 7 --ar 16:9")
    assert (prompt.seed, prompt.aspect) == (7, (16, 9))
    assert (rewritten("a cat").seed, rewritten("a cat").aspect) == (None, None)


@pytest.mark.parametrize(
    ("raw", "title", "mentions"),
    [
        ("", "Empty prompt", "prompt"),
        (" \n ", "Empty prompt", "prompt"),
        ("https://example.com/a.png", "Empty prompt", "two images"),
        ("a cat --foo 1 --bar", "Invalid parameter", "`--foo`, `--bar`"),
        ("a cat --ar", "Invalid parameter", "`--ar`"),
        ("a cat --ar 0:1", "Invalid parameter", "`--ar`"),
        ("a cat --ar 15:1", "Invalid parameter", "14:1"),
        ("a cat --seed x", "Invalid parameter", "`--seed`"),
        ("a cat --chaos 101", "Invalid parameter", "from 0 to 100"),
        ("a cat --q nan", "Invalid parameter", "`--q`"),
        ("a cat --no", "Invalid parameter", "`--no`"),
        ("GORE everywhere", "Banned prompt detected", "`gore`"),
    ],
)
def test_prompt_is_refused_with_the_reason(raw: str, title: str, mentions: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        rewritten(raw)
    assert refusal.value.title == title
    assert mentions in refusal.value.description


def test_two_images_need_no_words() -> None:
    assert rewritten("https://example.com/a.png https://example.com/b.png").echo.endswith("> --v 7.0")


def test_link_without_an_image_is_refused() -> None:
    with pytest.raises(RefusedError, match="Invalid link"):
        rewrite("https://example.com/a.png a cat", Profile.OF_2026, lambda _: False)


def test_word_that_only_contains_a_banned_one_is_allowed() -> None:
    assert rewritten("a gorey denuded hill").echo.startswith("a gorey")


@given(
    words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="—<>"), min_size=1, max_size=8), max_size=8),
    options=st.lists(
        st.sampled_from(["--ar 3:2", "--v 6", "--tile", "--no dogs", "--seed 7", "--raw", "--p x"]), max_size=4
    ),
)
def test_echo_is_a_prompt_that_echoes_itself(words: list[str], options: list[str]) -> None:
    try:
        prompt = rewritten(" ".join([*words, *options]))
    except RefusedError:
        return
    assert rewritten(prompt.echo).echo == prompt.echo
