"""How a follow-up alters the prompt of the job that it builds on.

A pan replaces the aspect ratio by the one of the wider picture, an animation drops `--no` and adds parameters of its
own at the end (both observed in June 2026); Make Square drops the ratio for 1:1.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.bot.prompts import compose, head_of, options_of, short_link, text_of
from mjproxy_simulator.model.jobs import Variant

_SIDEWAYS: Final = {Variant.LEFT, Variant.RIGHT}
_DROPPED_BY_FILMS: Final = {"no", "ar", "aspect", "v", "niji", "raw", "style", "motion", "video", "zoom", "p"}


@dataclass(frozen=True, slots=True)
class Derived:
    """The prompt of a follow-up, as the bot writes it, and the aspect ratio of its pictures."""

    prompt: str
    aspect: tuple[int, int]


def panned(prompt: str, aspect: tuple[int, int], side: Variant) -> Derived:
    """Return the prompt of a pan: half a picture is added on one side."""
    width, height = aspect
    wider = _reduced(3 * width, 2 * height) if side in _SIDEWAYS else _reduced(2 * width, 3 * height)
    return Derived(_with_ratio(prompt, wider), wider)


def squared(prompt: str) -> Derived:
    """Return the prompt of Make Square."""
    return Derived(_with_ratio(prompt, (1, 1)), (1, 1))


def animated(prompt: str, aspect: tuple[int, int], motion: Variant, start_frame: str | None) -> Derived:
    """Return the prompt of a film, which begins with the link of its start frame, if one is given."""
    kept = _without(prompt, _DROPPED_BY_FILMS)
    added = [("raw", ""), ("motion", str(motion)), ("video", "1"), ("aspect", _ratio(aspect))]
    link = "" if start_frame is None else short_link(start_frame)
    head = f"{link} {text_of(prompt)}".strip()
    return Derived(compose(head, [*kept, *added]), aspect)


def remastered(prompt: str, aspect: tuple[int, int], version: str) -> Derived:
    """Return the prompt of Remaster: the same picture, drawn by a newer version."""
    return Derived(compose(head_of(prompt), [*_without(prompt, {"v", "niji"}), ("v", version)]), aspect)


def for_zoom_form(prompt: str, aspect: tuple[int, int]) -> str:
    """Return what stands at first in the form of Custom Zoom."""
    kept = _without(prompt, {"ar", "zoom"})
    return compose(head_of(prompt), [*kept, ("ar", _ratio(aspect)), ("zoom", "1.8")])


def _with_ratio(prompt: str, aspect: tuple[int, int]) -> str:
    return compose(head_of(prompt), [*_without(prompt, {"ar"}), ("ar", _ratio(aspect))])


def _without(prompt: str, names: Collection[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in options_of(prompt) if name not in names]


def _ratio(aspect: tuple[int, int]) -> str:
    return f"{aspect[0]}:{aspect[1]}"


def _reduced(width: int, height: int) -> tuple[int, int]:
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor
