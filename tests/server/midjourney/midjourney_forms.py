"""What the bot writes about its jobs while they wait, while they run and when they are done."""

from dataclasses import dataclass

PLAIN = "**{p}** - <@{u}>"
_VARIED = "Making variations for image #{n} with prompt " + PLAIN
_UPSCALED = "Upscaling image #{n} with " + PLAIN


@dataclass(frozen=True)
class Form:
    waiting: str = PLAIN
    running: str = PLAIN
    done: str = PLAIN + " (fast)"


def _by(deed: str, waiting: str = PLAIN, running: str = "") -> Form:
    text = "**{p}** - " + deed + " by <@{u}>"
    return Form(waiting, f"**{{p}}** - {running} by <@{{u}}>" if running else text, f"{text} (fast)")


FORMS = {
    "imagine": Form(),
    "blend": Form(),
    "reroll": Form(),
    "description": Form(),
    "upsample": Form(_UPSCALED, _UPSCALED, "**{p}** - Image #{n} <@{u}>"),
    "variation": _by("Variations (Strong)", _VARIED),
    "subtle": _by("Variations (Subtle)", _VARIED),
    "strong": _by("Variations (Strong)", _VARIED),
    "region": _by("Variations (Region)"),
    "upscale subtle": _by("Upscaled (Subtle)", _UPSCALED, "Upscaling"),
    "upscale creative": _by("Upscaled", _UPSCALED, "Upscaling"),
    "zoom": _by("Zoom Out"),
    "custom zoom": _by("Zoom Out"),
    "pan left": _by("Pan Left"),
    "pan right": _by("Pan Right"),
    "animate": Form("Creating video with prompt " + PLAIN),
}
INDEXED = ("upsample", "variation", "description")
"""What can be done to each picture or prompt of a message; to all else there is one."""

DRAWN = tuple(kind for kind in FORMS if kind not in {"imagine", "blend", "description"})
"""What buttons of a message with pictures do."""
