"""How large the pictures are. Nothing here draws, so that a message can name a size without loading the painter."""

import math
from typing import Final

from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.messages import Drawing, View

CELL_SIDE: Final = 512
_GRAIN: Final = 16
_BYTES_PER_PIXEL: Final = {"png": 0.6, "webp": 0.035, "jpeg": 0.08}

Size = tuple[int, int]


def cell_size(aspect: tuple[int, int]) -> Size:
    """Return width and height of one picture in pixels: the area of a 512² square in another shape."""
    ratio = math.sqrt(aspect[0] / aspect[1])
    return _grained(CELL_SIDE * ratio), _grained(CELL_SIDE / ratio)


def half(size: Size) -> Size:
    """Return a size of half the width and height, which is that of a picture in a preview or of a film among four."""
    return size[0] // 2, size[1] // 2


def times(size: Size, factor: int) -> Size:
    """Return a size of so many times the width and height."""
    return size[0] * factor, size[1] * factor


def drawing_size(job: Job, drawing: Drawing) -> Size:
    """Return width and height of a drawing in pixels."""
    cell = cell_size(job.aspect)
    match drawing.view:
        case View.PREVIEW:
            return half(cell) if job.kind.single or drawing.cell else cell
        case View.GRID:
            return cell if job.kind.film else times(cell, 2)
        case View.CELL:
            return times(cell, enlargement(job))


def enlargement(job: Job) -> int:
    """Return how many times wider and higher than a picture of a grid the only picture of a job is."""
    if job.kind is not Kind.UPSCALE_HD:
        return 1
    return 4 if job.variant is Variant.FOURFOLD else 2


def estimated_bytes(size: Size, filename: str) -> int:
    """Return about how many bytes a picture will have once it is drawn."""
    return int(size[0] * size[1] * _BYTES_PER_PIXEL.get(filename.rpartition(".")[2], 1.0))


def _grained(side: float) -> int:
    return max(_GRAIN, round(side / _GRAIN) * _GRAIN)
