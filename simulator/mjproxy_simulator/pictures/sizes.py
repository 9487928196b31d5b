"""How large the pictures are. Nothing here draws, so that a message can name a size without loading the painter."""

import math
from typing import Final

from mjproxy_simulator.model.messages import View

CELL_SIDE: Final = 512
_GRAIN: Final = 16
_PNG_BYTES_PER_PIXEL: Final = 1.6
_WEBP_BYTES_PER_PIXEL: Final = 0.2


def cell_size(aspect: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of one picture in pixels: the area of a 512² square in another shape."""
    ratio = math.sqrt(aspect[0] / aspect[1])
    return _grained(CELL_SIDE * ratio), _grained(CELL_SIDE / ratio)


def view_size(view: View, aspect: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a view of a job in pixels; a preview is as small as one picture of its grid."""
    width, height = cell_size(aspect)
    return (2 * width, 2 * height) if view is View.GRID else (width, height)


def estimated_bytes(size: tuple[int, int], filename: str) -> int:
    """Return about how many bytes a picture will have once it is drawn."""
    per_pixel = _PNG_BYTES_PER_PIXEL if filename.endswith(".png") else _WEBP_BYTES_PER_PIXEL
    return int(size[0] * size[1] * per_pixel)


def _grained(side: float) -> int:
    return max(_GRAIN, round(side / _GRAIN) * _GRAIN)
