"""The text of the bot's messages: what a job is called while it waits, while it runs and when it is done."""

import re
from typing import Final

from mjproxy_simulator.bot.prompts import text_of
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.uncertain import USUAL, Uncertain

_STEM_LENGTH: Final = 63
_ACTIONS: Final = {Kind.ZOOM: "Zoom Out by ", Kind.SQUARE: "Zoom Out by ", Kind.REMASTER: "Remaster by "}
_WITHOUT_LINK: Final = {Kind.ANIMATE, Kind.EXTEND}
_UPSCALE_FOOTER: Final = "\n-# Create, explore, and organize on midjourney.com"


def waiting(job: Job) -> str:
    """Return the text of a job that has not begun."""
    return f"{_introduction(job)}**{job.prompt}** - <@{job.user_id}> (Waiting to start)"


def placeholder(job: Job) -> str:
    """Return what a job says before anything else."""
    return "Animating..." if job.kind in {Kind.ANIMATE, Kind.EXTEND} else waiting(job)


def progress(job: Job, percent: int) -> str:
    """Return the text of a job at work."""
    action = "Upscaling by " if job.kind is Kind.UPSCALE_HD else _action(job)
    return f"**{job.prompt}** - {action}<@{job.user_id}> ({percent}%) ({job.mode})"


def paused(job: Job) -> str:
    """Return the text of a job that waits for its turn."""
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}> (paused) ({job.mode})"


def stopped(job: Job) -> str:
    """Return the text of a job that was cancelled."""
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}> (Stopped)"


def final(job: Job, how: Uncertain = USUAL) -> str:
    """Return the text of a job that is done."""
    if job.kind is Kind.FACE_SWAP:
        return ""
    if job.kind in {Kind.UPSCALE, Kind.VIDEO_UPSCALE}:
        return f"**{job.prompt}** - Image #{job.index} <@{job.user_id}>"
    if job.kind is Kind.UPSCALE_HD:
        return _enlarged(job, how)
    return f"**{job.prompt}** - {_action(job)}<@{job.user_id}>{_website(job, how)} ({job.mode})"


def seed(job: Job) -> str:
    """Return what the bot writes into the private channel of a user who asks for a job's seed."""
    return f"**{job.prompt}**\n**Job ID**: {job.id}\n**seed** {job.seed}"


def filename(job: Job, username: str) -> str:
    """Return the name of a job's result file; up to 2025 the bot sent PNG, since 2026 WebP for grids."""
    slug = re.sub(r"[^A-Za-z0-9]+", "_", text_of(job.prompt))
    return f"{f'{username}_{slug}'[:_STEM_LENGTH]}_{job.id}.{_suffix(job)}"


def preview_filename(job: Job) -> str:
    """Return the name of the file that shows a job at work."""
    return f"{job.id}_grid_0.webp"


def step_filename(job: Job, cell: int, step: int) -> str:
    """Return the name of the file that shows one of four films at work; `cell` is from 1 to 4."""
    return f"{job.id}_{cell - 1}_step_{step}.jpeg"


def _suffix(job: Job) -> str:
    if job.kind.film:
        return "webp"
    return "webp" if job.profile is Profile.OF_2026 and not job.kind.single else "png"


def _introduction(job: Job) -> str:
    if job.kind in {Kind.UPSCALE, Kind.UPSCALE_HD, Kind.VIDEO_UPSCALE}:
        return f"Upscaling image #{job.index} with "
    if job.kind is Kind.VARIATION:
        return f"Making variations for image #{job.index} with prompt "
    if job.kind in {Kind.ANIMATE, Kind.EXTEND}:
        return "Creating video with prompt "
    return ""


def _action(job: Job) -> str:
    match job.kind:
        case Kind.VARIATION:
            return _variations(job)
        case Kind.REGION:
            return f"{'Remix' if job.remix else 'Variations'} (Region) by "
        case Kind.UPSCALE_HD:
            return "Upscaled by " if job.variant is None else f"Upscaled ({_named(job.variant)}) by "
        case Kind.PAN if job.variant is not None:
            return f"Pan {_named(job.variant)} by "
    return _ACTIONS.get(job.kind, "")


def _variations(job: Job) -> str:
    action = "Remix" if job.remix else "Variations"
    if job.variant is not None:
        return f"{action} ({_named(job.variant)}) by "
    return f"{action} (Strong) by " if job.profile is Profile.OF_2026 else f"{action} by "


def _named(variant: Variant) -> str:
    return str(variant) if variant in {Variant.TWOFOLD, Variant.FOURFOLD} else variant.capitalize()


def _enlarged(job: Job, how: Uncertain) -> str:
    action = _action(job) if how.upscale_variant_named else "Upscaled by "
    footer = _UPSCALE_FOOTER if how.upscale_footer else ""
    return f"**{job.prompt}** - {action}<@{job.user_id}> ({job.mode}){footer}"


def _website(job: Job, how: Uncertain) -> str:
    if job.profile is Profile.OF_2023 or job.kind in _WITHOUT_LINK or how.website_link == "none":
        return ""
    text = "(Open on website for full quality)"
    return f" {text}" if how.website_link == "plain" else f" [{text}](<https://midjourney.com/jobs/{job.id}>)"
