"""What the bots know of a user: the plan, the preferences, and what was used up."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Plan(StrEnum):
    """What a user pays for."""

    NONE = "none"
    BASIC = "basic"
    STANDARD = "standard"
    PRO = "pro"
    MEGA = "mega"


class Mode(StrEnum):
    """How a job is paid for; the values are what the bot writes behind a prompt."""

    FAST = "fast"
    RELAXED = "relaxed"
    TURBO = "turbo"


class Variability(StrEnum):
    """How far variations go from their source."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan allows.

    Attributes:
        fast_hours: Computing time a month, in hours.
        fast_jobs: Jobs that run at the same time; `relaxed_jobs` are those in relaxed mode (0: there is none).
        stealth: Whether jobs can be hidden from others.
    """

    fast_hours: float
    fast_jobs: int
    relaxed_jobs: int
    stealth: bool


TERMS: Final = {
    Plan.NONE: Terms(0.0, 0, 0, stealth=False),
    Plan.BASIC: Terms(3.3, 3, 0, stealth=False),
    Plan.STANDARD: Terms(15.0, 3, 3, stealth=False),
    Plan.PRO: Terms(30.0, 12, 3, stealth=True),
    Plan.MEGA: Terms(60.0, 12, 3, stealth=True),
}
"""Midjourney's plans, as its documentation compares them (2025)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What jobs of one way of paying have come to."""

    images: int = 0
    seconds: float = 0.0

    @property
    def hours(self) -> float:
        """The computing time in hours."""
        return self.seconds / 3600

    def plus(self, images: int, seconds: float) -> "Usage":
        """Return the usage with one more job in it."""
        return Usage(self.images + images, self.seconds + seconds)


@dataclass(frozen=True, slots=True)
class Face:
    """A face that the face-swap bot keeps under a name."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class CustomOption:
    """A name (`--mine` without the dashes) that stands for something in prompts."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Member:
    """A user as the bots know it; they share what they know.

    Attributes:
        concurrency: Jobs at the same time, in place of what the plan allows; None for the plan's.
        queue: How many jobs may wait.
        version: The model version chosen in the settings, such as "6.1" or "niji 6"; None for the bot's own choice.
        suffix: What is appended to every prompt.
        options: The user's own options, which stand for others in prompts.
        auto_dm: Whether results are sent to the private channel as well.
        fast: What was used in fast and turbo mode; `relaxed` in relaxed mode.
        hold: The notice (by name) with which every request to draw is answered; None for none.
        faces: The faces kept; `face` names the one in use.
    """

    user_id: int
    plan: Plan = Plan.MEGA
    concurrency: int | None = None
    queue: int = 10
    mode: Mode = Mode.FAST
    stealth: bool = False
    remix: bool = False
    auto_dm: bool = False
    raw: bool = False
    stylize: int = 100
    variability: Variability = Variability.HIGH
    version: str | None = None
    suffix: str = ""
    options: tuple[CustomOption, ...] = ()
    fast: Usage = Usage()
    relaxed: Usage = Usage()
    hold: str | None = None
    faces: tuple[Face, ...] = ()
    face: str | None = None

    @property
    def terms(self) -> Terms:
        """What the plan allows."""
        return TERMS[self.plan]

    @property
    def fast_hours_left(self) -> float:
        """How much computing time is left."""
        return max(0.0, self.terms.fast_hours - self.fast.hours)

    def slots(self, mode: Mode) -> int:
        """Return how many jobs run at the same time."""
        if self.concurrency is not None:
            return self.concurrency
        return self.terms.relaxed_jobs if mode is Mode.RELAXED else self.terms.fast_jobs

    def charged(self, mode: Mode, images: int, seconds: float) -> "Member":
        """Return the user with one more job used up; in turbo mode it costs twice as much."""
        if mode is Mode.RELAXED:
            return replace(self, relaxed=self.relaxed.plus(images, seconds))
        return replace(self, fast=self.fast.plus(images, seconds * (2 if mode is Mode.TURBO else 1)))

    def find_face(self, name: str) -> Face | None:
        """Return a face that is kept."""
        return next((face for face in self.faces if face.name == name), None)
