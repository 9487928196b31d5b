"""The text of the bot's messages about a job, as a grammar.

Observed between 2023 and 2026:

    content   := [opening] "**" prompt "**" " - " [deed " "] "<@" user id ">" {" " remark}
    opening   := "Making variations for image #N with prompt " | "Upscaling image #N with "
               | "Creating video with prompt "
    deed      := ("Variations" | "Remix") [" (Strong)" | " (Subtle)" | " (Region)"] " by" | "Zoom Out by"
               | "Upscaling by" | "Upscaled" [" (Subtle)" | " (Creative)" | " (2x)" | ...] " by"
               | "Pan Left by" | "Pan Right by" | "Pan Up by" | "Pan Down by" | "Remaster by" | "Image #N"
    remark    := "(Waiting to start)" | "(NN%)" | "(paused)" | "(Stopped)" | "(" mode [", stealth"] ")"
               | "(Open on website for full quality)" | "[(Open on website for full quality)](<URL>)"
    mode      := "fast" | "relaxed" | "turbo"

Openings stand only while the job waits; a film that has no prompt yet is announced by "Animating..." alone. A prompt
may hold anything, this grammar's own signs included, so that it is read from the right: the last ` - ... <@id>` is the
bot's.
"""

import re
from enum import StrEnum, auto
from functools import lru_cache
from typing import Final

from msgspec import Struct

from mjproxy_server.model.vocabulary import Mode


class Verb(StrEnum):
    """What a message says is done to the prompt; it tells families of jobs apart."""

    IMAGINE = auto()
    VARIATIONS = auto()
    REMIX = auto()
    IMAGE = auto()
    UPSCALE = auto()
    ZOOM_OUT = auto()
    PAN = auto()
    REMASTER = auto()
    VIDEO = auto()
    OTHER = auto()


class Phase(StrEnum):
    """How far a message says the job is; OTHER if it says something unheard of."""

    WAITING = auto()
    RUNNING = auto()
    PAUSED = auto()
    STOPPED = auto()
    DONE = auto()
    OTHER = auto()


class Content(Struct, frozen=True, kw_only=True):
    """What a message says about a job.

    Attributes:
        prompt: The prompt as the bot echoes it.
        verb: What is done to it; IMAGINE if the message names nothing.
        qualifier: The kind of variation or upscale or the direction of a pan, for instance "Strong"; or "".
        index: The picture that the message names, 1 to 4; or 0.
        user_id: Whose job it is; "" if the message does not tell.
        phase: How far the job is.
        percent: 0 to 100; None if the message tells none.
        mode: How fast the bot works; None if the message does not tell.
        stealth: True if the job is hidden from the public.
        job_id: The job's UUID, by the link to the website; or "".
    """

    prompt: str
    verb: Verb
    qualifier: str = ""
    index: int = 0
    user_id: str
    phase: Phase
    percent: int | None = None
    mode: Mode | None = None
    stealth: bool = False
    job_id: str = ""


