"""The timeline of a job: what the bot does, and how long it waits before each step.

The timeline is a function of the job's record, so that a job which was interrupted goes on where it was. Times are
those of a real job in fast mode (observed in June 2026): the first sign of progress after six seconds, the next ones
every three to four, the result of a grid after some twenty-six; a single picture takes half a second.
"""

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind

PREVIEW_FROM_PERCENT: Final = 35
_PERCENTS_OF_2023: Final = (0, 15, 31, 46, 62, 78, 93)


@dataclass(frozen=True, slots=True)
class Start:
    """Post the message that will show the progress."""


@dataclass(frozen=True, slots=True)
class MarkSource:
    """Mark the button that was pressed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Edit the progress message; `preview` says whether there is something to see yet."""

    percent: int
    preview: bool


@dataclass(frozen=True, slots=True)
class Retire:
    """Delete the progress message."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Post the result."""


Act = Start | MarkSource | Progress | Retire | Finish


@dataclass(frozen=True, slots=True)
class Beat:
    """One step; `delay` is in seconds after the step before."""

    delay: float
    act: Act


def timeline(job: Job) -> tuple[Beat, ...]:
    """Return all steps of a job, in order."""
    mark = () if job.custom_id is None else (Beat(0.1, MarkSource()),)
    retire = (Beat(0.1, Retire()),) if job.profile is Profile.OF_2023 else ()
    if job.kind is Kind.UPSCALE:
        return (Beat(0.0, Start()), *mark, *retire, Beat(0.4, Finish()))
    # Random numbers of the job's own: the same job keeps its pace when it goes on after an interruption.
    rng = random.Random(job.id)  # noqa: S311 -- a pace, not a secret
    return (Beat(0.0, Start()), *mark, *_working(job, rng), *retire, Beat(rng.uniform(2.0, 3.5), Finish()))


def _working(job: Job, rng: random.Random) -> tuple[Beat, ...]:
    first_delay = 6.0 if job.kind is Kind.IMAGINE else 5.0
    percents = _PERCENTS_OF_2023 if job.profile is Profile.OF_2023 else _percents_of_2026(rng)
    delays = (first_delay, *(rng.uniform(2.8, 4.0) for _ in pairwise(percents)))
    return tuple(
        Beat(delay, Progress(percent, percent >= PREVIEW_FROM_PERCENT))
        for delay, percent in zip(delays, percents, strict=True)
    )


def _percents_of_2026(rng: random.Random) -> tuple[int, ...]:
    first, last, steps = rng.randint(15, 20), rng.randint(75, 85), 5
    return tuple(first + (last - first) * step // steps for step in range(steps + 1))
