"""The message with which a user sees and changes the settings.

Of the custom ids only those of the menu, of Remix mode, High Variation Mode, raw style and Relax mode were captured;
the others are made after them.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mjproxy_simulator.model.members import Member, Mode, Variability
from mjproxy_simulator.model.messages import Button, ButtonStyle, Choice, Row, Select

TEXT: Final = "Adjust your settings here. Current suffix:"
_VERSIONS: Final = {
    "8": "Midjourney Model V8",
    "7": "Midjourney Model V7",
    "6.1": "Midjourney Model V6.1",
    "6": "Midjourney Model V6",
    "5.2": "Midjourney Model V5.2",
    "4": "Midjourney Model V4",
    "niji 7": "Niji Model V7",
    "niji 6": "Niji Model V6",
}
_STYLIZE: Final = {50: "Stylize low", 100: "Stylize med", 250: "Stylize high", 750: "Stylize very high"}
_MODES: Final = {
    "TurboMode": ("Turbo mode", Mode.TURBO),
    "FastMode": ("Fast mode", Mode.FAST),
    "RelaxMode": ("Relax mode", Mode.RELAXED),
}
_NEWEST: Final = "7"
_USUAL_STYLIZE: Final = 100


def text(member: Member) -> str:
    """Return the text above the settings."""
    return f"{TEXT} {member.suffix}" if member.suffix else TEXT.partition(" Current")[0]


def rows(member: Member) -> tuple[Row, ...]:
    """Return the menu and the buttons; those that are on are green."""
    prefix = "MJ::Settings::"
    versions = tuple(Choice(label, value, value == (member.version or _NEWEST)) for value, label in _VERSIONS.items())
    return (
        (Select(f"{prefix}VersionSelector", versions),),
        (
            _button("Style::raw", "RAW Mode", on=member.raw),
            *(_button(f"Stylization::{value}", label, on=member.stylize == value) for value, label in _STYLIZE.items()),
        ),
        (
            _button("PrivateMode::off", "Public mode", on=not member.stealth),
            _button("RemixMode", "Remix mode", on=member.remix),
            _button("HighVariabilityMode::1", "High Variation Mode", on=member.variability is Variability.HIGH),
            _button("HighVariabilityMode::0", "Low Variation Mode", on=member.variability is Variability.LOW),
        ),
        (
            *(_button(f"{name}::on", label, on=member.mode is mode) for name, (label, mode) in _MODES.items()),
            Button(f"{prefix}Reset", "Reset Settings"),
        ),
    )


def changed(member: Member, name: str, value: str) -> Member | None:
    """Return a user with a setting changed; None if there is no such setting, or no such value of it."""
    change = _CHANGES.get(name)
    return None if change is None else change(member, value)


def with_mode(member: Member, mode: Mode) -> Member:
    """Return a user whose jobs are paid for in another way; as before, if the plan does not have it."""
    possible = mode is not Mode.RELAXED or member.terms.relaxed_jobs > 0
    return replace(member, mode=mode) if possible else member


def with_stealth(member: Member, *, stealth: bool) -> Member:
    """Return a user whose jobs are hidden or not; not, if the plan does not have it."""
    return replace(member, stealth=stealth and member.terms.stealth)


def _choose_version(member: Member, value: str) -> Member | None:
    return replace(member, version=value) if value in _VERSIONS else None


def _stylize(member: Member, value: str) -> Member | None:
    return replace(member, stylize=int(value)) if value.isdecimal() and int(value) in _STYLIZE else None


def _variability(member: Member, value: str) -> Member:
    return replace(member, variability=Variability.HIGH if value == "1" else Variability.LOW)


def _visibility(member: Member, _: str) -> Member:
    return with_stealth(member, stealth=not member.stealth)


def _reset(member: Member, _: str) -> Member:
    return replace(
        member,
        mode=Mode.FAST,
        stealth=False,
        remix=False,
        raw=False,
        stylize=_USUAL_STYLIZE,
        variability=Variability.HIGH,
        version=None,
        suffix="",
    )


def _mode(mode: Mode) -> Callable[[Member, str], Member]:
    return lambda member, _: with_mode(member, mode)


_CHANGES: Final[dict[str, Callable[[Member, str], Member | None]]] = {
    "VersionSelector": _choose_version,
    "Style": lambda member, _: replace(member, raw=not member.raw),
    "Stylization": _stylize,
    "PrivateMode": _visibility,
    "RemixMode": lambda member, _: replace(member, remix=not member.remix),
    "HighVariabilityMode": _variability,
    "Reset": _reset,
    **{name: _mode(mode) for name, (_, mode) in _MODES.items()},
}


def _button(name: str, label: str, *, on: bool) -> Button:
    return Button(f"MJ::Settings::{name}", label, style=ButtonStyle.SUCCESS if on else ButtonStyle.SECONDARY)