_CONTENT = re.compile(
    r"(?P<opening>[^*]*)\*\*(?P<prompt>.*)\*\* - (?:(?P<deed>[A-Z][^<>*\n]*) )?<@!?(?P<user_id>\d+)>(?P<remarks>.*)",
    re.DOTALL,
)
_OPENINGS = (
    (re.compile(r"Making variations for image #(?P<index>\d) with prompt "), Verb.VARIATIONS),
    (re.compile(r"Upscaling image #(?P<index>\d) with "), Verb.IMAGE),
    (re.compile(r"Creating video with prompt "), Verb.VIDEO),
)
_DEEDS = (
    (re.compile(r"Image #(?P<index>\d+)"), Verb.IMAGE),
    (re.compile(r"Variations(?: \((?P<qualifier>\w+)\))? by"), Verb.VARIATIONS),
    (re.compile(r"Remix(?: \((?P<qualifier>\w+)\))? by"), Verb.REMIX),
    (re.compile(r"Upscal(?:ing|ed)(?: \((?P<qualifier>\w+)\))? by"), Verb.UPSCALE),
    (re.compile(r"Zoom Out by"), Verb.ZOOM_OUT),
    (re.compile(r"Pan (?P<qualifier>\w+) by"), Verb.PAN),
    (re.compile(r"Remaster by"), Verb.REMASTER),
)
_LINK = re.compile(r"\[[^\]]*\]\(<?(?P<url>https?://[^)>\s]+)>?\)")
_JOB_URL = re.compile(r"midjourney\.com/(?:app/)?jobs/(?P<job_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_REMARK = re.compile(r"\((?P<remark>[^()]*)\)")
_PERCENT = re.compile(r"(\d{1,3})%")
_MODE = re.compile(r"(?P<mode>fast|relaxed|turbo)(?P<stealth>, stealth)?")
_SMALL_PRINT = re.compile(r"\n-# .*")

_MODES = {"fast": Mode.FAST, "relaxed": Mode.RELAX, "turbo": Mode.TURBO}
_PHASES = {"Waiting to start": Phase.WAITING, "paused": Phase.PAUSED, "Stopped": Phase.STOPPED}
_MOST_KEPT: Final = 2_000
"""How many parsed remarks are kept: those of running jobs differ in nothing but the percentage."""

_ANIMATING = "Animating..."
_WEBSITE = "Open on website for full quality"


def parse(text: str) -> Content | None:
    """Read a message's text; None if it does not speak of a job."""
    if text == _ANIMATING:
        return Content(prompt="", verb=Verb.VIDEO, user_id="", phase=Phase.WAITING)
    match = _CONTENT.fullmatch(text)
    if match is None:
        return None
    verb, index, qualifier = _what_is_done(match["opening"], match["deed"] or "")
    said = _said(match["remarks"])
    return Content(
        prompt=match["prompt"],
        verb=verb,
        qualifier=qualifier,
        index=index,
        user_id=match["user_id"],
        phase=said.phase,
        percent=said.percent,
        mode=said.mode,
        stealth=said.stealth,
        job_id=said.job_id,
    )


def job_id_in_link(text: str) -> str:
    """Return the UUID in a link to a job on Midjourney's website; "" if there is none."""
    match = _JOB_URL.search(text)
    return match["job_id"] if match else ""


def _what_is_done(opening: str, deed: str) -> tuple[Verb, int, str]:
    """Return verb, index and qualifier."""
    said, forms = (opening, _OPENINGS) if opening else (deed, _DEEDS)
    if not said:
        return Verb.IMAGINE, 0, ""
    for form, verb in forms:
        if match := form.fullmatch(said):
            parts = match.groupdict()
            return verb, int(parts.get("index") or 0), parts.get("qualifier") or ""
    return Verb.OTHER, 0, ""


class _Said(Struct, frozen=True, kw_only=True):
    """What the remarks behind a prompt say; the attributes are those of `Content`."""

    phase: Phase
    percent: int | None
    mode: Mode | None
    stealth: bool
    job_id: str


@lru_cache(_MOST_KEPT)
def _said(text: str) -> _Said:
    remarks = _SMALL_PRINT.sub("", text)
    said = [remark.strip() for remark in _REMARK.findall(_LINK.sub("", remarks))]
    mode = next((found for remark in said if (found := _MODE.fullmatch(remark))), None)
    percent = next((int(found[1]) for remark in said if (found := _PERCENT.fullmatch(remark))), None)
    return _Said(
        phase=_phase(said),
        percent=percent,
        mode=_MODES[mode["mode"]] if mode else None,
        stealth=bool(mode and mode["stealth"]),
        job_id=job_id_in_link(remarks),
    )


def _phase(remarks: list[str]) -> Phase:
    phase = Phase.DONE
    for remark in remarks:
        if remark in _PHASES:
            return _PHASES[remark]
        if _PERCENT.fullmatch(remark):
            phase = Phase.RUNNING
        elif remark != _WEBSITE and not _MODE.fullmatch(remark):
            return Phase.OTHER
    return phase
