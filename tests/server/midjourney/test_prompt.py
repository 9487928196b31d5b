import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.midjourney.prompt import MAX_LENGTH, compose, is_wordless, mode_of, multiplier, normalise, room
from mjproxy_server.model.vocabulary import Mode
from tests.server.midjourney.midjourney_rewriting import echo

WORDS = st.text(st.characters(categories=["L", "Nd"], max_codepoint=0xFFFF), min_size=1, max_size=8)
PUNCTUATED = st.builds("{}{}".format, WORDS, st.sampled_from(["", ",", ".", "!", "::2", "::-.5", " (old)", " \u2014 "]))
URLS = st.sampled_from(
    ["https://example.com/a-cat.png", "https://cdn.discordapp.com/attachments/1/2/x--y.png?ex=6a&hm=0b&"]
)
PARAMETERS = st.sampled_from(
    [
        "--ar 16:9",
        "\u2014ar 2:3",
        "--v 7",
        "--style raw",
        "--s 750",
        "--tile",
        "--raw",
        "--q 1",
        "--fast",
        "--relax",
        "--turbo",
        "--seed 42",
        "--chaos 10",
    ]
)
SPACES = st.sampled_from([" ", "  ", "\n", " \n\t "])


@st.composite
def prompts(draw: st.DrawFn) -> tuple[str, str]:
    """A prompt, and the words of it that tell it from others."""
    words = draw(st.lists(PUNCTUATED, min_size=1, max_size=8))
    texts = [*draw(st.lists(URLS, max_size=2)), *words]
    for parameter in draw(st.lists(PARAMETERS, max_size=4)):
        texts.insert(draw(st.integers(0, len(texts))), parameter)
    texts += draw(st.sampled_from([[], ["--no", "dogs,", "red birds"]]))
    prompt = texts[0]
    for text in texts[1:]:
        prompt += draw(SPACES) + text
    return prompt, " ".join(words)


@given(prompts(), st.randoms(use_true_random=False))
def test_an_echo_normalises_like_the_prompt(prompt: tuple[str, str], rng: random.Random) -> None:
    assert normalise(echo(prompt[0], rng)) == normalise(prompt[0])


@given(prompts())
def test_the_words_of_a_prompt_remain(prompt: tuple[str, str]) -> None:
    assert normalise(prompt[0]) == normalise(prompt[1])
    assert not is_wordless(prompt[0])
    assert multiplier(prompt[0]) is None


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("a  cat\n on the moon ", "a cat on the moon"),
        ("a cat \u2014ar 3:2", "a cat --ar 3:2 --v 7.0"),
        ("A Cat", "a cat"),
        ("https://example.com/a.png a cat", "<https://s.mj.run/abcdefghijk> a cat"),
        ("https://example.com/a.png, a cat", "<https://s.mj.run/abcdefghijk> , a cat"),
        ("a cat --sref https://example.com/a.png --sw 50", "a cat --sref <https://s.mj.run/abcdefghijk> --sw 50"),
        ("a cat --v 7 --style raw", "a cat --raw --v 7.0"),
        ("a cat --no dogs --no red birds, hats", "a cat --no dogs, red birds, hats --v 7.0"),
        ("a cat --tile on the moon", "a cat on the moon --tile"),
        ("a cat --niji on the moon", "a cat on the moon --niji 6"),
        ("a cat --p", "a cat --p qt9rkxa m7294837"),
        ("a cat --fast", "a cat"),
        ("a **bold** cat_s", r"a \*\*bold\*\* cat\_s"),
        ("a cat <:smile:123456789012345678>", "a cat :smile:"),
        ("a cat \U0001f431", "a cat"),
        ("cat::2 dog::1", "cat::2.0 dog::1.0"),
        ("", ""),
    ],
)
def test_what_the_bot_rewrites_makes_no_difference(sent: str, echoed: str) -> None:
    assert normalise(sent) == normalise(echoed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a cat", "a dog"),
        ("a cat", "a cat on the moon"),
        ("\u4e00\u53ea\u732b", "\u4e00\u53ea\u72d7"),
        ("cat 1", "cat 2"),
    ],
)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_compose_puts_images_first_and_the_mode_last() -> None:
    text = compose("a cat --ar 3:2", ["https://a/1.png", "https://a/2.png"], Mode.RELAX)
    assert text == "https://a/1.png https://a/2.png a cat --ar 3:2 --relax"


def test_compose_leaves_the_prompt_as_it_is_without_a_mode() -> None:
    assert compose("a cat --turbo", [], None) == "a cat --turbo"


def test_compose_leaves_visibility_to_the_account_and_to_the_prompt() -> None:
    assert compose("a cat", [], Mode.FAST) == "a cat --fast"
    assert compose("a cat --stealth", [], Mode.FAST) == "a cat --stealth --fast"


@pytest.mark.parametrize(
    "text", ["a cat --turbo --ar 2:3", "--TURBO a cat --ar 2:3", "a cat \u2014relax --ar 2:3 --fast"]
)
def test_the_mode_replaces_the_prompts_own_flags(text: str) -> None:
    assert compose(text, ["https://h/1.png"], Mode.FAST) == "https://h/1.png a cat --ar 2:3 --fast"


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("a cat", None),
        ("a fast cat", None),
        ("a cat --fast", Mode.FAST),
        ("a cat \u2014relax", Mode.RELAX),
        ("a cat --TURBO --ar 1:1", Mode.TURBO),
        ("a cat --fast --relax", Mode.RELAX),
        ("a cat --faster", None),
    ],
)
def test_mode_of(prompt: str, mode: Mode | None) -> None:
    assert mode_of(prompt) is mode


@pytest.mark.parametrize("images", [0, 1, 5])
def test_what_there_is_room_for_fits(images: int) -> None:
    urls = ["https://cdn.discordapp.com/".ljust(512, "x")] * images
    assert len(compose("x" * room(images), urls, Mode.TURBO)) == MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "wordless"),
    [
        (" \n", True),
        ("--ar 3:2", True),
        ("\u2014AR 3:2 --v 7 --fast", True),
        ("--no dogs, red birds", True),
        ("--sref https://example.com/a.png", True),
        ("https://example.com/a.png --video 1", False),
        ("--ar 3:2 a cat", False),
        ('"" --sref 4711', False),
        ("\u732b", False),
        ("\U0001f431", False),
    ],
)
def test_a_prompt_without_words_has_parameters_alone(text: str, wordless: bool) -> None:
    assert is_wordless(text) is wordless


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a {red, green} bird", "{red, green}"),
        ("a {red,} bird", "{red,}"),
        ("a cat --ar {3:2, 1:1}", "{3:2, 1:1}"),
        (
            "{https://example.com/a.png, https://example.com/b.png} a cat",
            "{https://example.com/a.png, https://example.com/b.png}",
        ),
        ("a {{red, green} bird, dog}", "{red, green}"),
        ("a {{red} bird, dog}", "{{red} bird, dog}"),
        ("a {red, pastel\\, green} bird", "{red, pastel\\, green}"),
        ("a {pastel\\, green} bird", None),
        ("a {red} bird, a {green} bird", None),
        ("a bird :{, a dog", None),
        ("a cat --repeat 3", "--repeat 3"),
        ("a cat \u2014R 10 --ar 3:2", "\u2014R 10"),
        ("a cat --repeat", "--repeat"),
        ("a cat --raw --repeating", None),
        ("a cat https://example.com/a--r.png", None),
    ],
)
def test_what_stands_for_several_jobs_is_found(text: str, part: str | None) -> None:
    assert multiplier(text) == part
