"""What `/info` tells a user about the account."""

from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.model.members import Member, Plan, Usage
from mjproxy_simulator.model.messages import Embed
from mjproxy_simulator.model.seeds import Seed

COLOR: Final = 0x2B2D31
_MONTH: Final = 30 * 86_400
_IDS: Final = Seed("midjourney users")


@dataclass(frozen=True, slots=True)
class Line:
    """A user's place in the queue: jobs that wait, by the way they are paid for, and the ids of those that run."""

    fast: int = 0
    relaxed: int = 0
    running: tuple[str, ...] = ()


def info(member: Member, username: str, line: Line, now: float) -> Embed:
    """Return what is told; `now` is in Unix seconds."""
    rows = {
        "User ID": _IDS.uuid(member.user_id),
        "Subscription": _subscription(member.plan, now),
        "Job Mode": member.mode.capitalize(),
        "Visibility Mode": "Stealth" if member.stealth else "Public",
        "Fast Time Remaining": _remaining(member),
        "Lifetime Usage": _usage(member.fast.plus(member.relaxed.images, member.relaxed.seconds)),
        "Relaxed Usage": _usage(member.relaxed),
    }
    jobs = {
        "Queued Jobs (fast)": str(line.fast),
        "Queued Jobs (relax)": str(line.relaxed),
        "Running Jobs": ", ".join(line.running) or "None",
    }
    return Embed(f"Your info - {username}", f"{_listed(rows)}\n\n{_listed(jobs)}", COLOR)


def _listed(rows: dict[str, str]) -> str:
    return "\n".join(f"**{name}**: {value}" for name, value in rows.items())


def _subscription(plan: Plan, now: float) -> str:
    if plan is Plan.NONE:
        return "None"
    renewal = (int(now) // _MONTH + 1) * _MONTH
    return f"{plan.capitalize()} (Active monthly, renews next on <t:{renewal}>)"


def _remaining(member: Member) -> str:
    left, whole = member.fast_hours_left, member.terms.fast_hours
    return f"{left:.2f}/{whole:.1f} hours ({100 * left / whole if whole else 0:.2f}%)"


def _usage(usage: Usage) -> str:
    return f"{usage.images} images ({usage.hours:.2f} hours)"
