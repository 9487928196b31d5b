"""The custom ids of the bot's components: what pressing a button means, told by its id.

One table names every form observed between 2023 and 2026, so that a button which is known, but not acted on, can be
told from one that nobody has seen. A second one says what pressing each kind does, and how it is gone about.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache
from typing import Final

from mjproxy_server.model.task import Button
from mjproxy_server.model.vocabulary import Action


class ButtonKind(StrEnum):
    """What a button does."""

    UPSAMPLE = auto()
    VARIATION = auto()
    REROLL = auto()
    UPSCALE = auto()
    VARY_SUBTLE = auto()
    VARY_STRONG = auto()
    VARY_REGION = auto()
    ZOOM_OUT = auto()
    MAKE_SQUARE = auto()
    CUSTOM_ZOOM = auto()
    PAN = auto()
    ANIMATE = auto()
    EXTEND_VIDEO = auto()
    UPSCALE_VIDEO = auto()
    REMASTER = auto()
    BOOKMARK = auto()
    DESCRIPTION = auto()
    ALL_DESCRIPTIONS = auto()
    DESCRIBE_AGAIN = auto()
    SHORTENED_PROMPT = auto()
    SHORTEN_DETAILS = auto()
    CANCEL_JOB = auto()
    APPEAL = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class CustomId:
    """A custom id, taken apart.

    Attributes:
        kind: What the button does.
        name: Which of its kind: the version of an upscale, the direction of a pan, the percentage of a zoom; or "".
        index: Which picture or prompt, from 1; 0 where there is none to choose.
        job_id: The UUID of the job that it belongs to, or "".
        solo: True if the id ends in SOLO, as those of single pictures and rerolls do.
    """

    kind: ButtonKind
    name: str = ""
    index: int = 0
    job_id: str = ""
    solo: bool = False


class Manner(StrEnum):
    """How a press is carried out, and what answers it."""

    PRESS = auto()
    """The press starts a job."""
    DIALOGUE = auto()
    """The press opens a modal, and submitting that starts a job."""
    REMIX = auto()
    """As DIALOGUE while the account has the Remix mode on, as PRESS otherwise."""
    FRAME = auto()
    """The press opens a page of the bot's own, and submitting that starts a job."""
    FAN_OUT = auto()
    """Not pressed at all: it stands for a job for each of the message's prompts."""
    IN_PLACE = auto()
    """The press changes the message that carries the button."""
    AT_ONCE = auto()
    """The press starts nothing that would have to be waited for."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What pressing a button does.

    Attributes:
        kind: What the button does, by its name.
        action: What a task that presses it does; None for what is no task's work.
        index: Which picture or prompt of the message, from 1; 0 where there is none to choose.
        manner: How it is carried out.
    """

    kind: ButtonKind
    action: Action | None
    index: int
    manner: Manner


_UUID = r"(?P<job_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_JOB = rf"::(?P<index>\d+)::{_UUID}(?P<solo>::SOLO)?(?:::.+)?"

_FORMS = [
    (re.compile(pattern), kind)
    for pattern, kind in (
        (rf"MJ::JOB::upsample{_JOB}", ButtonKind.UPSAMPLE),
        (rf"MJ::JOB::variation{_JOB}", ButtonKind.VARIATION),
        (rf"MJ::JOB::reroll{_JOB}", ButtonKind.REROLL),
        (rf"MJ::JOB::upsample_(?P<name>\w+){_JOB}", ButtonKind.UPSCALE),
        (rf"MJ::JOB::low_variation{_JOB}", ButtonKind.VARY_SUBTLE),
        (rf"MJ::JOB::high_variation{_JOB}", ButtonKind.VARY_STRONG),
        (rf"MJ::Inpaint{_JOB}", ButtonKind.VARY_REGION),
        (rf"MJ::Outpaint::(?P<name>100){_JOB}", ButtonKind.MAKE_SQUARE),
        (rf"MJ::Outpaint::(?P<name>\d+){_JOB}", ButtonKind.ZOOM_OUT),
        (rf"MJ::CustomZoom::{_UUID}", ButtonKind.CUSTOM_ZOOM),
        (rf"MJ::JOB::pan_(?P<name>left|right|up|down){_JOB}", ButtonKind.PAN),
        (rf"MJ::JOB::animate_(?P<name>high|low)_extend{_JOB}", ButtonKind.EXTEND_VIDEO),
        (rf"MJ::JOB::animate_(?P<name>high|low){_JOB}", ButtonKind.ANIMATE),
        (rf"MJ::JOB::video_virtual_upscale{_JOB}", ButtonKind.UPSCALE_VIDEO),
        (rf"MJ::JOB::remaster{_JOB}", ButtonKind.REMASTER),
        (rf"MJ::BOOKMARK::{_UUID}", ButtonKind.BOOKMARK),
        (r"MJ::Job::PicReader::(?P<index>\d)", ButtonKind.DESCRIPTION),
        (r"MJ::Job::PicReader::all", ButtonKind.ALL_DESCRIPTIONS),
        (r"MJ::Picread::Retry", ButtonKind.DESCRIBE_AGAIN),
        (r"MJ::Job::PromptAnalyzer::(?P<index>\d)", ButtonKind.SHORTENED_PROMPT),
        (r"MJ::Job::PromptAnalyzerExtended(?:::.*)?", ButtonKind.SHORTEN_DETAILS),
        (rf"MJ::CancelJob::ByJobid::{_UUID}", ButtonKind.CANCEL_JOB),
        (r"MJ::Prompts::Appeal::.+", ButtonKind.APPEAL),
    )
]

