"""The mask of a region: black ground, white where the picture shall be drawn anew, as large as the picture."""

import asyncio
import io
from typing import Final

from PIL import Image

from mjproxy_server.engine.images import CheckedImage, GivenImage, check_one_stored
from mjproxy_server.model.errors import InvalidImage
from mjproxy_server.model.task import Picture
from mjproxy_server.model.vocabulary import Fault

_BLACK: Final = 24
_WHITE: Final = 231
"""Grey levels that still count as black or white: a lossy file does not hold them exactly."""
MOST_GREY: Final = 0.02
"""The share of pixels that may be neither, as the edges of a drawn mask are."""


async def check_mask(field: str, mask: GivenImage, picture: Picture | None) -> CheckedImage:
    """Checks a mask, off the event loop.

    Args:
        field: Where it came in.
        mask: The mask.
        picture: The picture that it is for, or None if its size is not known.

    Raises:
        InvalidImage: It is no image, has another size, other colours, or marks nothing.
    """
    checked = await check_one_stored(field, mask)
    await asyncio.to_thread(_check, field, checked.data, picture)
    return checked


def _check(field: str, data: bytes, picture: Picture | None) -> None:
    with Image.open(io.BytesIO(data)) as mask:
        if picture and picture.width and mask.size != (picture.width, picture.height):
            expected = f"{picture.width} x {picture.height}"
            size = f"{mask.width} x {mask.height}"
            message = f"must be as large as the picture, {expected}, got {size}"
            raise InvalidImage(field, message, Fault.MASK_SIZE, expected=expected, size=size)
        levels = mask.convert("L").histogram()
    total = sum(levels)
    white, grey = sum(levels[_WHITE:]), sum(levels[_BLACK + 1 : _WHITE])
    if grey > total * MOST_GREY:
        message = "must be black, and white where the picture shall be drawn anew; it has other colours"
        raise InvalidImage(field, message, Fault.MASK_COLOURS)
    if not white:
        raise InvalidImage(field, "marks nothing; make the part to be drawn anew white", Fault.MASK_WITHOUT_WHITE)
