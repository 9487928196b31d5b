"""Images are told by their content, and refused by the field that they came in."""

import io

import pytest
from PIL import Image

from mjproxy_server.engine import images
from mjproxy_server.engine.images import CheckedImage, InlineImage, check
from mjproxy_server.model.command import LinkedImage
from mjproxy_server.model.errors import InvalidImage


def picture(format_name: str, size: tuple[int, int] = (8, 8)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, format_name)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("format_name", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
async def test_the_type_is_told_by_the_content(format_name: str, media_type: str) -> None:
    data = picture(format_name)
    assert await check("imagine.images", [InlineImage(data)]) == [CheckedImage(data, media_type)]


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"<svg/>", picture("PNG")[:50], picture("JPEG")[:60], picture("BMP")],
)
async def test_what_is_no_image_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"imagine\.images\[1\]") as refused:
        await check("imagine.images", [InlineImage(picture("PNG")), InlineImage(data)])
    assert refused.value.field == "imagine.images[1]"


async def test_an_image_with_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 63)
    with pytest.raises(InvalidImage, match="at most 63 pixels, got 8 x 8") as refused:
        await check("imagine.images", [InlineImage(picture("PNG"))])
    assert refused.value.details == {"field": "imagine.images[0]", "fault": "TOO_MANY_PIXELS", "most": "63"}


@pytest.mark.parametrize(
    ("data", "fault"), [(b"", "EMPTY"), (picture("BMP"), "IMAGE_TYPE"), (picture("JPEG")[:-100], "IMAGE_BROKEN")]
)
async def test_what_is_wrong_is_told_to_programs(data: bytes, fault: str) -> None:
    with pytest.raises(InvalidImage) as refused:
        await check("imagine.images", [InlineImage(data)])
    assert refused.value.details["fault"] == fault


async def test_too_many_images_are_refused() -> None:
    with pytest.raises(InvalidImage, match="at most 5 images, got 6"):
        await check("imagine.images", [InlineImage(picture("PNG"))] * 6)


@pytest.mark.parametrize("url", ["ftp://host/cat.png", "https://", "cat.png", "https://host/a cat.png", "file:///etc"])
async def test_a_link_that_discord_cannot_fetch_is_refused(url: str) -> None:
    with pytest.raises(InvalidImage):
        await check("imagine.images", [LinkedImage(url)])


async def test_a_link_is_taken_as_it_is() -> None:
    link = LinkedImage("https://host/cat.png?x=1")
    assert await check("imagine.images", [link]) == [link]
