import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.bot.derivations import animated, for_zoom_form, panned, remastered, squared
from mjproxy_simulator.bot.prompts import options_of, text_of
from mjproxy_simulator.model.jobs import Variant

SIDES = (Variant.LEFT, Variant.RIGHT, Variant.UP, Variant.DOWN)
RATIOS = st.tuples(st.integers(1, 50), st.integers(1, 50))
PROMPTS = st.builds(
    lambda words, options: " ".join((*words, *options)),
    st.lists(st.sampled_from(("cat", "a", "hat", "猫", "☕")), min_size=1),
    st.lists(st.sampled_from(("--v 7.0", "--ar 4:3", "--no dogs, birds", "--chaos 5", "--zoom 1.5")), unique=True),
)


@pytest.mark.parametrize(
    ("aspect", "side", "wider"),
    [
        ((1, 1), Variant.LEFT, (3, 2)),
        ((1, 1), Variant.RIGHT, (3, 2)),
        ((1, 1), Variant.UP, (2, 3)),
        ((1, 1), Variant.DOWN, (2, 3)),
        ((16, 9), Variant.LEFT, (8, 3)),
        ((3, 2), Variant.UP, (1, 1)),
    ],
)
def test_pan_adds_half_a_picture_on_one_side(aspect: tuple[int, int], side: Variant, wider: tuple[int, int]) -> None:
    derived = panned("a cat --ar 7:5 --v 7.0", aspect, side)
    assert derived.aspect == wider
    assert derived.prompt == f"a cat --v 7.0 --ar {wider[0]}:{wider[1]}"


@given(prompt=PROMPTS, aspect=RATIOS, side=st.sampled_from(SIDES))
def test_pan_changes_the_ratio_alone_and_writes_it_in_lowest_terms(
    prompt: str, aspect: tuple[int, int], side: Variant
) -> None:
    derived = panned(prompt, aspect, side)
    width, height = derived.aspect
    grown = width * aspect[1] / (height * aspect[0])
    assert grown == pytest.approx(1.5 if side in {Variant.LEFT, Variant.RIGHT} else 1 / 1.5)
    assert math.gcd(width, height) == 1
    assert text_of(derived.prompt) == text_of(prompt)
    others = [option for option in options_of(prompt) if option[0] != "ar"]
    assert options_of(derived.prompt) == [*others, ("ar", f"{width}:{height}")]


@given(prompt=PROMPTS)
def test_square_is_square_and_stays_so(prompt: str) -> None:
    once = squared(prompt)
    assert once.aspect == (1, 1)
    assert once.prompt.endswith("--ar 1:1")
    assert squared(once.prompt) == once


def test_film_drops_what_films_do_not_have_and_begins_with_its_start_frame() -> None:
    prompt = "<https://s.mj.run/abc> a cat --no dogs --chaos 5 --ar 3:2 --v 7.0"
    derived = animated(prompt, (3, 2), Variant.LOW, "https://cdn.example/frame.png")
    link, _, rest = derived.prompt.partition(" ")
    assert link.startswith("<https://s.mj.run/")
    assert link != "<https://s.mj.run/abc>"
    assert rest == "a cat --chaos 5 --raw --motion low --video 1 --aspect 3:2"
    assert derived.aspect == (3, 2)


def test_film_of_words_alone_begins_with_them() -> None:
    assert animated("a cat", (1, 1), Variant.HIGH, None).prompt.startswith("a cat --raw --motion high")


@pytest.mark.parametrize("version", ["--v 5.2", "--niji 6", ""])
def test_remaster_changes_the_version_alone(version: str) -> None:
    derived = remastered(f"a cat --chaos 5 {version}".strip(), (3, 2), "7.0")
    assert (derived.prompt, derived.aspect) == ("a cat --chaos 5 --v 7.0", (3, 2))


@given(prompt=PROMPTS, aspect=RATIOS)
def test_form_of_custom_zoom_ends_with_the_ratio_and_the_zoom_once_each(prompt: str, aspect: tuple[int, int]) -> None:
    names = [name for name, _ in options_of(for_zoom_form(prompt, aspect))]
    assert names[-2:] == ["ar", "zoom"]
    assert (names.count("ar"), names.count("zoom")) == (1, 1)
    assert for_zoom_form(prompt, aspect).endswith(f"--ar {aspect[0]}:{aspect[1]} --zoom 1.8")
