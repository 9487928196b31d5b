"""Images that callers send: told by their content, and checked before anything is stored."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from mjproxy_server.model.command import LinkedImage
from mjproxy_server.model.errors import InvalidImage
from mjproxy_server.model.vocabulary import Fault

MOST_IMAGES: Final = 5
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_PIXELS: Final = 64_000_000
LONGEST_URL: Final = 2000
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class InlineImage:
    """An image that came with the request."""

    data: bytes


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """An image that is one. `media_type` is told by the content, for instance "image/png"."""

    data: bytes
    media_type: str


GivenImage = InlineImage | LinkedImage


async def check(
    field: str, given: Sequence[GivenImage], *, most: int = MOST_IMAGES
) -> list[CheckedImage | LinkedImage]:
    """Checks the images that came in a repeated field; the decoding is done off the event loop.

    Raises:
        InvalidImage: There are too many, one is none, or one is too large; the error names which.
    """
    if len(given) > most:
        raise InvalidImage(field, f"at most {most} images, got {len(given)}", Fault.TOO_MANY, most=most)
    return [await check_one(f"{field}[{number}]", image) for number, image in enumerate(given)]


async def check_stored(field: str, given: Sequence[GivenImage], *, most: int = MOST_IMAGES) -> list[CheckedImage]:
    """Checks the images of a repeated field that Discord takes as files only.

    Raises:
        InvalidImage: There are too many, or one is none, too large, or a link.
    """
    images = await check(field, given, most=most)
    return [_stored(f"{field}[{number}]", image) for number, image in enumerate(images)]


async def check_one(field: str, image: GivenImage) -> CheckedImage | LinkedImage:
    """Checks the image of a field.

    Raises:
        InvalidImage: It is none, or too large.
    """
    return await asyncio.to_thread(_checked, field, image)


async def check_one_stored(field: str, image: GivenImage) -> CheckedImage:
    """Checks the image of a field, which Discord takes as a file only.

    Raises:
        InvalidImage: It is none, too large, or a link.
    """
    return _stored(field, await check_one(field, image))


def _stored(field: str, image: CheckedImage | LinkedImage) -> CheckedImage:
    if isinstance(image, LinkedImage):
        message = "send the bytes of the image; a link cannot be used here"
        raise InvalidImage(field, message, Fault.LINK_UNUSABLE)
    return image


def _checked(field: str, image: GivenImage) -> CheckedImage | LinkedImage:
    if isinstance(image, LinkedImage):
        return _checked_link(field, image)
    if not image.data:
        raise InvalidImage(field, "empty; send the bytes of a PNG, JPEG, WebP or GIF", Fault.EMPTY)
    if len(image.data) > MOST_BYTES:
        message = f"at most {MOST_BYTES} bytes, got {len(image.data)}"
        raise InvalidImage(field, message, Fault.TOO_MANY_BYTES, most=MOST_BYTES)
    return CheckedImage(image.data, _media_type(field, image.data))


def _checked_link(field: str, image: LinkedImage) -> LinkedImage:
    parts = urlsplit(image.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(image.url) > LONGEST_URL:
        raise InvalidImage(field, f"expected a http or https URL of at most {LONGEST_URL} characters", Fault.NO_LINK)
    if any(character.isspace() for character in image.url):
        raise InvalidImage(field, "a URL holds no white space; percent-encode it", Fault.NO_LINK)
    return image


def _media_type(field: str, data: bytes) -> str:
    """Reads the header for type and size, then decodes, so that a file cut short is refused as well."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _too_many_pixels(field, f"{picture.width} x {picture.height}")
            picture.load()
            return str(picture.get_format_mimetype())
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(field, "far more") from error
    except UnidentifiedImageError as error:
        raise InvalidImage(field, "not a PNG, JPEG, WebP or GIF; send the bytes of one", Fault.IMAGE_TYPE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidImage(field, "broken or cut short; send the whole file", Fault.IMAGE_BROKEN) from error


def _too_many_pixels(field: str, size: str) -> InvalidImage:
    message = f"at most {MOST_PIXELS} pixels, got {size}; send a smaller one"
    return InvalidImage(field, message, Fault.TOO_MANY_PIXELS, most=MOST_PIXELS)
