"""The buttons that the bot puts under its messages.

Labels, emojis and custom ids are those that were seen on the real bot (2023 to 2026); how the rows of a single picture
are split in 2026 was not.
"""

from collections.abc import Callable
from typing import Final

from mjproxy_simulator.bot.prompts import options_of
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Button, ButtonStyle, Row
from mjproxy_simulator.uncertain import Uncertain

_UPSCALES: Final = {
    "v7": (("v7_2x_subtle", "Upscale (Subtle)"), ("v7_2x_creative", "Upscale (Creative)")),
    "v6r1": (("v6r1_2x_subtle", "Upscale (Subtle)"), ("v6r1_2x_creative", "Upscale (Creative)")),
    "v6": (("v6_2x_subtle", "Upscale (Subtle)"), ("v6_2x_creative", "Upscale (Creative)")),
    "v5": (("v5_2x", "Upscale (2x)"), ("v5_4x", "Upscale (4x)")),
    "v4": (("light", "Light Upscale Redo"), ("beta", "Beta Upscale Redo"), ("max", "Max Upscale Redo")),
}
_ROW: Final = 5
_NUMBERS: Final = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣")
_ARROWS: Final = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}


def rows_of_progress(job: Job) -> tuple[Row, ...]:
    """Return the rows of a job at work; one that a command started cannot be cancelled by a button."""
    if job.custom_id is None:
        return ()
    button = Button(f"MJ::CancelJob::ByJobid::{job.id}", "Cancel Job", style=ButtonStyle.DANGER)
    return ((button,),)


def rows_of_result(job: Job, how: Uncertain) -> tuple[Row, ...]:
    """Return the rows of a job that is done."""
    rows = _RESULTS.get(job.kind, _grid)(job)
    return _packed(rows) if job.kind is Kind.UPSCALE and how.solo_rows == "packed" else rows


def rows_of_description() -> tuple[Row, ...]:
    """Return the rows under the prompts that describe a picture."""
    numbers = tuple(Button(f"MJ::Job::PicReader::{n}", emoji=emoji) for n, emoji in enumerate(_NUMBERS[:4], 1))
    retry = Button("MJ::Picread::Retry", emoji="🔄")
    return ((*numbers, retry), (Button("MJ::Job::PicReader::all", "Imagine all", "🎉"),))


def rows_of_analysis(prompts: int, details_id: str | None = None) -> tuple[Row, ...]:
    """Return the rows under shortened prompts; `details_id` is that of the button which shows more, None for none."""
    numbers = tuple(
        Button(f"MJ::Job::PromptAnalyzer::{n}", emoji=emoji) for n, emoji in enumerate(_NUMBERS[:prompts], 1)
    )
    return (numbers,) if details_id is None else (numbers, (Button(details_id, "Show Details"),))


def details_id(job: Job, how: Uncertain) -> str:
    """Return the custom id of the button that shows more about a prompt; it may have a suffix, which was not seen."""
    name = "MJ::Job::PromptAnalyzerExtended"
    return f"{name}::{job.id}" if how.details_custom_id == "with_job" else name


def model_of(job: Job) -> str:
    """Return the model that drew a job, as the custom ids of upscales name it; empty for newer ones."""
    options = dict(options_of(job.prompt))
    if "niji" in options:
        return "v7" if options["niji"] == "7" else "v6"
    version = float(options.get("v", "7.0"))
    if version >= 8:
        return ""
    if version >= 7:
        return "v7"
    if version >= 6.1:
        return "v6r1"
    if version >= 6:
        return "v6"
    return "v5" if version >= 5 else "v4"


def _grid(job: Job) -> tuple[Row, ...]:
    upscales = tuple(Button(f"MJ::JOB::upsample::{n}::{job.id}", f"U{n}") for n in range(1, 5))
    variations = tuple(Button(f"MJ::JOB::variation::{n}::{job.id}", f"V{n}") for n in range(1, 5))
    if job.profile is Profile.OF_2023:
        return ((*upscales, _reroll(job)), variations)
    return ((*upscales, _reroll(job)), (*variations, _website(job, "\u200b")))


