import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mjproxy_simulator.cdn.archive import Archive, upload_path
from mjproxy_simulator.cdn.gallery import Gallery, UnsupportedError
from mjproxy_simulator.cdn.variants import Variant
from mjproxy_simulator.model.messages import Drawing, Upload, View
from mjproxy_simulator.store import Store
from tests.simulator.pictures.records_of_jobs import JOB

DRAWING = Drawing("j", View.PREVIEW)
TEXT = Upload("b1946ac9/note.txt")


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    upload_path(tmp_path, TEXT.upload_name).write_bytes(b"note")
    with Store(tmp_path / "store.sqlite3") as store:
        store.put_job(JOB)
        with Gallery(Archive(store, lambda _: None, tmp_path)) as gallery:
            yield gallery


async def test_picture_is_drawn_once_for_all_who_ask_for_it(gallery: Gallery) -> None:
    first, *others = await asyncio.gather(*(gallery.fetch(DRAWING, "png") for _ in range(5)))
    assert first is not None
    assert all(other is first for other in others)
    assert await gallery.fetch(DRAWING, "png") is first


async def test_picture_is_drawn_to_the_end_when_one_of_two_gives_up(gallery: Gallery) -> None:
    impatient = asyncio.ensure_future(gallery.fetch(DRAWING, "png"))
    patient = asyncio.ensure_future(gallery.fetch(DRAWING, "png"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is not None
    assert impatient.cancelled()


async def test_size_of_a_picture_is_known_once_it_is_drawn(gallery: Gallery) -> None:
    assert gallery.size(DRAWING, "png") is None
    content = await gallery.fetch(DRAWING, "png")
    assert content is not None
    assert gallery.size(DRAWING, "png") == len(content)
    assert gallery.size(DRAWING, "webp") is None


async def test_variant_is_another_form_of_the_same_picture(gallery: Gallery) -> None:
    variant = await gallery.fetch(DRAWING, "png", Variant("webp", width=100))
    assert variant is not None
    image = Image.open(io.BytesIO(variant))
    assert (image.format, image.size) == ("WEBP", (100, 100))


async def test_upload_is_what_was_uploaded(gallery: Gallery) -> None:
    assert gallery.has(TEXT)
    assert gallery.size(TEXT, "txt") == 4
    assert await gallery.fetch(TEXT, "txt") == b"note"


async def test_text_has_no_other_form(gallery: Gallery) -> None:
    with pytest.raises(UnsupportedError):
        await gallery.fetch(TEXT, "txt", Variant("png"))


@pytest.mark.parametrize("source", [Drawing("gone", View.GRID), Upload("gone/cat.png")])
async def test_what_is_gone_cannot_be_had(gallery: Gallery, source: Drawing | Upload) -> None:
    assert not gallery.has(source)
    assert gallery.size(source, "png") is None
    assert await gallery.fetch(source, "png") is None
