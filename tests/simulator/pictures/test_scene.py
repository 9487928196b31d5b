import itertools

import pytest

from mjproxy_simulator.model.jobs import Kind, Variant
from mjproxy_simulator.pictures.records import Elsewhere, Record
from mjproxy_simulator.pictures.scene import Scene, scene_of
from tests.simulator.pictures.records_of_jobs import child, imagined


def scene(record: Record, cell: int) -> Scene:
    found = scene_of(record, cell)
    assert found is not None
    return found


@pytest.mark.parametrize("variant", [None, Variant.SUBTLE, Variant.STRONG])
def test_variation_keeps_motif_and_colours(variant: Variant | None) -> None:
    origin = scene(imagined(), 2)
    for cell in range(1, 5):
        relative = scene(child(imagined(), Kind.VARIATION, 2, variant=variant), cell)
        assert relative.motif == origin.motif
        assert abs((relative.hue - origin.hue + 0.5) % 1 - 0.5) <= 0.05
        assert relative != origin


def test_remix_shows_the_motif_of_its_own_prompt() -> None:
    prompts = [f"thing {number}" for number in range(20)]
    remixes = [scene(child(imagined(), Kind.VARIATION, 2, remix=prompt), 1) for prompt in prompts]
    assert [each.motif for each in remixes] == [scene(imagined(prompt), 1).motif for prompt in prompts]
    assert len({each.motif for each in remixes}) == 3
    assert len({each.horizon for each in remixes}) == 1


def test_parameters_do_not_change_the_motif() -> None:
    pairs = [(f"thing {number}", f"thing {number} --ar 3:2") for number in range(20)]
    assert all(scene(imagined(one), 1).motif == scene(imagined(other), 1).motif for one, other in pairs)


def test_links_in_a_prompt_do_not_change_the_scene() -> None:
    assert scene(imagined("<https://s.mj.run/abc> a cat --v 7.0"), 1) == scene(imagined("a cat --v 7.0"), 1)


def test_reroll_is_a_new_composition_of_the_same_prompt() -> None:
    reroll = scene(child(imagined(), Kind.REROLL, 0, seed=8), 1)
    assert reroll == scene(imagined(seed=8), 1)


def test_reroll_of_a_variation_varies_the_same_picture_anew() -> None:
    variation = child(imagined(), Kind.VARIATION, 3)
    reroll = child(variation, Kind.REROLL, 0, seed=100)
    assert scene(reroll, 2) == scene(child(imagined(), Kind.VARIATION, 3, seed=100), 2)
    again = child(reroll, Kind.REROLL, 0, seed=101)
    assert scene(again, 2) == scene(child(imagined(), Kind.VARIATION, 3, seed=101), 2)


def test_reroll_may_have_a_shape_and_images_of_its_own() -> None:
    given, own = (Elsewhere(f"https://example.com/{name}.png") for name in ("given", "own"))
    grid = Record(child(imagined(), Kind.BLEND).job, images=(given,))
    reroll = child(grid, Kind.REROLL, 0, aspect=(2, 1))
    assert reroll.redone().job.aspect == (2, 1)
    assert reroll.redone().images == (given,)
    assert Record(reroll.job, grid, images=(own,)).redone().images == (own,)


def test_long_chain_of_variations_can_be_drawn() -> None:
    chain = itertools.accumulate(range(400), lambda record, _: child(record, Kind.VARIATION, 1), initial=imagined())
    *_, last = chain
    assert scene(last, 1).motif == scene(imagined(), 1).motif


@pytest.mark.parametrize(
    "record",
    [
        child(imagined(), Kind.ZOOM, 1, zoom=2.0),
        child(child(imagined(), Kind.PAN, 1), Kind.VARIATION, 1),
        Record(imagined().job, images=(Elsewhere("https://example.com/a.png"),)),
    ],
)
def test_picture_that_more_has_gone_into_has_no_scene(record: Record) -> None:
    assert scene_of(record, 1) is None
