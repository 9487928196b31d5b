"""What pictures are drawn from: the record of a job together with all that it builds on.

A record is complete: whoever holds it needs neither the store nor the clock, so that drawing is a function of it and
can be done in any thread. Uploaded files are named by their paths; they never change.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Drawing


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An image of another host, which is never fetched; its address decides what is drawn in its stead."""

    url: str


@dataclass(frozen=True, slots=True)
class Record:
    """A job, the job it builds on, and what was given to it.

    Attributes:
        job: The job.
        parent: The record of the job that it builds on.
        images: The images in its prompt, in order.
        mask: The file that says what is to change, for a job on a region.
    """

    job: Job
    parent: "Record | None" = None
    images: tuple["Source", ...] = ()
    mask: Path | None = None

    def redone(self) -> "Record":
        """Return the record of which a reroll is a repetition, with what is the reroll's own."""
        if self.job.kind is not Kind.REROLL or self.parent is None:
            return self
        first, mine = self.parent.redone(), self.job
        job = replace(first.job, id=mine.id, seed=mine.seed, prompt=mine.prompt, aspect=mine.aspect)
        return replace(first, job=job, images=self.images or first.images)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that the simulator has drawn itself."""

    record: Record
    drawing: Drawing


Source = Path | Shown | Elsewhere
"""An image given to a job: an uploaded file, a picture of the simulator's own, or one of another host."""
