"""How the bots treat the user of an account, as the control API shows and changes it."""

from dataclasses import replace
from typing import Final

from pydantic import Field, field_validator

from mjproxy_simulator.bot.notices import NOTICES
from mjproxy_simulator.control.answers import Body
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.model.members import Member, Mode, Plan, Usage

_SECONDS_OF_AN_HOUR: Final = 3600
_MANY: Final = 1_000_000


class MemberChanges(Body):
    """What can be changed; what is not given stays as it is.

    Attributes:
        hold: The notice (by name) with which every request to draw is answered; null for none.
        fast_hours_used: How much computing time was used up.
    """

    plan: Plan | None = None
    mode: Mode | None = None
    stealth: bool | None = None
    remix: bool | None = None
    concurrency: int | None = Field(default=None, ge=1, le=_MANY)
    queue: int | None = Field(default=None, ge=0, le=_MANY)
    hold: str | None = None
    fast_hours_used: float | None = Field(default=None, ge=0, le=_MANY)

    @field_validator("hold")
    @classmethod
    def _is_known(cls, hold: str | None) -> str | None:
        if hold is not None and hold not in NOTICES:
            raise ValueError(f"must be one of {', '.join(NOTICES)}")
        return hold

    def apply(self, member: Member) -> Member:
        """Return a user with the changes."""
        given = {name: getattr(self, name) for name in self.model_fields_set & _PLAIN}
        meant = {name: value for name, value in given.items() if value is not None or name in _MAY_BE_NONE}
        changed = replace(member, **meant)
        if self.fast_hours_used is None:
            return changed
        return replace(changed, fast=Usage(member.fast.images, self.fast_hours_used * _SECONDS_OF_AN_HOUR))


def member_form(member: Member) -> Json:
    """Return what is known of a user."""
    return {
        "plan": member.plan,
        "mode": member.mode,
        "stealth": member.stealth,
        "remix": member.remix,
        "concurrency": member.concurrency,
        "queue": member.queue,
        "hold": member.hold,
        "fast_hours_used": round(member.fast.hours, 4),
    }


_PLAIN: Final = {"plan", "mode", "stealth", "remix", "concurrency", "queue", "hold"}
_MAY_BE_NONE: Final = {"concurrency", "hold"}
