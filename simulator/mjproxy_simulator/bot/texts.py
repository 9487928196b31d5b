"""The text of the bot's messages: what a job is called while it waits, while it runs and when it is done."""

import re
from typing import Final

from mjproxy_simulator.bot.prompts import text_of
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind

_STEM_LENGTH: Final = 63


def waiting(job: Job) -> str:
    """Return the text of a job that has not begun."""
    return f"{_introduction(job)}**{job.prompt}** - <@{job.user_id}> (Waiting to start)"


def progress(job: Job, percent: int) -> str:
    """Return the text of a job at work."""
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}> ({percent}%) ({job.mode})"


def stopped(job: Job) -> str:
    """Return the text of a job that was cancelled."""
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}> (Stopped)"


def final(job: Job) -> str:
    """Return the text of a job that is done."""
    if job.kind is Kind.UPSCALE:
        return f"**{job.prompt}** - Image #{job.index} <@{job.user_id}>"
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}>{_website(job)} ({job.mode})"


def filename(job: Job, username: str) -> str:
    """Return the name of a job's result file; up to 2025 the bot sent PNG, since 2026 WebP for grids."""
    slug = re.sub(r"[^A-Za-z0-9]+", "_", text_of(job.prompt))
    suffix = "webp" if job.profile is Profile.OF_2026 and job.kind is not Kind.UPSCALE else "png"
    return f"{f'{username}_{slug}'[:_STEM_LENGTH]}_{job.id}.{suffix}"


def preview_filename(job: Job) -> str:
    """Return the name of the file that shows a job at work."""
    return f"{job.id}_grid_0.webp"


def _introduction(job: Job) -> str:
    if job.kind is Kind.UPSCALE:
        return f"Upscaling image #{job.index} with "
    if job.kind is Kind.VARIATION:
        return f"Making variations for image #{job.index} with prompt "
    return ""


def _action(job: Job) -> str:
    if job.kind is not Kind.VARIATION:
        return ""
    return "Variations (Strong) by " if job.profile is Profile.OF_2026 else "Variations by "


def _website(job: Job) -> str:
    if job.profile is Profile.OF_2023:
        return ""
    return f" [(Open on website for full quality)](<https://midjourney.com/jobs/{job.id}>)"
