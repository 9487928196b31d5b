"""What is in a picture: a few numbers, derived from a job and the jobs that it builds on.

A prompt decides the motif and the colours, the seed and the place in the grid the composition. A variation inherits
the scene of the picture that it varies and moves everything in it a little, so that the kinship can be seen.
"""

import random
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.seeds import Seed

_DRIFT: Final = 0.35  # How much of a variation's texture is its own.
_REMEMBERED_TEXTURES: Final = 4
_PICTURES = Seed("pictures")  # The same for all simulators: one prompt and seed give one picture everywhere.


class Motif(StrEnum):
    """What a picture shows."""

    MOUNTAINS = "mountains"
    SEA = "sea"
    NEBULA = "nebula"


@dataclass(frozen=True, slots=True)
class Texture:
    """A pattern of noise, and how strongly it shows among the patterns laid over it."""

    seed: int
    weight: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A composition. All numbers are between 0 and 1 and mean a share of the picture, or of their range.

    Attributes:
        hue: Where the colours start on the colour wheel.
        range: How far they go round it.
        light: From night to noon.
        horizon: How high the ground reaches.
        sun_x: Where the sun or moon stands; `sun_y` is from the top.
        sun_size: How large it is.
        rough: How rugged the shapes are.
        textures: The noise they are made of, oldest first.
    """

    motif: Motif
    hue: float
    range: float
    light: float
    horizon: float
    sun_x: float
    sun_y: float
    sun_size: float
    rough: float
    textures: tuple[Texture, ...]


def scene_of(lineage: tuple[Job, ...], cell: int) -> Scene:
    """Return the scene of one picture.

    Args:
        lineage: The job, the job it builds on, and so on.
        cell: Which of the job's pictures, 1 to 4; an upscale has only one, which is its parent's.
    """
    job, *ancestors = lineage
    if ancestors and job.kind is Kind.UPSCALE:
        return scene_of(tuple(ancestors), job.index)
    if ancestors and job.kind is Kind.VARIATION:
        return _vary(scene_of(tuple(ancestors), job.index), _PICTURES.random("variation", job.seed, cell))
    return _compose(job.prompt, job.seed, cell)


def _compose(prompt: str, seed: int, cell: int) -> Scene:
    taste = _PICTURES.random("prompt", prompt)
    chance = _PICTURES.random("composition", prompt, seed, cell)
    motif = taste.choice(tuple(Motif))
    hue = taste.random() + 0.17 * cell
    return Scene(
        motif=motif,
        hue=(hue + chance.uniform(-0.05, 0.05)) % 1.0,
        range=chance.uniform(0.15, 0.6),
        light=chance.uniform(0.1, 0.9),
        horizon=chance.uniform(0.35, 0.65),
        sun_x=chance.uniform(0.15, 0.85),
        sun_y=chance.uniform(0.1, 0.5),
        sun_size=chance.uniform(0.3, 1.0),
        rough=chance.random(),
        textures=(Texture(chance.getrandbits(32), 1.0),),
    )


def _vary(scene: Scene, chance: random.Random) -> Scene:
    def near(value: float, step: float) -> float:
        return min(1.0, max(0.0, value + chance.uniform(-step, step)))

    faded = tuple(replace(texture, weight=texture.weight * (1 - _DRIFT)) for texture in scene.textures)
    return replace(
        scene,
        hue=(scene.hue + chance.uniform(-0.03, 0.03)) % 1.0,
        range=near(scene.range, 0.05),
        light=near(scene.light, 0.1),
        horizon=near(scene.horizon, 0.05),
        sun_x=near(scene.sun_x, 0.12),
        sun_y=near(scene.sun_y, 0.08),
        sun_size=near(scene.sun_size, 0.15),
        rough=near(scene.rough, 0.1),
        textures=(*faded, Texture(chance.getrandbits(32), _DRIFT))[-_REMEMBERED_TEXTURES:],
    )
