import io
import json

import numpy as np
import pytest
from PIL import Image

from mjproxy_simulator.model.jobs import Kind
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.conversion import convert
from mjproxy_simulator.pictures.metadata import metadata, pictures_of
from mjproxy_simulator.pictures.records import Record
from mjproxy_simulator.pictures.rendering import description_of, render
from mjproxy_simulator.pictures.sizes import drawing_size
from tests.simulator.pictures.records_of_jobs import child, imagined

PREVIEW = Drawing("j", View.PREVIEW)
FILM = child(imagined("a cat ☕ 猫"), Kind.ANIMATE)


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


@pytest.mark.parametrize("suffix", ["png", "webp", "jpeg"])
def test_same_record_gives_the_same_file(suffix: str) -> None:
    assert render(imagined(), PREVIEW, suffix) == render(imagined(), PREVIEW, suffix)


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("suffix", ["png", "webp", "jpeg"])
@pytest.mark.parametrize("record", [imagined("a cat ☕ 猫"), FILM], ids=["picture", "film"])
def test_file_says_whose_it_is_and_has_the_size_that_was_told(record: Record, view: View, suffix: str) -> None:
    drawing = Drawing(record.job.id, view, 60)
    image = opened(render(record, drawing, suffix))
    description = description_of(image)
    assert description is not None
    assert description.isascii()
    assert json.loads(description) == metadata(record.job, drawing)
    assert image.size == drawing_size(record.job, drawing)
    assert image.format == suffix.upper()


def test_film_is_truly_animated_and_modest() -> None:
    file = render(FILM, Drawing("j", View.GRID), "webp")
    image = opened(file)
    assert getattr(image, "n_frames", 1) == 12
    first = np.asarray(image.convert("RGB"), dtype=int)
    image.seek(6)
    assert np.abs(np.asarray(image.convert("RGB"), dtype=int) - first).mean() > 1
    assert len(file) < 500_000


def test_preview_becomes_clearer() -> None:
    def sharpness(percent: int) -> float:
        image = opened(render(imagined(), Drawing("j", View.PREVIEW, percent), "png"))
        return float(np.abs(np.diff(np.asarray(image).astype(int), axis=0)).mean())

    assert sharpness(35) < sharpness(60) < sharpness(90)


def test_pictures_of_a_job_are_known_without_drawing() -> None:
    grid, *cells = pictures_of(imagined(aspect=(2, 1)).job)
    assert (grid["view"], grid["width"], grid["height"]) == ("grid", 1440, 736)
    assert [(cell["view"], cell["cell"], cell["width"]) for cell in cells] == [("cell", n, 720) for n in range(1, 5)]
    (single,) = pictures_of(child(imagined(), Kind.UPSCALE, 3).job)
    assert (single["job"], single["parent"], single["index"]) == ("j.upscale", "j", 3)
    assert pictures_of(child(imagined(), Kind.SHORTEN).job) == []


@pytest.mark.parametrize(
    ("bounds", "size"), [((100, None), (100, 100)), ((200, 50), (50, 50)), ((9999, 999), (512, 512))]
)
@pytest.mark.parametrize("suffix", ["png", "webp", "jpeg"])
def test_converted_picture_is_smaller_and_still_says_whose_it_is(
    suffix: str, bounds: tuple[int | None, int | None], size: tuple[int, int]
) -> None:
    file = render(imagined(), Drawing("j", View.CELL), "png")
    converted = convert(file, suffix, bounds, 80)
    assert converted is not None
    image = opened(converted)
    assert (image.size, image.format) == (size, suffix.upper())
    assert description_of(image) == description_of(opened(file))


def test_film_keeps_moving_as_webp_and_stands_still_as_png() -> None:
    film = render(FILM, Drawing("j", View.GRID), "webp")
    assert convert(film, "webp", (100, None), 80) == film
    still = convert(film, "png", (100, None), 80)
    assert still is not None
    assert (opened(still).format, opened(still).size) == ("PNG", (100, 100))


def test_file_that_is_no_picture_is_not_converted() -> None:
    assert convert(b"no picture", "png", (None, None), 80) is None