_MEANINGS = {
    ButtonKind.UPSAMPLE: (Action.UPSCALE, Manner.PRESS),
    ButtonKind.VARIATION: (Action.VARIATION, Manner.REMIX),
    ButtonKind.REROLL: (Action.REROLL, Manner.REMIX),
    ButtonKind.UPSCALE: (Action.UPSCALE, Manner.PRESS),
    ButtonKind.VARY_SUBTLE: (Action.VARIATION, Manner.REMIX),
    ButtonKind.VARY_STRONG: (Action.VARIATION, Manner.REMIX),
    ButtonKind.VARY_REGION: (Action.VARIATION, Manner.FRAME),
    ButtonKind.ZOOM_OUT: (Action.ZOOM, Manner.PRESS),
    ButtonKind.MAKE_SQUARE: (Action.ZOOM, Manner.PRESS),
    ButtonKind.CUSTOM_ZOOM: (Action.ZOOM, Manner.DIALOGUE),
    ButtonKind.PAN: (Action.PAN, Manner.REMIX),
    ButtonKind.ANIMATE: (Action.VIDEO, Manner.REMIX),
    ButtonKind.EXTEND_VIDEO: (Action.VIDEO, Manner.REMIX),
    ButtonKind.UPSCALE_VIDEO: (Action.UPSCALE, Manner.PRESS),
    ButtonKind.REMASTER: (Action.UPSCALE, Manner.PRESS),
    ButtonKind.BOOKMARK: (None, Manner.AT_ONCE),
    ButtonKind.DESCRIPTION: (Action.IMAGINE, Manner.DIALOGUE),
    ButtonKind.ALL_DESCRIPTIONS: (Action.IMAGINE, Manner.FAN_OUT),
    ButtonKind.DESCRIBE_AGAIN: (Action.DESCRIBE, Manner.IN_PLACE),
    ButtonKind.SHORTENED_PROMPT: (Action.IMAGINE, Manner.DIALOGUE),
    ButtonKind.SHORTEN_DETAILS: (Action.SHORTEN, Manner.IN_PLACE),
    ButtonKind.CANCEL_JOB: (None, Manner.AT_ONCE),
    ButtonKind.APPEAL: (None, Manner.AT_ONCE),
}

_MARKS = {ButtonKind.UPSAMPLE: "U", ButtonKind.VARIATION: "V", ButtonKind.REROLL: "R"}

_MOST_KEPT: Final = 2_000
"""How many parsed ids are kept: each report on a job brings those of its buttons again."""

UPSCALES_OF_GRIDS: Final = frozenset({ButtonKind.UPSAMPLE, ButtonKind.UPSCALE_VIDEO})
"""What the buttons U1 to U4 do, below pictures and below films."""

_OF_GRIDS = {
    Action.UPSCALE: UPSCALES_OF_GRIDS,
    Action.VARIATION: frozenset({ButtonKind.VARIATION}),
    Action.REROLL: frozenset({ButtonKind.REROLL}),
}


@lru_cache(_MOST_KEPT)
def parse(custom_id: str) -> CustomId:
    """Take a custom id apart; its kind is UNKNOWN if it has none of the known forms."""
    for form, kind in _FORMS:
        if match := form.fullmatch(custom_id):
            parts = match.groupdict()
            return CustomId(
                kind,
                name=parts.get("name") or "",
                index=int(parts.get("index") or 0),
                job_id=parts.get("job_id") or "",
                solo=bool(parts.get("solo")),
            )
    return CustomId(ButtonKind.UNKNOWN)


def meaning(custom_id: str) -> Meaning | None:
    """Return what pressing the button with this custom id does; None if nobody has seen such a button."""
    parsed = parse(custom_id)
    if parsed.kind is ButtonKind.UNKNOWN:
        return None
    action, manner = _MEANINGS[parsed.kind]
    return Meaning(parsed.kind, action, parsed.index, manner)


def mark(button: Button) -> str:
    """Return how a task's description names a button: U2, V3 and R for those of a grid, otherwise what it shows."""
    parsed = parse(button.custom_id)
    of_single_picture = parsed.solo and parsed.kind is not ButtonKind.REROLL
    letter = "" if of_single_picture else _MARKS.get(parsed.kind, "")
    return f"{letter}{parsed.index or ''}" if letter else button.label.strip() or button.emoji


def find(buttons: Iterable[Button], action: Action, index: int) -> Button | None:
    """Return the button of a grid that does the action with the index (0 for a reroll); None if none does."""
    kinds = _OF_GRIDS.get(action, frozenset())
    parsed = ((button, parse(button.custom_id)) for button in buttons)
    return next((button for button, each in parsed if each.kind in kinds and each.index == index), None)
