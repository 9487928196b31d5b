"""What is done to pictures once they are painted: enlarging, framing, mixing, masking and moving.

Every function takes pictures in RGB and gives a new one; where chance is wanted, it is handed in.
"""

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from mjproxy_simulator.pictures.sizes import Size

Picture = Image.Image
Corner = tuple[int, int]

_FADE: Final = 0.2  # How far a picture's mirrored edge reaches into its surroundings, as a share of its smaller side.
_TRACE: Final = 110  # How strongly an image in a prompt shows where it shows most, of 255.
_PATCHES: Final = 5  # How many bright and dark patches a cloud has along one side.
_MESH: Final = 6  # How many tiles a picture is cut into along one side before they are pulled about.


def fitted(picture: Picture, size: Size) -> Picture:
    """Return a picture in another size; what is too much of it on two sides is cut off."""
    return picture if picture.size == size else ImageOps.fit(picture, size, Image.Resampling.BICUBIC)


def enlarged(picture: Picture, size: Size, *, creative: bool) -> Picture:
    """Return a larger picture of the same, with more of its finest detail if it may be creative."""
    larger = picture.resize(size, Image.Resampling.LANCZOS)
    return larger.filter(ImageFilter.UnsharpMask(radius=4, percent=160, threshold=2)) if creative else larger


def surrounded(picture: Picture, surroundings: Picture, corner: Corner) -> Picture:
    """Return a picture laid into larger surroundings, into which its mirrored edges fade.

    The picture itself stays as it is, pixel by pixel.

    Args:
        picture: At most as large as its surroundings.
        surroundings: What is seen far from it.
        corner: Where its upper left corner comes to lie.
    """
    (left, top), (width, height) = corner, surroundings.size
    right, bottom = width - picture.width - left, height - picture.height - top
    mirrored = np.pad(np.asarray(picture), ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    return Image.composite(Image.fromarray(mirrored), surroundings, _halo(picture.size, surroundings.size, corner))


def masked(picture: Picture, replacement: Picture, mask: Picture) -> Picture:
    """Return a picture that is replaced where a mask is bright, and untouched pixel by pixel elsewhere."""
    bright = mask.resize(picture.size, Image.Resampling.NEAREST).point(lambda value: 255 if value >= 128 else 0)
    return Image.composite(replacement, picture, bright)


def blended(pictures: Sequence[Picture], chance: random.Random) -> Picture:
    """Return a mixture of pictures of one size, in which each shows more in some places and less in others."""
    mixture = pictures[0]
    for number, picture in enumerate(pictures[1:], 2):
        mixture = Image.composite(picture, mixture, _cloud(picture.size, chance, middle=255 // number))
    return mixture


def traced(picture: Picture, image: Picture, chance: random.Random) -> Picture:
    """Return a picture through which an image of the same size shows."""
    return Image.composite(image, picture, _cloud(picture.size, chance, middle=_TRACE))


def pulled(picture: Picture, chance: random.Random, strength: float) -> Picture:
    """Return a picture whose shapes and colours have been pulled about.

    Args:
        picture: What to pull.
        chance: Which way.
        strength: How far at most, as a share of the picture and of the colour wheel.
    """
    warped = picture.transform(
        picture.size, Image.Transform.MESH, _mesh(picture.size, chance, strength), Image.Resampling.BILINEAR
    )
    hue, saturation, value = warped.convert("HSV").split()
    turn = round(chance.uniform(-1, 1) * strength * 255)
    return Image.merge("HSV", (hue.point(lambda old: (old + turn) % 256), saturation, value)).convert("RGB")


def swapped(picture: Picture, face: Picture) -> Picture:
    """Return a picture with a face in its middle."""
    width, height = picture.size
    box = (width * 3 // 10, height // 4, width * 7 // 10, height * 3 // 4)
    size = (box[2] - box[0], box[3] - box[1])
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=255)
    result = picture.copy()
    result.paste(fitted(face, size), box[:2], mask.filter(ImageFilter.GaussianBlur(2)))
    return result


def film(picture: Picture, size: Size, frames: int, chance: random.Random, motion: float) -> list[Picture]:
    """Return a picture through which a camera moves in a closed path.

    Args:
        picture: What is filmed; the first frame shows nearly all of it.
        size: Width and height of the film.
        frames: How many frames it has.
        chance: Where the camera goes.
        motion: How far, as a share of the picture.
    """
    towards_x, towards_y = chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.8)

    def frame(number: int) -> Picture:
        closeness = motion * (1 - math.cos(2 * math.pi * number / frames)) / 2
        left, top = picture.width * closeness * towards_x, picture.height * closeness * towards_y
        box = (left, top, left + picture.width * (1 - closeness), top + picture.height * (1 - closeness))
        return picture.resize(size, Image.Resampling.BILINEAR, box=box)

    return [frame(number) for number in range(frames)]


def tiled(pictures: Sequence[Picture]) -> Picture:
    """Return four pictures of one size as a grid."""
    width, height = pictures[0].size
    grid = Image.new("RGB", (2 * width, 2 * height))
    for number, picture in enumerate(pictures):
        grid.paste(picture, (number % 2 * width, number // 2 * height))
    return grid


@lru_cache(8)
def _halo(inner: Size, outer: Size, corner: Corner) -> Picture:
    """Return a mask that is white in a box and fades to black around it."""
    reach = _FADE * min(inner)
    across = _distance(outer[0], corner[0], inner[0])[None, :]
    down = _distance(outer[1], corner[1], inner[1])[:, None]
    nearness = np.clip(1 - np.hypot(across, down) / reach, 0, 1)
    return Image.fromarray((nearness * nearness * (3 - 2 * nearness) * 255).astype(np.uint8))


def _distance(length: int, start: int, inner: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return how far each place on a line is from a stretch of it."""
    places = np.arange(length, dtype=np.float32)
    return np.maximum(np.maximum(start - places, places - (start + inner - 1)), 0)


def _cloud(size: Size, chance: random.Random, middle: int) -> Picture:
    """Return a mask of soft patches whose brightness lies around a value."""
    patches = bytes(min(255, max(0, middle + round(chance.uniform(-90, 90)))) for _ in range(_PATCHES**2))
    return Image.frombytes("L", (_PATCHES, _PATCHES), patches).resize(size, Image.Resampling.BICUBIC)


Box = tuple[int, int, int, int]
Quad = tuple[float, float, float, float, float, float, float, float]


def _mesh(size: Size, chance: random.Random, strength: float) -> list[tuple[Box, Quad]]:
    """Return tiles and the four corners from which each is taken; corners at the edge stay there."""
    width, height = size

    def pull(place: int) -> float:
        return chance.uniform(-strength, strength) if 0 < place < _MESH else 0.0

    corners = {
        (x, y): (width * (x / _MESH + pull(x)), height * (y / _MESH + pull(y)))
        for y in range(_MESH + 1)
        for x in range(_MESH + 1)
    }

    def tile(x: int, y: int) -> tuple[Box, Quad]:
        box = (width * x // _MESH, height * y // _MESH, width * (x + 1) // _MESH, height * (y + 1) // _MESH)
        return box, (*corners[x, y], *corners[x, y + 1], *corners[x + 1, y + 1], *corners[x + 1, y])

    return [tile(x, y) for y in range(_MESH) for x in range(_MESH)]
