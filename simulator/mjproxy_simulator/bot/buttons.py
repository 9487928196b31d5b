"""The bot's buttons: which rows a message gets, and what a pressed one asks for."""

import re
from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Button, ButtonStyle, Row

_JOB: Final = re.compile(r"MJ::JOB::(upsample|variation|reroll)::([0-4])::([0-9a-f-]{36})(::SOLO)?")
_CANCEL: Final = re.compile(r"MJ::CancelJob::ByJobid::([0-9a-f-]{36})")
_KINDS: Final = {"upsample": Kind.UPSCALE, "variation": Kind.VARIATION, "reroll": Kind.REROLL}


@dataclass(frozen=True, slots=True)
class JobPress:
    """A button that starts a job on picture `index` of another (1 to 4), or on all of it (0)."""

    kind: Kind
    index: int
    job_id: str


@dataclass(frozen=True, slots=True)
class CancelPress:
    """The button that stops a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class UnplayedPress:
    """A button of the real bot that the simulated one does not play."""

    custom_id: str


Press = JobPress | CancelPress | UnplayedPress


def read(custom_id: str) -> Press:
    """Return what a button asks for."""
    if match := _CANCEL.fullmatch(custom_id):
        return CancelPress(match[1])
    if match := _JOB.fullmatch(custom_id):
        kind, index, whole = _KINDS[match[1]], int(match[2]), match[4] is not None
        # A `variation` that ends in SOLO belongs to a single picture, which only the oldest versions had.
        if whole == (kind is Kind.REROLL) and whole == (index == 0):
            return JobPress(kind, index, match[3])
    return UnplayedPress(custom_id)


def rows_of_progress(job: Job) -> tuple[Row, ...]:
    """Return the rows of a job at work; one that a command started cannot be cancelled by a button."""
    if job.custom_id is None:
        return ()
    button = Button(f"MJ::CancelJob::ByJobid::{job.id}", "Cancel Job", style=ButtonStyle.DANGER)
    return ((button,),)


def rows_of_result(job: Job) -> tuple[Row, ...]:
    """Return the rows of a job that is done."""
    if job.kind is not Kind.UPSCALE:
        return _grid(job)
    return _solo_of_2026(job) if job.profile is Profile.OF_2026 else _solo_of_2023(job)


def _grid(job: Job) -> tuple[Row, ...]:
    upscales = tuple(Button(f"MJ::JOB::upsample::{n}::{job.id}", f"U{n}") for n in range(1, 5))
    variations = tuple(Button(f"MJ::JOB::variation::{n}::{job.id}", f"V{n}") for n in range(1, 5))
    reroll = Button(f"MJ::JOB::reroll::0::{job.id}::SOLO", emoji="🔄")
    if job.profile is Profile.OF_2023:
        return ((*upscales, reroll), variations)
    return ((*upscales, reroll), (*variations, _website(job, "\u200b")))


def _solo_of_2026(job: Job) -> tuple[Row, ...]:
    return (
        (
            _solo(job, "JOB::upsample_v7_2x_subtle::1", "Upscale (Subtle)", "upscale_1"),
            _solo(job, "JOB::upsample_v7_2x_creative::1", "Upscale (Creative)", "upscale_1"),
        ),
        _variations(job),
        _zooms(job),
        _pans(job),
        (
            _solo(job, "JOB::animate_high::1", "Animate (High motion)", "🎞️"),
            _solo(job, "JOB::animate_low::1", "Animate (Low motion)", "🎞️"),
            _bookmark(job),
            _website(job, "Web"),
        ),
    )


def _solo_of_2023(job: Job) -> tuple[Row, ...]:
    return (_variations(job), _zooms(job), _pans(job), (_bookmark(job), _website(job, "Web")))


def _variations(job: Job) -> Row:
    return (
        _solo(job, "JOB::low_variation::1", "Vary (Subtle)", "🪄"),
        _solo(job, "JOB::high_variation::1", "Vary (Strong)", "🪄"),
        _solo(job, "Inpaint::1", "Vary (Region)", "🖌️"),
    )


def _zooms(job: Job) -> Row:
    zooms = (
        _solo(job, "Outpaint::50::1", "Zoom Out 2x", "🔍"),
        _solo(job, "Outpaint::75::1", "Zoom Out 1.5x", "🔍"),
        Button(f"MJ::CustomZoom::{job.id}", "Custom Zoom", "🔍"),
    )
    width, height = job.aspect
    return zooms if width == height else (*zooms, _solo(job, "Outpaint::100::1", "Make Square", "↔️"))


def _pans(job: Job) -> Row:
    arrows = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
    return tuple(_solo(job, f"JOB::pan_{side}::1", None, arrow) for side, arrow in arrows.items())


def _solo(job: Job, action: str, label: str | None, emoji: str) -> Button:
    return Button(f"MJ::{action}::{job.id}::SOLO", label, emoji)


def _bookmark(job: Job) -> Button:
    return Button(f"MJ::BOOKMARK::{job.id}", emoji="❤️")


def _website(job: Job, label: str) -> Button:
    return Button(label=label, style=ButtonStyle.LINK, url=f"https://www.midjourney.com/jobs/{job.id}")
