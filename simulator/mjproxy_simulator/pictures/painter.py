"""Paints a scene: gradients, noise and light, as numpy arrays.

Everything is a function of coordinates between 0 and 1, so that a small picture shows the same as a large one. Arrays
are (height, width) of floats, colours (height, width, 3) of floats between 0 and 1. `across` is a row and `down` a
column, which numpy spreads over each other.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mjproxy_simulator.pictures.scene import Motif, Scene, Texture

Field = NDArray[np.float32]

_OCTAVES: Final = 5
_SMOOTH_OCTAVES: Final = 3  # Enough where noise only bends other noise.
_TABLE: Final = 256  # Values along one side of a texture, which then repeats.
_RIDGES: Final = 5
_STARS: Final = 140
_REMEMBERED_TABLES: Final = 16  # Of a quarter of a megabyte each.
_SHADES: Final = 512  # Colours that a palette has between 0 and 1.
_LEVEL: Final = np.array([[0.5]], dtype=np.float32)


def paint(scene: Scene, width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture of (height, width, 3) bytes."""
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    painter = {Motif.MOUNTAINS: _mountains, Motif.SEA: _sea, Motif.NEBULA: _nebula}[scene.motif]
    picture = _vignette(painter(scene, across, down), across, down)
    return np.asarray(np.clip(picture, 0, 1) * 255, dtype=np.uint8)


def _mountains(scene: Scene, across: Field, down: Field) -> Field:
    picture = _sky(scene, across, down, reach=1.0)
    grain = 0.12 * _fbm(scene.textures, across * 9, down * 9)
    haze = _palette(scene, 1.5 * _LEVEL)
    for ridge in range(_RIDGES):
        near = (ridge + 1) / _RIDGES
        outline = _fbm(scene.textures, across * (1.5 + 2 * near) + 7 * ridge, _LEVEL)
        top = 1 - scene.horizon * (1.15 - 0.85 * near) - (outline - 0.5) * (0.25 + 0.35 * scene.rough)
        below = slice(max(0, int(top.min() * len(down)) - 2), None)  # Above it, there is no rock.
        cover = _step(down[below] - top, 0.004)[..., None]
        rock = _palette(scene, 0.45 - 0.4 * near + grain[below])
        colour = (rock * near + haze * (1 - near)) * (0.45 + 0.55 * scene.light)
        picture[below] += (colour - picture[below]) * cover
    return _field(picture)


def _sea(scene: Scene, across: Field, down: Field) -> Field:
    shore = 0.4 + 0.25 * scene.horizon
    sky = _sky(scene, across, down, reach=shore)
    depth = np.clip((down - shore) / (1 - shore), 0, 1)
    waves = _fbm(scene.textures, across * (4 - 2 * depth), np.log1p(depth * 20) * (4 + 4 * scene.rough))
    mirror = np.exp(-(((across - scene.sun_x) / (0.05 + 0.25 * depth)) ** 2)) * _step(waves - 0.52, 0.05)
    water = _palette(scene, 0.1 + 0.35 * (1 - depth) + 0.3 * (waves - 0.5)) * (0.4 + 0.6 * scene.light)
    water = water + mirror[..., None] * _sunlight(scene) * (0.9 - 0.5 * depth[..., None])
    cover = _step(down - shore, 0.004)[..., None]
    return _field(sky * (1 - cover) + water * cover)


def _nebula(scene: Scene, across: Field, down: Field) -> Field:
    warp_x = _fbm(scene.textures, across * 3, down * 3, _SMOOTH_OCTAVES)
    warp_y = _fbm(scene.textures, across * 3 + 11, down * 3 + 5, _SMOOTH_OCTAVES)
    strength = 0.8 + 1.6 * scene.rough
    gas = _fbm(scene.textures, across * 2.5 + strength * warp_x, down * 2.5 + strength * warp_y)
    glow = np.exp(-((across - scene.sun_x) ** 2 + (down - scene.sun_y) ** 2) / (0.05 + 0.2 * scene.sun_size))
    density = np.clip((gas - 0.3) * 1.9, 0, 1)
    light = (0.15 + 0.85 * density**1.5) * (0.5 + 0.9 * glow)
    picture = _palette(scene, density * 0.8 + 0.2 * warp_x) * light[..., None]
    return _field(picture + _stars(scene, across, down)[..., None] * (1 - 0.6 * density[..., None]))


def _sky(scene: Scene, across: Field, down: Field, reach: float) -> Field:
    """Return a sky whose colours end at the share `reach` of the height."""
    clouds = _fbm(scene.textures, across * 2, down * 5 + 3)
    depth = np.clip(down / reach, 0, 1)
    colour = _palette(scene, 0.25 + 0.55 * depth + 0.2 * (clouds - 0.5))
    sky = colour * (0.3 + 0.7 * scene.light + 0.25 * depth[..., None])
    shape = across.size / down.size
    distance = np.sqrt((across - scene.sun_x) ** 2 * shape + (down - scene.sun_y * reach) ** 2 / shape)
    radius = 0.03 + 0.07 * scene.sun_size
    disc = _step(radius - distance, 0.012)
    glow = np.exp(-distance / (0.08 + 0.2 * scene.sun_size)) * 0.6
    night = _stars(scene, across, down) * max(0.0, 0.5 - scene.light) * 2
    return _field(sky + (disc + glow)[..., None] * _sunlight(scene) + night[..., None])


