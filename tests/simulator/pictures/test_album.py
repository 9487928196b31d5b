"""What every kind of job shows. Pictures are drawn at the scale of a preview where that is enough."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from mjproxy_simulator.model.jobs import Kind, Variant
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.album import GRID, SKETCH, frames, picture, still
from mjproxy_simulator.pictures.records import Elsewhere, Record, Shown
from tests.simulator.pictures.records_of_jobs import child, difference, imagined, quarters

GRID_VIEW, CELL_VIEW = Drawing("j", View.GRID), Drawing("j", View.CELL)
SOLO = child(imagined(), Kind.UPSCALE, 2)


def cells(record: Record) -> list[Image.Image]:
    return [still(record, cell, SKETCH) for cell in range(1, 5)]


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def all_differ(pictures: list[Image.Image]) -> bool:
    return all(difference(one, other) > 0.5 for one, other in itertools.combinations(pictures, 2))


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    path = tmp_path / "blue.png"
    Image.new("RGB", (300, 200), "blue").save(path)
    return path


def blueness(picture: Image.Image) -> float:
    red, green, blue = np.asarray(picture, dtype=float).mean(axis=(0, 1))
    return float(blue - (red + green) / 2)


@pytest.mark.parametrize("other", [imagined(seed=8), imagined("a dog --v 7.0")])
def test_another_seed_or_prompt_gives_another_picture(other: Record) -> None:
    assert all(difference(one, two) > 5 for one, two in zip(cells(imagined()), cells(other), strict=True))


def test_cells_of_a_grid_differ_visibly() -> None:
    assert all(difference(one, other) > 10 for one, other in itertools.combinations(cells(imagined()), 2))


@pytest.mark.parametrize("aspect", [(1, 1), (3, 2), (9, 16)])
@pytest.mark.parametrize("kind", [Kind.IMAGINE, Kind.VARIATION, Kind.ZOOM, Kind.PAN])
def test_upscale_is_the_very_cell(aspect: tuple[int, int], kind: Kind) -> None:
    grid = imagined(aspect=aspect) if kind is Kind.IMAGINE else child(imagined(aspect=aspect), kind, 3)
    for index, cell in enumerate(quarters(picture(grid, GRID_VIEW)), 1):
        assert same(picture(child(grid, Kind.UPSCALE, index), CELL_VIEW), cell)


@pytest.mark.parametrize("parent", [imagined(), child(SOLO, Kind.ZOOM)], ids=["of a scene", "of a zoom"])
def test_variations_are_relatives_and_strong_ones_are_farther_away(parent: Record) -> None:
    origin, *neighbours = cells(parent)
    subtle, strong = (cells(child(parent, Kind.VARIATION, variant=each)) for each in (Variant.SUBTLE, Variant.STRONG))
    assert all_differ([origin, *subtle, *strong])
    near, far = ([difference(origin, each) for each in several] for several in (subtle, strong))
    assert np.mean(far) > 1.5 * np.mean(near)
    if parent.job.kind is Kind.IMAGINE:
        assert max(near) < min(difference(origin, each) for each in neighbours)


def test_reroll_draws_four_new_pictures() -> None:
    assert all_differ([*cells(imagined()), *cells(child(imagined(), Kind.REROLL, 0))])


@pytest.mark.parametrize("factor", [1.5, 2.0, 1.25])
def test_zoom_shows_the_old_picture_smaller_in_new_surroundings(factor: float) -> None:
    origin, zoomed = still(SOLO, 1, GRID), [still(child(SOLO, Kind.ZOOM, zoom=factor), each, GRID) for each in (1, 2)]
    side = round(512 / factor)
    left = (512 - side) // 2
    box = (left, left, left + side, left + side)
    assert all(same(each.crop(box), origin.resize((side, side), Image.Resampling.LANCZOS)) for each in zoomed)
    assert difference(*zoomed) > 0.5
    assert difference(zoomed[0], origin) > 5


def test_square_shows_all_of_a_wide_picture() -> None:
    wide = child(imagined(aspect=(2, 1)), Kind.UPSCALE, 1)
    square = still(child(wide, Kind.SQUARE, aspect=(1, 1)), 1, GRID)
    origin = still(wide, 1, GRID)
    height = round(origin.height * 512 / origin.width)
    top = (512 - height) // 2
    assert square.size == (512, 512)
    assert same(square.crop((0, top, 512, top + height)), origin.resize((512, height), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("aspect", [None, (3, 2)], ids=["same shape", "wider"])
@pytest.mark.parametrize("side", [Variant.LEFT, Variant.RIGHT, Variant.UP, Variant.DOWN])
def test_pan_moves_the_old_picture_away_from_what_is_new(side: Variant, aspect: tuple[int, int] | None) -> None:
    if aspect and side in {Variant.UP, Variant.DOWN}:
        aspect = aspect[::-1]
    panned = [still(child(SOLO, Kind.PAN, variant=side, aspect=aspect), each, SKETCH) for each in (1, 2)]
    width, height = panned[0].size
    # What the four alternatives have in common is the old picture, and it covers all but the new side.
    changed = np.argwhere(np.any(np.asarray(panned[0]) != np.asarray(panned[1]), axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    new = {
        Variant.LEFT: left == 0 and right < width * 0.4,
        Variant.RIGHT: left > width * 0.6 and right == width - 1,
        Variant.UP: top == 0 and bottom < height * 0.4,
        Variant.DOWN: top > height * 0.6 and bottom == height - 1,
    }
    assert new[side]


def test_region_changes_what_the_mask_has_white_and_nothing_else(tmp_path: Path) -> None:
    mask = Image.new("RGB", (1024, 1024), "black")
    ImageDraw.Draw(mask).rectangle((512, 0, 1023, 1023), fill="white")
    mask.save(tmp_path / "mask.webp", lossless=True)
    record = child(SOLO, Kind.REGION, remix="a red hat", mask=tmp_path / "mask.webp")
    origin, changed = still(SOLO, 1, GRID), [still(record, cell, GRID) for cell in (1, 2)]
    left, right = (0, 0, 256, 512), (256, 0, 512, 512)
    assert all(same(each.crop(left), origin.crop(left)) for each in changed)
    assert all_differ([origin.crop(right), *(each.crop(right) for each in changed)])


@pytest.mark.parametrize("side", [300, 2048])
def test_mask_of_another_size_marks_the_same_part(tmp_path: Path, side: int) -> None:
    mask = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(mask).rectangle((side // 2, 0, side, side), fill="white")
    mask.save(tmp_path / "mask.png")
    changed = still(child(SOLO, Kind.REGION, remix="a red hat", mask=tmp_path / "mask.png"), 1, GRID)
    difference_of_both = ImageChops.difference(changed, still(SOLO, 1, GRID)).getbbox()
    assert difference_of_both is not None
    assert difference_of_both[0] == 256


def test_region_leaves_everything_when_its_mask_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "mask").write_bytes(b"no picture")
    assert same(still(child(SOLO, Kind.REGION, mask=tmp_path / "mask"), 1, GRID), still(SOLO, 1, GRID))


def test_blend_mixes_its_images(blue: Path) -> None:
    shown = Shown(imagined("another"), Drawing("o", View.CELL, cell=2))
    blend = cells(Record(child(imagined(), Kind.BLEND).job, images=(blue, shown)))
    assert all_differ(blend)
    for each in blend:
        assert blueness(picture(shown.record, shown.drawing)) < blueness(each) < 255


def test_image_in_a_prompt_leaves_a_trace(blue: Path) -> None:
    plain, traced = imagined(), Record(imagined().job, images=(blue,))
    for one, other in zip(cells(plain), cells(traced), strict=True):
        assert blueness(other) > blueness(one) + 20
    assert all_differ(cells(traced))


def test_image_of_another_host_is_always_the_same_one() -> None:
    one, again, other = (
        cells(Record(imagined().job, images=(Elsewhere(f"https://example.com/{name}.png"),)))[0] for name in "aab"
    )
    assert same(one, again)
    assert difference(one, other) > 1


def test_file_that_is_no_picture_counts_as_a_grey_one(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no picture")
    assert still(Record(imagined().job, images=(tmp_path / "text",)), 1, SKETCH).size == (256, 256)


@pytest.mark.parametrize("solo", [SOLO, child(child(SOLO, Kind.PAN), Kind.UPSCALE, 2)], ids=["scene", "composed"])
def test_hd_upscales_are_twice_as_large_and_differ(solo: Record) -> None:
    origin = still(solo, 1, GRID)
    subtle, creative = (
        picture(child(solo, Kind.UPSCALE_HD, variant=variant), CELL_VIEW)
        for variant in (Variant.SUBTLE, Variant.CREATIVE)
    )
    assert subtle.size == creative.size == (2 * origin.width, 2 * origin.height)
    small = subtle.resize(origin.size, Image.Resampling.BOX)
    assert difference(small, origin) < 2
    assert difference(subtle, creative) > 0.3


def test_what_builds_on_an_hd_upscale_has_the_usual_size() -> None:
    hd = child(SOLO, Kind.UPSCALE_HD, variant=Variant.SUBTLE)
    assert picture(child(hd, Kind.UPSCALE_HD, variant=Variant.CREATIVE), CELL_VIEW).size == (1024, 1024)
    assert still(child(hd, Kind.VARIATION), 1, GRID).size == (512, 512)


def test_four_films_begin_alike_and_part() -> None:
    film = frames(child(SOLO, Kind.ANIMATE, variant=Variant.HIGH), GRID_VIEW)
    first, middle = quarters(film[0]), quarters(film[len(film) // 2])
    assert all(same(first[0], each) for each in first)
    assert all_differ(middle)


def test_high_motion_moves_more_than_low_motion() -> None:
    def movement(variant: Variant) -> float:
        film = frames(child(SOLO, Kind.ANIMATE, variant=variant), GRID_VIEW)
        return difference(film[0], film[len(film) // 2])

    assert movement(Variant.HIGH) > 1.3 * movement(Variant.LOW) > 1


def test_video_upscale_is_the_chosen_film_in_large() -> None:
    films = child(SOLO, Kind.ANIMATE, variant=Variant.HIGH)
    large = frames(child(films, Kind.VIDEO_UPSCALE, 3), CELL_VIEW)
    small = [quarters(frame) for frame in frames(films, GRID_VIEW)]
    assert large[0].size == (512, 512)
    assert len(large) == len(small)
    likeness = [difference(large[6].resize((256, 256), Image.Resampling.BOX), small[6][each]) for each in range(4)]
    assert likeness.index(min(likeness)) == 2


def test_extended_film_begins_with_what_it_extends() -> None:
    clip = child(child(SOLO, Kind.ANIMATE, variant=Variant.LOW), Kind.VIDEO_UPSCALE, 2)
    extended = frames(child(clip, Kind.EXTEND, variant=Variant.HIGH), GRID_VIEW)
    assert len(extended) == 24
    assert difference(extended[-6], extended[6]) > 1


def test_extensions_come_to_an_end() -> None:
    clip = child(child(SOLO, Kind.ANIMATE), Kind.VIDEO_UPSCALE, 2)
    for _ in range(4):
        clip = child(child(clip, Kind.EXTEND), Kind.VIDEO_UPSCALE, 1)
    assert len(frames(clip, CELL_VIEW)) == 48


def test_face_is_put_into_the_picture(blue: Path) -> None:
    target = Shown(imagined("another"), Drawing("o", View.CELL, cell=2))
    swapped = picture(Record(child(imagined(), Kind.FACE_SWAP).job, images=(blue, target)), CELL_VIEW)
    assert swapped.getpixel((256, 256)) == (0, 0, 255)
    assert same(swapped.crop((0, 0, 512, 100)), picture(target.record, target.drawing).crop((0, 0, 512, 100)))


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.words])
def test_every_kind_can_be_drawn_without_what_it_builds_on(kind: Kind) -> None:
    """A reset forgets jobs, and a stranger's jobs have none."""
    assert still(Record(child(imagined(), kind).job), 1, SKETCH).size == (256, 256)
