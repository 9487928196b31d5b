"""What is in a picture: a few numbers, derived from a job and the jobs that it builds on.

A prompt decides the motif and the colours, the seed and the place in the grid the composition. A variation inherits
the scene of the picture that it varies and moves everything in it a little, so that the kinship can be seen. With a
prompt of its own (remix), it shows that prompt's motif in the old composition.
"""

import random
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.pictures.records import Record

_SUBTLE_DRIFT: Final = 0.12
_STRONG_DRIFT: Final = 0.45
_LINK: Final = re.compile(r"<https?://[^>]*>")
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


def scene_of(record: Record, cell: int) -> Scene | None:
    """Return the scene of one picture; None if more than one scene, or an image, has gone into it.

    Args:
        record: What the job of the picture is made from.
        cell: Which of the job's pictures, 1 to 4; an upscale has only one, which is its parent's.
    """
    record = record.redone()
    job, parent = record.job, record.parent
    match job.kind:
        case Kind.IMAGINE | Kind.REROLL:
            return None if record.images else compose(job.prompt, job.seed, cell)
        case Kind.UPSCALE | Kind.UPSCALE_HD if parent is not None:
            return scene_of(parent, job.index)
        case Kind.VARIATION | Kind.REMASTER if parent is not None:
            origin = scene_of(parent, job.index)
            return None if origin is None else _relative(job, origin, cell)
    return None


def compose(prompt: str, seed: int, cell: int) -> Scene:
    """Return a new scene for a prompt; the images in it are none of its business."""
    words = " ".join(_LINK.sub(" ", prompt).split())
    taste = _PICTURES.random("prompt", words.partition(" --")[0])
    chance = _PICTURES.random("composition", words, seed, cell)
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


def chance_of(job: Job, cell: int) -> random.Random:
    """Return the chance that decides whatever is not decided by a scene in one picture of a job."""
    return _PICTURES.random(job.kind, job.seed, cell)


def vary(scene: Scene, chance: random.Random, drift: float) -> Scene:
    """Return a scene akin to another.

    Args:
        scene: The other.
        chance: In which way it differs.
        drift: How much of its texture is its own, from 0 to 1; the rest differs accordingly.
    """

    def near(value: float, step: float) -> float:
        return min(1.0, max(0.0, value + chance.uniform(-step, step) * drift))

    faded = tuple(replace(texture, weight=texture.weight * (1 - drift)) for texture in scene.textures)
    return replace(
        scene,
        hue=(scene.hue + chance.uniform(-0.09, 0.09) * drift) % 1.0,
        range=near(scene.range, 0.15),
        light=near(scene.light, 0.3),
        horizon=near(scene.horizon, 0.15),
        sun_x=near(scene.sun_x, 0.35),
        sun_y=near(scene.sun_y, 0.25),
        sun_size=near(scene.sun_size, 0.4),
        rough=near(scene.rough, 0.3),
        textures=(*faded, Texture(chance.getrandbits(32), drift))[-_REMEMBERED_TEXTURES:],
    )


def drift_of(job: Job) -> float:
    """Return how far a variation goes from its origin, from 0 to 1."""
    return _SUBTLE_DRIFT if job.variant is Variant.SUBTLE else _STRONG_DRIFT


def _relative(job: Job, origin: Scene, cell: int) -> Scene:
    relative = vary(origin, _PICTURES.random("variation", job.seed, cell), drift_of(job))
    if not job.remix:
        return relative
    wanted = compose(job.prompt, job.seed, cell)
    return replace(relative, motif=wanted.motif, hue=wanted.hue)
