import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from mjproxy_simulator.pictures import retouch
from tests.simulator.pictures.records_of_jobs import difference


def plain(colour: str, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGB", size, colour)


def noisy(size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.effect_noise(size, 80).convert("RGB")


@settings(max_examples=60)
@given(st.integers(1, 48), st.integers(1, 48), st.integers(0, 16), st.integers(0, 16))
def test_surrounded_picture_stays_as_it_is(width: int, height: int, left: int, top: int) -> None:
    inner = noisy((width, height))
    outside = retouch.surrounded(inner, plain("red"), (left, top))
    assert outside.size == (64, 64)
    assert ImageChops.difference(outside.crop((left, top, left + width, top + height)), inner).getbbox() is None


def test_surroundings_show_far_from_the_picture_and_fade_into_it() -> None:
    outside = retouch.surrounded(plain("white", (100, 100)), plain("black", (200, 200)), (50, 50))
    values = np.asarray(outside)[100, :51, 0].tolist()
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0, 255)


def test_mask_replaces_what_is_white_and_nothing_else() -> None:
    origin = noisy()
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 0, 64, 128))
    result = retouch.masked(origin, plain("red"), mask)
    assert result.crop((0, 0, 32, 64)).getcolors() == [(32 * 64, (255, 0, 0))]
    assert result.crop((32, 0, 64, 64)).tobytes() == origin.crop((32, 0, 64, 64)).tobytes()


@pytest.mark.parametrize(("grey", "shown"), [(127, "blue"), (128, "red")])
def test_mask_with_soft_edges_leaves_no_half_changed_pixels(grey: int, shown: str) -> None:
    result = retouch.masked(plain("blue"), plain("red"), Image.new("L", (10, 10), grey))
    assert result.tobytes() == plain(shown).tobytes()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_blend_has_something_of_every_picture(count: int) -> None:
    # Each picture alone lights one stripe, so that a stripe tells how much of its picture is in the mixture.
    stripes = [plain("black", (50, 10)) for _ in range(count)]
    for number, picture in enumerate(stripes):
        picture.paste((255, 255, 255), (number * 10, 0, number * 10 + 10, 10))
    mixture = np.asarray(retouch.blended(stripes, random.Random(3)).convert("L"), dtype=float)
    shares = [mixture[:, 10 * number : 10 * number + 10].mean() for number in range(count)]
    assert all(255 * 0.4 / count < share < 255 * 0.85 for share in shares)


def test_trace_shows_the_image_and_leaves_the_picture_recognisable() -> None:
    picture, image = plain("black"), plain("white")
    traced = retouch.traced(picture, image, random.Random(3))
    assert 30 < difference(traced, picture) < difference(traced, image)


def test_picture_pulled_harder_is_farther_from_what_it_was() -> None:
    origin = Image.linear_gradient("L").convert("RGB")
    near, far = (retouch.pulled(origin, random.Random(3), strength) for strength in (0.01, 0.08))
    assert 0 < difference(origin, near) < difference(origin, far)


def test_film_moves_and_comes_back_to_where_it_began() -> None:
    origin = Image.radial_gradient("L").convert("RGB")
    frames = retouch.film(origin, (64, 64), 12, random.Random(3), 0.4)
    assert len(frames) == 12
    assert all(difference(one, other) > 0 for one, other in itertools.pairwise(frames))
    assert difference(frames[0], frames[-1]) < difference(frames[0], frames[6])


def test_face_is_swapped_in_the_middle_only() -> None:
    result = retouch.swapped(plain("black", (100, 100)), plain("white", (40, 40)))
    assert result.getpixel((50, 50)) == (255, 255, 255)
    assert {result.getpixel(corner) for corner in ((0, 0), (99, 0), (0, 99), (99, 99))} == {(0, 0, 0)}
