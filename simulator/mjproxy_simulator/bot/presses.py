"""What a pressed button or a chosen option asks for, read from its custom id.

The ids are those that clients have seen on the real bot; those of the buttons on notices (Acknowledge, Resubmit,
Accept ToS) and of most settings were never captured, and are the simulator's own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mjproxy_simulator.model.jobs import Kind, Variant

_UUID: Final = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_UPSCALES_HD: Final = {
    "v7_2x_subtle": Variant.SUBTLE,
    "v7_2x_creative": Variant.CREATIVE,
    "v6r1_2x_subtle": Variant.SUBTLE,
    "v6r1_2x_creative": Variant.CREATIVE,
    "v6_2x_subtle": Variant.SUBTLE,
    "v6_2x_creative": Variant.CREATIVE,
    "v5_2x": Variant.TWOFOLD,
    "v5_4x": Variant.FOURFOLD,
    "light": Variant.LIGHT,
    "beta": Variant.BETA,
    "max": Variant.MAX,
}
_ZOOMS: Final = {"50": 2.0, "75": 1.5}


@dataclass(frozen=True, slots=True)
class JobPress:
    """A button that starts a job on picture `index` of another (1 to 4), or on all of it (0).

    Attributes:
        zoom: How much more is to be seen, for a zoom.
    """

    kind: Kind
    index: int
    job_id: str
    variant: Variant | None = None
    zoom: float | None = None


@dataclass(frozen=True, slots=True)
class CancelPress:
    """The button that stops a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class CustomZoomPress:
    """The button that asks how far to zoom out."""

    job_id: str


@dataclass(frozen=True, slots=True)
class RegionPress:
    """The button that opens the page on which a region is marked."""

    job_id: str
    index: int


@dataclass(frozen=True, slots=True)
class BookmarkPress:
    """The heart."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SuggestionPress:
    """The button of one of the prompts that the bot suggests; 0 stands for all of them."""

    kind: Kind
    number: int


@dataclass(frozen=True, slots=True)
class RetryPress:
    """The button that has a picture described once more."""


@dataclass(frozen=True, slots=True)
class DetailsPress:
    """The button that shows the weights of a prompt's words."""


@dataclass(frozen=True, slots=True)
class SettingPress:
    """A button, or with `value` None the menu, of the settings."""

    name: str
    value: str | None


class Remedy(StrEnum):
    """What a button on a notice does about it."""

    APPEAL = "Appeal"
    ACKNOWLEDGE = "Acknowledge"
    RESUBMIT = "Resubmit"
    ACCEPT_TOS = "AcceptToS"
    CONTINUE = "Continue"


@dataclass(frozen=True, slots=True)
class RemedyPress:
    """A button on a notice."""

    remedy: Remedy


@dataclass(frozen=True, slots=True)
class UnknownPress:
    """A button that the bot does not know."""

    custom_id: str