def _stars(scene: Scene, across: Field, down: Field) -> Field:
    places = np.random.default_rng(scene.textures[0].seed).random((_STARS, 3))
    height, width = down.size, across.size
    stars = np.zeros((height, width), dtype=np.float32)
    rows, columns = (places[:, 1] * (height - 1)).astype(int), (places[:, 0] * (width - 1)).astype(int)
    stars[rows, columns] = 0.4 + 0.6 * places[:, 2]
    return stars


def _sunlight(scene: Scene) -> NDArray[np.float32]:
    warm = 0.5 + 0.5 * scene.light
    return np.array([1.0, 0.75 + 0.2 * warm, 0.45 + 0.4 * warm], dtype=np.float32)


def _palette(scene: Scene, t: Field) -> Field:
    """Return the colours at `t`, between -1 and 2: three cosines out of step, after Inigo Quilez.

    They are looked up in a table, for cosines of every pixel would be most of the work.
    """
    phase = np.array([0.0, 0.33, 0.67], dtype=np.float32) + np.float32(scene.hue)
    turns = np.linspace(-1, 2, 3 * _SHADES, dtype=np.float32)[:, None] * np.float32(scene.range + 0.35) + phase
    colours = _field(0.52 + 0.42 * np.cos(2 * np.pi * turns))
    return colours.take(((t + 1) * _SHADES).astype(np.int32), axis=0, mode="clip")


def _vignette(picture: Field, across: Field, down: Field) -> Field:
    distance = (across - 0.5) ** 2 + (down - 0.5) ** 2
    return _field(picture * (1.06 - 0.55 * distance)[..., None])


def _step(distance: ArrayLike, softness: float) -> Field:
    """Return 1 where the distance is positive and 0 where it is not, with a soft edge."""
    return _field(np.clip(_field(distance) / softness + 0.5, 0, 1))


def _fbm(textures: tuple[Texture, ...], x: Field, y: Field, octaves: int = _OCTAVES) -> Field:
    """Return fractal noise between 0 and 1: octaves of ever finer grain."""
    table = _table(textures)
    # A row of x and a column of y span a grid without bends, over which noise comes much cheaper.
    noise = _grid_noise if x.shape[0] == 1 and y.shape[1] == 1 else _bent_noise
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.float32)
    for octave in range(octaves):
        total += np.float32(0.5**octave) * noise(table, x * 2**octave, y * 2**octave)
    total /= np.float32(2 - 0.5 ** (octaves - 1))
    return total


@lru_cache(_REMEMBERED_TABLES)
def _table(textures: tuple[Texture, ...]) -> Field:
    """Return the values that noise is read from: those of all textures, mixed by weight."""
    table = np.zeros((_TABLE, _TABLE), dtype=np.float32)
    for texture in textures:
        values = np.random.default_rng(texture.seed).random((_TABLE, _TABLE), dtype=np.float32)
        table += np.float32(texture.weight) * values
    table /= np.float32(sum(texture.weight for texture in textures))
    table.flags.writeable = False
    return table


def _grid_noise(table: Field, x: Field, y: Field) -> Field:
    """Return noise over a row of x and a growing column of y: interpolated along one, then along the other."""
    left, u = _cells(x[0])
    top, v = _cells(y)
    first, last = int(top[0, 0]), int(top[-1, 0])
    rows = table[np.arange(first, last + 2) % _TABLE]
    columns = rows[:, left % _TABLE] * (1 - u) + rows[:, (left + 1) % _TABLE] * u
    upper, lower = columns[top[:, 0] - first], columns[top[:, 0] - first + 1]
    return _field(upper * (1 - v) + lower * v)


def _bent_noise(table: Field, x: Field, y: Field) -> Field:
    """Return noise at any coordinates."""
    (left, u), (top, v) = _cells(x), _cells(y)
    row, next_row = top % _TABLE * _TABLE, (top + 1) % _TABLE * _TABLE
    left, right = left % _TABLE, (left + 1) % _TABLE
    values = table.ravel()
    upper = values.take(row + left) * (1 - u) + values.take(row + right) * u
    lower = values.take(next_row + left) * (1 - u) + values.take(next_row + right) * u
    return _field(upper * (1 - v) + lower * v)


def _cells(coordinate: Field) -> tuple[NDArray[np.int32], Field]:
    """Return the whole numbers below, and the way from there to the next, eased so that no edge shows."""
    whole = np.floor(coordinate)
    part = coordinate - whole
    return whole.astype(np.int32), _field(part * part * (3 - 2 * part))


def _field(values: ArrayLike) -> Field:
    return np.asarray(values, dtype=np.float32)
