"""The parameters of a prompt (`--ar 3:2`): which exist, what they take, and how the bot writes them back.

The order of the table is the order in which the bot lists them. What it really does with every one of them is not
known; the rules seen most often are played: defaults are dropped, versions get a decimal, aliases their usual form.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_RATIO: Final = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
_CODE: Final = re.compile(r"[a-z0-9]{7}|m\d+")


class ParameterError(ValueError):
    """A value that a parameter does not take; the text says what it would take."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter.

    Attributes:
        name: As the bot writes it.
        normalise: Gives a value its usual form. Raises ParameterError for one that is not taken.
        takes: How many words belong to it; None for all up to the next parameter.
        default: The value that is not worth writing.
    """

    name: str
    normalise: Callable[[str], str]
    takes: int | None = 1
    default: str | None = None


def parse_ratio(value: str) -> tuple[int, int]:
    """Return width and height of an aspect ratio such as `3:2`.

    Raises:
        ParameterError: It is none, or one side is more than fourteen times the other.
    """
    match = _RATIO.fullmatch(value)
    if match is None:
        raise ParameterError("two whole numbers such as 3:2")
    width, height = int(match[1]), int(match[2])
    if max(width, height) > 14 * min(width, height):
        raise ParameterError("a ratio between 1:14 and 14:1")
    return width, height


def _ratio(value: str) -> str:
    width, height = parse_ratio(value)
    return f"{width}:{height}"


def _number(low: float, high: float) -> Callable[[str], str]:
    def normalise(value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ParameterError(f"a number from {low} to {high}")
        return f"{int(number)}" if number == int(number) else f"{number:g}"

    return normalise


def _words(value: str) -> str:
    if not value:
        raise ParameterError("a value")
    return value


def _one_of(*values: str) -> Callable[[str], str]:
    def normalise(value: str) -> str:
        if value not in values:
            raise ParameterError(f"one of {', '.join(values)}")
        return value

    return normalise


def _version(value: str) -> str:
    return f"{float(_number(1, 8.9)(value)):.1f}"


def _profile(value: str) -> str:
    """Return the codes that stand for personal profiles; the user's own one where none is named."""
    return " ".join(name if _CODE.fullmatch(name) else _code(name) for name in value.split() or [""])


def _code(name: str) -> str:
    return base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:7].lower()


def _nothing(value: str) -> str:
    return value


PARAMETERS: Final = (
    Parameter("ar", _ratio),
    Parameter("chaos", _number(0, 100), default="0"),
    Parameter("seed", _number(0, 4_294_967_295)),
    Parameter("stop", _number(10, 100), default="100"),
    Parameter("tile", _nothing, takes=0),
    Parameter("iw", _number(0, 3)),
    Parameter("sref", _words, takes=None),
    Parameter("sw", _number(0, 1000)),
    Parameter("cref", _words, takes=None),
    Parameter("cw", _number(0, 100)),
    Parameter("oref", _words, takes=None),
    Parameter("ow", _number(1, 1000)),
    Parameter("no", _words, takes=None),
    Parameter("exp", _number(0, 100), default="0"),
    Parameter("weird", _number(0, 3000), default="0"),
    Parameter("q", _number(0.25, 4), default="1"),
    Parameter("s", _number(0, 1000), default="100"),
    Parameter("style", _words),
    Parameter("draft", _nothing, takes=0),
    Parameter("hd", _nothing, takes=0),
    Parameter("zoom", _number(1, 2)),
    Parameter("p", _profile, takes=None),
    Parameter("niji", _number(4, 7)),
    Parameter("v", _version),
    Parameter("raw", _nothing, takes=0),
    Parameter("motion", _one_of("low", "high")),
    Parameter("loop", _nothing, takes=0),
    Parameter("bs", _one_of("1", "2", "4"), default="4"),
    Parameter("video", _one_of("1")),
    Parameter("aspect", _ratio),
)
ALIASES: Final = {
    "aspect": "ar",
    "c": "chaos",
    "w": "weird",
    "quality": "q",
    "stylize": "s",
    "profile": "p",
    "personalize": "p",
    "version": "v",
}
MODES: Final = {"fast": "fast", "relax": "relaxed", "turbo": "turbo"}
"""Parameters that choose how the job is paid for; the bot shows them as the mode, not in the prompt."""
VISIBILITY: Final = {"public", "stealth"}
"""Parameters that choose who may see the job; `stealth` is shown beside the mode."""