Press = (
    JobPress
    | CancelPress
    | CustomZoomPress
    | RegionPress
    | BookmarkPress
    | SuggestionPress
    | RetryPress
    | DetailsPress
    | SettingPress
    | RemedyPress
    | UnknownPress
)
_Reader = Callable[[re.Match[str]], Press]
_READERS: Final[dict[str, _Reader]] = {
    rf"MJ::CancelJob::ByJobid::{_UUID}": lambda m: CancelPress(m[1]),
    rf"MJ::JOB::upsample::([1-4])::{_UUID}": lambda m: JobPress(Kind.UPSCALE, int(m[1]), m[2]),
    rf"MJ::JOB::variation::([1-4])::{_UUID}": lambda m: JobPress(Kind.VARIATION, int(m[1]), m[2]),
    rf"MJ::JOB::variation::(1)::{_UUID}::SOLO": lambda m: JobPress(Kind.VARIATION, 1, m[2]),
    rf"MJ::JOB::low_variation::(1)::{_UUID}::SOLO": lambda m: JobPress(Kind.VARIATION, 1, m[2], Variant.SUBTLE),
    rf"MJ::JOB::high_variation::(1)::{_UUID}::SOLO": lambda m: JobPress(Kind.VARIATION, 1, m[2], Variant.STRONG),
    rf"MJ::JOB::reroll::(0)::{_UUID}::SOLO": lambda m: JobPress(Kind.REROLL, 0, m[2]),
    rf"MJ::JOB::remaster::(1)::{_UUID}::SOLO": lambda m: JobPress(Kind.REMASTER, 1, m[2]),
    rf"MJ::JOB::upsample_({'|'.join(_UPSCALES_HD)})::1::{_UUID}::SOLO": lambda m: JobPress(
        Kind.UPSCALE_HD, 1, m[2], _UPSCALES_HD[m[1]]
    ),
    rf"MJ::JOB::pan_(left|right|up|down)::1::{_UUID}::SOLO": lambda m: JobPress(Kind.PAN, 1, m[2], Variant(m[1])),
    rf"MJ::Outpaint::(50|75)::1::{_UUID}::SOLO": lambda m: JobPress(Kind.ZOOM, 1, m[2], zoom=_ZOOMS[m[1]]),
    rf"MJ::Outpaint::(100)::1::{_UUID}::SOLO": lambda m: JobPress(Kind.SQUARE, 1, m[2]),
    rf"MJ::JOB::animate_(low|high)::1::{_UUID}::SOLO": lambda m: JobPress(Kind.ANIMATE, 1, m[2], Variant(m[1])),
    rf"MJ::JOB::animate_(low|high)_extend::([1-4])::{_UUID}": lambda m: JobPress(
        Kind.EXTEND, int(m[2]), m[3], Variant(m[1])
    ),
    rf"MJ::JOB::video_virtual_upscale::([1-4])::{_UUID}": lambda m: JobPress(Kind.VIDEO_UPSCALE, int(m[1]), m[2]),
    rf"MJ::CustomZoom::{_UUID}": lambda m: CustomZoomPress(m[1]),
    rf"MJ::Inpaint::(1)::{_UUID}::SOLO": lambda m: RegionPress(m[2], int(m[1])),
    rf"MJ::BOOKMARK::{_UUID}": lambda m: BookmarkPress(m[1]),
    r"MJ::Job::PicReader::([1-4])": lambda m: SuggestionPress(Kind.DESCRIBE, int(m[1])),
    r"MJ::Job::PicReader::all": lambda _: SuggestionPress(Kind.DESCRIBE, 0),
    r"MJ::Picread::Retry": lambda _: RetryPress(),
    r"MJ::Job::PromptAnalyzer::([1-5])": lambda m: SuggestionPress(Kind.SHORTEN, int(m[1])),
    rf"MJ::Job::PromptAnalyzerExtended(?:::{_UUID})?": lambda _: DetailsPress(),
    r"MJ::Settings::(VersionSelector)": lambda m: SettingPress(m[1], None),
    r"MJ::Settings::(\w+)(?:::(\w+))?": lambda m: SettingPress(m[1], m[2] or ""),
    rf"MJ::Prompts::({'|'.join(Remedy)})::[\w-]+": lambda m: RemedyPress(Remedy(m[1])),
}
_PATTERNS: Final = tuple((re.compile(pattern), reader) for pattern, reader in _READERS.items())


def read(custom_id: str) -> Press:
    """Return what a button asks for."""
    for pattern, reader in _PATTERNS:
        if match := pattern.fullmatch(custom_id):
            return reader(match)
    return UnknownPress(custom_id)


def kind_of_press(custom_id: str) -> str:
    """Return what a button is about, in one word."""
    match read(custom_id):
        case JobPress(kind=kind):
            return str(kind)
        case UnknownPress():
            return "other"
        case press:
            return _NAMES[type(press)]


_NAMES: Final[dict[type, str]] = {
    CancelPress: "cancel",
    CustomZoomPress: "custom_zoom",
    RegionPress: "region",
    BookmarkPress: "bookmark",
    SuggestionPress: "suggestion",
    RetryPress: "retry",
    DetailsPress: "details",
    SettingPress: "setting",
    RemedyPress: "remedy",
}
