import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Drawing, Invocation, View
from mjproxy_simulator.pictures.painter import paint
from mjproxy_simulator.pictures.rendering import Pixels, pixels, render
from mjproxy_simulator.pictures.scene import Motif, scene_of
from mjproxy_simulator.pictures.sizes import cell_size, view_size

JOB = Job(
    id="j",
    number=1,
    kind=Kind.IMAGINE,
    application_id=1,
    channel_id=2,
    profile=Profile.OF_2026,
    prompt="a cat --v 7.0",
    mode="fast",
    seed=7,
    aspect=(1, 1),
    invocation=Invocation(3, 2, 4, "imagine"),
    created_ms=0,
)


def cells(grid: Pixels) -> list[Pixels]:
    upper, lower = np.vsplit(grid, 2)
    return [*np.hsplit(upper, 2), *np.hsplit(lower, 2)]


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def child(parent: Job, kind: Kind, index: int, seed: int = 99) -> tuple[Job, Job]:
    return replace(parent, id="k", kind=kind, parent=parent.id, index=index, seed=seed), parent


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_same_prompt_and_seed_give_the_same_file(suffix: str) -> None:
    drawing = Drawing("j", View.PREVIEW)
    other = replace(JOB, number=9, channel_id=9, created_ms=9)
    assert render((JOB,), drawing, suffix) == render((other,), drawing, suffix)


@pytest.mark.parametrize("other", [replace(JOB, seed=8), replace(JOB, prompt="a dog --v 7.0")])
def test_another_seed_or_prompt_gives_another_picture(other: Job) -> None:
    assert difference(pixels((JOB,), View.PREVIEW), pixels((other,), View.PREVIEW)) > 5


def test_cells_of_a_grid_differ_visibly() -> None:
    drawn = cells(pixels((JOB,), View.PREVIEW))
    assert all(difference(drawn[a], drawn[b]) > 10 for a in range(4) for b in range(a))


@pytest.mark.parametrize("aspect", [(1, 1), (3, 2), (9, 16)])
def test_upscale_is_the_very_cell(aspect: tuple[int, int]) -> None:
    job = replace(JOB, aspect=aspect)
    for index, cell in enumerate(cells(pixels((job,), View.GRID)), 1):
        assert np.array_equal(pixels(child(job, Kind.UPSCALE, index), View.CELL), cell)


def test_upscale_of_a_variation_is_the_very_cell_of_it() -> None:
    lineage = child(JOB, Kind.VARIATION, 2)
    upscale = replace(lineage[0], id="l", kind=Kind.UPSCALE, parent="k", index=3)
    assert np.array_equal(pixels((upscale, *lineage), View.CELL), cells(pixels(lineage, View.GRID))[2])


def test_variations_are_nearer_to_their_origin_than_its_neighbours_are() -> None:
    origin, *_ = drawn = cells(pixels((JOB,), View.PREVIEW))
    for relative in cells(pixels(child(JOB, Kind.VARIATION, 1), View.PREVIEW)):
        assert 0.5 < difference(origin, relative) < min(difference(origin, other) for other in drawn[1:])


def test_variation_keeps_motif_and_colours() -> None:
    origin = scene_of((JOB,), 2)
    for cell in range(1, 5):
        relative = scene_of(child(JOB, Kind.VARIATION, 2), cell)
        assert relative.motif == origin.motif
        assert abs((relative.hue - origin.hue + 0.5) % 1 - 0.5) <= 0.03
        assert relative != origin


def test_variation_has_shapes_of_its_own() -> None:
    origin, relative = scene_of((JOB,), 2), scene_of(child(JOB, Kind.VARIATION, 2), 1)
    reshaped = replace(origin, textures=relative.textures)
    assert difference(paint(origin, 128, 128), paint(reshaped, 128, 128)) > 1


def test_reroll_is_a_new_composition_of_the_same_prompt() -> None:
    reroll = scene_of(child(JOB, Kind.REROLL, 0, seed=8), 1)
    assert reroll == scene_of((replace(JOB, seed=8),), 1)
    assert reroll.motif == scene_of((JOB,), 1).motif


@pytest.mark.parametrize("motif", Motif)
def test_small_picture_shows_the_same_as_a_large_one(motif: Motif) -> None:
    scene = replace(scene_of((JOB,), 1), motif=motif, light=0.9)
    large, small = Image.fromarray(paint(scene, 256, 256)), Image.fromarray(paint(scene, 64, 64))
    assert difference(np.asarray(large.resize((64, 64), Image.Resampling.BOX)), np.asarray(small)) < 8


def test_preview_becomes_clearer() -> None:
    def sharpness(percent: int) -> float:
        image = Image.open(io.BytesIO(render((JOB,), Drawing("j", View.PREVIEW, percent), "png")))
        return float(np.abs(np.diff(np.asarray(image).astype(int), axis=0)).mean())

    assert sharpness(35) < sharpness(60) < sharpness(90)


@settings(max_examples=300)
@given(st.integers(1, 100), st.integers(1, 100))
def test_picture_has_the_shape_and_about_the_area_that_is_wanted(width: int, height: int) -> None:
    if max(width, height) > 14 * min(width, height):
        width = height
    size = cell_size((width, height))
    assert size[0] / size[1] == pytest.approx(width / height, rel=0.07)
    assert size[0] * size[1] == pytest.approx(512 * 512, rel=0.07)
    assert view_size(View.GRID, (width, height)) == (2 * size[0], 2 * size[1])
    assert all(side % 16 == 0 for side in size)
