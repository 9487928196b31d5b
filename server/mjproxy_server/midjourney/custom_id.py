"""The custom ids of the bot's components: what pressing a button means, told by its id.

One table names every form observed between 2023 and 2026, so that a button which is known, but not acted on, can be
told from one that nobody has seen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto

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

_ACTIONS = {
    ButtonKind.UPSAMPLE: Action.UPSCALE,
    ButtonKind.VARIATION: Action.VARIATION,
    ButtonKind.REROLL: Action.REROLL,
}


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


def action_of(custom_id: str) -> tuple[Action, int] | None:
    """Return the action of a button and its index (0 for a reroll); None if the button is not acted on."""
    parsed = parse(custom_id)
    action = _ACTIONS.get(parsed.kind)
    return (action, parsed.index) if action else None


def find(buttons: Iterable[Button], action: Action, index: int) -> Button | None:
    """Return the button that does the action with the index (0 for a reroll); None if none does."""
    return next((button for button in buttons if action_of(button.custom_id) == (action, index)), None)
