"""Records of jobs to draw pictures from, and how pictures are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.pictures.records import Record

JOB = Job(
    id="j",
    number=1,
    kind=Kind.IMAGINE,
    application_id=1,
    channel_id=2,
    profile=Profile.OF_2026,
    prompt="a cat --v 7.0",
    mode="fast",
    seed=7,
    aspect=(1, 1),
    invocation=Invocation(3, 2, 4, "imagine"),
    created_ms=0,
)


def imagined(prompt: str = "a cat --v 7.0", seed: int = 7, aspect: tuple[int, int] = (1, 1)) -> Record:
    """Return the record of a plain job."""
    return Record(replace(JOB, prompt=prompt, seed=seed, aspect=aspect))


def child(
    parent: Record,
    kind: Kind,
    index: int = 1,
    *,
    seed: int = 99,
    aspect: tuple[int, int] | None = None,
    variant: Variant | None = None,
    zoom: float | None = None,
    remix: str | None = None,
    mask: Path | None = None,
) -> Record:
    """Return the record of a job that builds on another; `remix` is a prompt of its own."""
    job = replace(
        parent.job,
        id=f"{parent.job.id}.{kind}",
        kind=kind,
        parent=parent.job.id,
        index=index,
        seed=seed,
        aspect=aspect or parent.job.aspect,
        variant=variant,
        zoom=zoom,
        prompt=remix or parent.job.prompt,
        remix=remix is not None,
    )
    return Record(job, parent, mask=mask)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart: the mean over all pixels, from 0 to 255."""
    return float(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).mean())


def quarters(grid: Image.Image) -> list[Image.Image]:
    """Return the four pictures of a grid."""
    width, height = grid.width // 2, grid.height // 2
    return [grid.crop((x, y, x + width, y + height)) for y in (0, height) for x in (0, width)]
