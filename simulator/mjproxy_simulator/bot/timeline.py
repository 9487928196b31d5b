"""The timeline of a job: what the bot does, and how long it waits before each step.

The timeline is a function of the job's record, so that a job which was interrupted goes on where it was. Times are
those of real jobs in fast mode (observed in June 2026): the first sign of progress after six seconds, the next ones
every three to four, the result of a grid after some twenty-six; a single picture takes half a second. Turbo is about
three times as fast, and relaxed jobs wait long before they begin.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind

PREVIEW_FROM_PERCENT: Final = 35
_PERCENTS_OF_2023: Final = (0, 15, 31, 46, 62, 78, 93)
_STEPS: Final = 5
_RELAXED_WAIT: Final = (20.0, 60.0)
_TURBO: Final = 0.35
_SLOWNESS: Final = {Kind.UPSCALE_HD: 1.8, Kind.ANIMATE: 1.9, Kind.EXTEND: 1.9}
"""How many times longer than a grid other jobs take."""


@dataclass(frozen=True, slots=True)
class Start:
    """Post the message that will show the progress."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Say in that message what is going to be done."""


@dataclass(frozen=True, slots=True)
class MarkSource:
    """Mark the button that was pressed."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Say in that message that the job has to wait."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Edit the progress message; `preview` says whether there is something to see yet."""

    percent: int
    preview: bool


@dataclass(frozen=True, slots=True)
class Retire:
    """Delete the progress message."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Say why nothing comes of the job."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Post the result."""


Act = Start | Announce | MarkSource | Pause | Progress | Retire | GiveUp | Finish


@dataclass(frozen=True, slots=True)
class Beat:
    """One step; `delay` is in seconds after the step before."""

    delay: float
    act: Act


def timeline(job: Job) -> tuple[Beat, ...]:
    """Return all steps of a job, in order."""
    # Random numbers of the job's own: the same job keeps its pace when it goes on after an interruption.
    rng = random.Random(job.id)  # noqa: S311 -- a pace, not a secret
    if job.outcome is not None:
        return _failing(job, rng)
    if job.kind.words:
        return (Beat(0.0, Start()), Beat(rng.uniform(2.0, 4.0), Finish()))
    return (*_beginning(job), *_to_the_end(job, rng))


def _beginning(job: Job) -> tuple[Beat, ...]:
    announce = (Beat(0.5, Announce()),) if job.kind in {Kind.ANIMATE, Kind.EXTEND} else ()
    mark = () if job.custom_id is None or job.source_id is None else (Beat(0.1, MarkSource()),)
    return (Beat(0.0, Start()), *announce, *mark)


def _to_the_end(job: Job, rng: random.Random) -> tuple[Beat, ...]:
    completes_its_first_message = job.kind.words or job.kind is Kind.FACE_SWAP
    retires = (job.retires or job.profile is Profile.OF_2023) and not completes_its_first_message
    retire = (Beat(0.1, Retire()),) if retires else ()
    if job.kind in {Kind.UPSCALE, Kind.VIDEO_UPSCALE, Kind.FACE_SWAP}:
        return (*retire, Beat(0.4, Finish()))
    return _paced(job, (*_working(job, rng), *retire, Beat(rng.uniform(2.0, 3.5), Finish())), rng)


def _failing(job: Job, rng: random.Random) -> tuple[Beat, ...]:
    """Return the steps of a job that the bot gives up half-way."""
    return (*_beginning(job), *_paced(job, (*_working(job, rng)[:2], Beat(rng.uniform(1.0, 2.0), GiveUp())), rng))


def _paced(job: Job, beats: tuple[Beat, ...], rng: random.Random) -> tuple[Beat, ...]:
    if job.mode.startswith("turbo"):
        return tuple(_slower(beats, _TURBO))
    if job.mode.startswith("relaxed"):
        first, *others = beats
        pause = (Beat(1.0, Pause()),) if job.pauses else ()
        return (*pause, replace(first, delay=first.delay + rng.uniform(*_RELAXED_WAIT)), *others)
    return beats


def _working(job: Job, rng: random.Random) -> tuple[Beat, ...]:
    first_delay = 6.0 if job.kind is Kind.IMAGINE else 5.0
    percents = _percents(job, rng)
    delays = (first_delay, *(rng.uniform(2.8, 4.0) for _ in pairwise(percents)))
    slowness = _SLOWNESS.get(job.kind, 1.0)
    return tuple(
        Beat(delay * slowness, Progress(percent, percent >= PREVIEW_FROM_PERCENT))
        for delay, percent in zip(delays, percents, strict=True)
    )


def _slower(beats: Iterable[Beat], factor: float) -> Iterable[Beat]:
    return (replace(beat, delay=beat.delay * factor) for beat in beats)


def _percents(job: Job, rng: random.Random) -> tuple[int, ...]:
    if job.profile is Profile.OF_2023:
        return _PERCENTS_OF_2023
    first = 0 if job.kind is Kind.UPSCALE_HD else rng.randint(15, 20)
    last = rng.randint(75, 85)
    return tuple(first + (last - first) * step // _STEPS for step in range(_STEPS + 1))