def _solo(job: Job) -> tuple[Row, ...]:
    model = model_of(job)
    if not model:
        return (_variations(job), _animations(job))
    if model == "v4":
        return ((_button(job, "JOB::variation::1", "Make Variations", "🪄"), *_upscales(job, model)), _old_ends(job))
    rows = (_upscales(job, model), _variations(job), _zooms(job), _pans(job))
    return (*rows, _animations(job) if job.profile is Profile.OF_2026 else _ends(job))


def _packed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return the same buttons in rows as long as Discord lets them be."""
    every = [button for row in rows for button in row]
    return tuple(tuple(every[start : start + _ROW]) for start in range(0, len(every), _ROW))


def _hd(job: Job) -> tuple[Row, ...]:
    model = model_of(job)
    upscales = _upscales(job, model, redo="" if model == "v4" else "Redo ")
    if job.profile is Profile.OF_2023:
        return (upscales, _variations(job)[:2], _ends(job))
    return (upscales, _variations(job)[:2], _animations(job))


def _films(job: Job) -> tuple[Row, ...]:
    upscales = tuple(Button(f"MJ::JOB::video_virtual_upscale::{n}::{job.id}", f"U{n}") for n in range(1, 5))
    return ((*upscales, _reroll(job)), (_website(job, "\u200b"),))


def _film(job: Job) -> tuple[Row, ...]:
    extensions = tuple(
        Button(f"MJ::JOB::animate_{motion}_extend::1::{job.id}", f"Extend ({motion.capitalize()} motion)", "🎞️")
        for motion in ("high", "low")
    )
    return (extensions, _ends(job))


def _nothing(job: Job) -> tuple[Row, ...]:  # noqa: ARG001 -- one of several alike
    return ()


_RESULTS: Final[dict[Kind, Callable[[Job], tuple[Row, ...]]]] = {
    Kind.UPSCALE: _solo,
    Kind.UPSCALE_HD: _hd,
    Kind.ANIMATE: _films,
    Kind.EXTEND: _films,
    Kind.VIDEO_UPSCALE: _film,
    Kind.FACE_SWAP: _nothing,
}


def _upscales(job: Job, model: str, redo: str = "") -> Row:
    emoji = "upscale_1"
    return tuple(
        _button(job, f"JOB::upsample_{name}::1", redo + label, emoji) for name, label in _UPSCALES.get(model, ())
    )


def _variations(job: Job) -> Row:
    return (
        _button(job, "JOB::low_variation::1", "Vary (Subtle)", "🪄"),
        _button(job, "JOB::high_variation::1", "Vary (Strong)", "🪄"),
        _button(job, "Inpaint::1", "Vary (Region)", "🖌️"),
    )


def _zooms(job: Job) -> Row:
    zooms = (
        _button(job, "Outpaint::50::1", "Zoom Out 2x", "🔍"),
        _button(job, "Outpaint::75::1", "Zoom Out 1.5x", "🔍"),
        Button(f"MJ::CustomZoom::{job.id}", "Custom Zoom", "🔍"),
    )
    width, height = job.aspect
    return zooms if width == height else (*zooms, _button(job, "Outpaint::100::1", "Make Square", "↔️"))


def _pans(job: Job) -> Row:
    return tuple(_button(job, f"JOB::pan_{side}::1", None, arrow) for side, arrow in _ARROWS.items())


def _animations(job: Job) -> Row:
    return (
        _button(job, "JOB::animate_high::1", "Animate (High motion)", "🎞️"),
        _button(job, "JOB::animate_low::1", "Animate (Low motion)", "🎞️"),
        *_ends(job),
    )


def _ends(job: Job) -> Row:
    return (Button(f"MJ::BOOKMARK::{job.id}", emoji="❤️"), _website(job, "Web"))


def _old_ends(job: Job) -> Row:
    return (_button(job, "JOB::remaster::1", "Remaster", "🆕"), *_ends(job))


def _reroll(job: Job) -> Button:
    return _button(job, "JOB::reroll::0", None, "🔄")


def _button(job: Job, action: str, label: str | None, emoji: str) -> Button:
    return Button(f"MJ::{action}::{job.id}::SOLO", label, emoji)


def _website(job: Job, label: str) -> Button:
    page = f"app/jobs/{job.id}/" if job.profile is Profile.OF_2023 else f"jobs/{job.id}"
    return Button(label=label, style=ButtonStyle.LINK, url=f"https://www.midjourney.com/{page}")
