"""The pictures and films of jobs, each a function of the job's record.

Pictures are drawn at a scale: 1 is the size in a preview, 2 that in a grid, and 4 and 8 those of the larger upscales. A
scene is painted at scale 1 and enlarged, which costs a quarter and shows the same; painted scenes are remembered, for
previews, grids and upscales show them again and again.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image

from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures import retouch
from mjproxy_simulator.pictures.painter import paint
from mjproxy_simulator.pictures.records import Elsewhere, Record, Shown, Source
from mjproxy_simulator.pictures.retouch import Picture
from mjproxy_simulator.pictures.scene import Scene, chance_of, compose, drift_of, scene_of, vary
from mjproxy_simulator.pictures.sizes import Size, cell_size, enlargement, half, times

SKETCH: Final = 1
GRID: Final = 2

_REMEMBERED_PAINTINGS: Final = 64  # Of about 200 kilobytes each.
_REMEMBERED_FILES: Final = 8  # Of at most three megabytes each.
_LARGEST_SIDE: Final = 1024
_SURROUNDINGS_DRIFT: Final = 0.6
_PULL: Final = 0.12  # How far a variation of an image is pulled about when it drifts as far as it can.
_FRAMES: Final = 12
_MOST_FRAMES: Final = 48
_MOTION: Final = {Variant.LOW: 0.18, Variant.HIGH: 0.45}
_LEAST_NEW: Final = 1 / 3  # How much of a panned picture is new, at least.


def picture(record: Record, drawing: Drawing) -> Picture:
    """Return what a drawing shows: of a film, one frame."""
    record = record.redone()
    match drawing.view:
        case View.PREVIEW if record.job.kind.single or drawing.cell:
            return _preview(record, drawing.cell or 1, drawing.percent)
        case View.PREVIEW:
            return retouch.tiled([_preview(record, cell, drawing.percent) for cell in range(1, 5)])
        case View.GRID:
            scale = SKETCH if record.job.kind.film else GRID
            return retouch.tiled([still(record, cell, scale) for cell in range(1, 5)])
        case View.CELL:
            return still(record, drawing.cell or 1, GRID * enlargement(record.job))


def frames(record: Record, drawing: Drawing) -> list[Picture]:
    """Return the frames of a film, or of four that run at the same time."""
    record = record.redone()
    if drawing.view is View.CELL:
        return _clip(record, drawing.cell or 1, GRID)
    clips = [_clip(record, cell, SKETCH) for cell in range(1, 5)]
    return [retouch.tiled(together) for together in zip(*clips, strict=True)]


def still(record: Record, cell: int, scale: int) -> Picture:
    """Return one picture of a job, or the first frame of one of its films.

    Args:
        record: What the job is made from.
        cell: Which of its pictures, 1 to 4.
        scale: How large: 1 for a preview, 2 for a grid.
    """
    record = record.redone()
    scene = scene_of(record, cell) if scale <= GRID else None
    if scene is not None:
        return _painted(scene, record.job.aspect, scale)
    return _ARTISTS[record.job.kind](record, cell, scale)


def _preview(record: Record, cell: int, percent: int) -> Picture:
    if not record.job.kind.film:
        return still(record, cell, SKETCH)
    clip = _clip(record, cell, SKETCH)
    return clip[percent * (len(clip) - 1) // 100]


def _size(job: Job, scale: int) -> Size:
    return times(half(cell_size(job.aspect)), scale)


def _painted(scene: Scene, aspect: tuple[int, int], scale: int) -> Picture:
    sketch = _sketch(scene, half(cell_size(aspect)))
    return sketch if scale == SKETCH else sketch.resize(times(sketch.size, scale), Image.Resampling.BICUBIC)


@lru_cache(_REMEMBERED_PAINTINGS)
def _sketch(scene: Scene, size: Size) -> Picture:
    return Image.fromarray(paint(scene, *size))


def _origin(record: Record, scale: int) -> Picture:
    """Return the picture that a job builds on, at its own shape; a job without one begins with its images."""
    if record.parent is not None:
        return still(record.parent, record.job.index or 1, scale)
    return _given(record, scale)[0] if record.images else _new(record, 1, scale)


def _given(record: Record, scale: int) -> list[Picture]:
    """Return the images that were given to a job, in the shape of its pictures."""
    size = _size(record.job, scale)
    return [retouch.fitted(_opened(source, size), size) for source in record.images]


def _opened(source: Source, size: Size) -> Picture:
    match source:
        case Shown(record=record, drawing=drawing):
            return picture(record, drawing)
        case Elsewhere(url=url):
            return _painted(compose(url, 0, 1), size, GRID)
        case Path():
            return _read(source) or Image.new("RGB", size, "gray")


@lru_cache(_REMEMBERED_FILES)
def _read(path: Path) -> Picture | None:
    """Return the picture in a file, made smaller if it is larger than needed; None if there is none."""
    try:
        with Image.open(path) as image:
            image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.BOX)
            # By way of RGBA, for black is what transparency stands for, in masks above all.
            canvas = Image.new("RGBA", image.size, "black")
            return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _new(record: Record, cell: int, scale: int) -> Picture:
    """Return a new picture for the prompt of a job."""
    return _painted(compose(record.job.prompt, record.job.seed, cell), record.job.aspect, scale)


def _imagined(record: Record, cell: int, scale: int) -> Picture:
    result, chance = _new(record, cell, scale), chance_of(record.job, cell)
    for image in _given(record, scale):
        result = retouch.traced(result, image, chance)
    return result


def _blended(record: Record, cell: int, scale: int) -> Picture:
    images = _given(record, scale)
    return retouch.blended(images, chance_of(record.job, cell)) if images else _new(record, cell, scale)


def _upscaled(record: Record, cell: int, scale: int) -> Picture:  # noqa: ARG001 -- it has only one
    size = _size(record.job, scale)
    if scale <= GRID:
        return retouch.fitted(_origin(record, scale), size)
    return retouch.enlarged(_origin(record, GRID), size, creative=record.job.variant is Variant.CREATIVE)


def _varied(record: Record, cell: int, scale: int) -> Picture:
    origin = retouch.fitted(_origin(record, scale), _size(record.job, scale))
    chance = chance_of(record.job, cell)
    if record.job.remix:
        origin = retouch.traced(_new(record, cell, scale), origin, chance)
    return retouch.pulled(origin, chance, _PULL * drift_of(record.job))


def _zoomed(record: Record, cell: int, scale: int) -> Picture:
    origin, canvas = _origin(record, scale), _size(record.job, scale)
    factor = record.job.zoom or (2.0 if record.job.kind is Kind.ZOOM else 1.0)
    fit = min(canvas[0] / origin.width, canvas[1] / origin.height) / factor
    inner = _resized(origin, (round(origin.width * fit), round(origin.height * fit)))
    corner = (canvas[0] - inner.width) // 2, (canvas[1] - inner.height) // 2
    return retouch.surrounded(inner, _surroundings(record, cell, scale), corner)


def _panned(record: Record, cell: int, scale: int) -> Picture:
    origin, canvas = _origin(record, scale), _size(record.job, scale)
    side = record.job.variant or Variant.LEFT
    axis = 1 if side in {Variant.UP, Variant.DOWN} else 0
    breadth = canvas[1 - axis]
    length = round(origin.size[axis] * breadth / origin.size[1 - axis])
    kept = min(length, round(canvas[axis] * (1 - _LEAST_NEW)))
    new_first = side in {Variant.LEFT, Variant.UP}
    cut, place = (0, canvas[axis] - kept) if new_first else (length - kept, 0)
    whole = _resized(origin, _point(axis, length, breadth))
    part = whole.crop((*_point(axis, cut, 0), *_point(axis, cut + kept, breadth)))
    return retouch.surrounded(part, _surroundings(record, cell, scale), _point(axis, place, 0))


def _point(axis: int, along: int, across: int) -> tuple[int, int]:
    """Return x and y of a point, given along an axis (0 for x, 1 for y) and across it."""
    return (along, across) if axis == 0 else (across, along)


def _resized(image: Picture, size: Size) -> Picture:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _surroundings(record: Record, cell: int, scale: int) -> Picture:
    """Return what is seen around a picture: a relative of its scene, if it has one."""
    origin = None if record.parent is None else scene_of(record.parent, record.job.index or 1)
    if origin is None:
        return _new(record, cell, scale)
    return _painted(vary(origin, chance_of(record.job, cell), _SURROUNDINGS_DRIFT), record.job.aspect, scale)


def _in_region(record: Record, cell: int, scale: int) -> Picture:
    origin = retouch.fitted(_origin(record, scale), _size(record.job, scale))
    mask = None if record.mask is None else _read(record.mask)
    return origin if mask is None else retouch.masked(origin, _new(record, cell, scale), mask.convert("L"))


def _swapped(record: Record, cell: int, scale: int) -> Picture:
    images = _given(record, scale)
    return retouch.swapped(images[1], images[0]) if len(images) > 1 else _imagined(record, cell, scale)


def _filmed(record: Record, cell: int, scale: int) -> Picture:  # noqa: ARG001 -- all four films begin alike
    return retouch.fitted(_origin(record, scale), _size(record.job, scale))


def _clip(record: Record, cell: int, scale: int) -> list[Picture]:
    """Return the frames of one film; an extended one begins with what it extends."""
    job = record.job
    parent = None if record.parent is None else record.parent.redone()
    before = _clip(parent, job.index or 1, scale) if parent is not None and parent.job.kind.film else []
    if job.kind is Kind.VIDEO_UPSCALE and before:
        return before
    motion = _MOTION.get(job.variant or Variant.LOW, _MOTION[Variant.LOW])
    scenes = retouch.film(_filmed(record, cell, scale), _size(job, scale), _FRAMES, chance_of(job, cell), motion)
    return [*before, *scenes][-_MOST_FRAMES:]


_ARTISTS: Final[Mapping[Kind, Callable[[Record, int, int], Picture]]] = {
    Kind.IMAGINE: _imagined,
    Kind.REROLL: _imagined,
    Kind.BLEND: _blended,
    Kind.UPSCALE: _upscaled,
    Kind.UPSCALE_HD: _upscaled,
    Kind.VARIATION: _varied,
    Kind.ZOOM: _zoomed,
    Kind.SQUARE: _zoomed,
    Kind.PAN: _panned,
    Kind.REGION: _in_region,
    Kind.REMASTER: _varied,
    Kind.ANIMATE: _filmed,
    Kind.EXTEND: _filmed,
    Kind.VIDEO_UPSCALE: _filmed,
    Kind.DESCRIBE: _imagined,
    Kind.SHORTEN: _imagined,
    Kind.FACE_SWAP: _swapped,
}
