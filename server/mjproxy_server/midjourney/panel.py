"""The message with which the bot answers /settings: a menu of model versions, and buttons, of which the green are on.

Observed between 2023 and 2026. Labels have changed less than custom ids, so that a button is known by its label; what
is pressed is the custom id that it came with. A press changes the message, which can then be read again.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model.task import Button
from mjproxy_server.model.vocabulary import Level, Mode

VERSIONS = "MJ::Settings::VersionSelector"
"""The custom id of the menu of model versions."""

_PREFIX = "MJ::Settings::"
_ACTIVE = 3

_LEVELS = {
    "low": Level.LOW,
    "med": Level.MEDIUM,
    "medium": Level.MEDIUM,
    "high": Level.HIGH,
    "very high": Level.VERY_HIGH,
}
_MODES = {"fast mode": Mode.FAST, "relax mode": Mode.RELAX, "turbo mode": Mode.TURBO}
_STYLIZE = re.compile(r"styli[sz]e (?P<level>low|med|medium|high|very high)")
_VARIATION = re.compile(r"(?P<level>low|med|medium|high) variation mode")
_REMIX = "remix mode"
_PUBLIC = "public mode"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The settings, and what has to be pressed or chosen to change them.

    None and "" and empty stand for what the message does not show. The mappings lead from a value to the custom id of
    the button that sets it.

    Attributes:
        message_id: The message.
        version: The chosen model version, as the bot words it.
        versions: From each version, as the bot words it, to its value in the menu `VERSIONS`.
        mode: The mode of prompts that name none.
        modes: The modes that can be set.
        remix: Whether Remix is on.
        remix_button: The button that turns it on or off.
        public: Whether results are shown to the public.
        public_button: The button that turns that on or off.
        stylize: How strongly pictures are stylized.
        stylizes: The strengths that can be set.
        variation: How far variations depart.
        variations: The distances that can be set.
    """

    message_id: str
    version: str
    versions: Mapping[str, str]
    mode: Mode | None
    modes: Mapping[Mode, str]
    remix: bool | None
    remix_button: str
    public: bool | None
    public_button: str
    stylize: Level | None
    stylizes: Mapping[Level, str]
    variation: Level | None
    variations: Mapping[Level, str]


def panel_of(message: BotMessage) -> Panel | None:
    """Return the settings that a message shows; None if it shows none."""
    menu = next((menu for menu in message.menus if menu.custom_id == VERSIONS), None)
    buttons = [button for button in message.buttons if button.custom_id.startswith(_PREFIX)]
    if menu is None and not buttons:
        return None
    choices = menu.choices if menu else ()
    remix, public = _labelled(buttons, _REMIX), _labelled(buttons, _PUBLIC)
    mode, modes = _told(buttons, _MODES.get)
    stylize, stylizes = _told(buttons, lambda label: _level(_STYLIZE, label))
    variation, variations = _told(buttons, lambda label: _level(_VARIATION, label))
    return Panel(
        message_id=message.id,
        version=next((choice.label for choice in choices if choice.chosen), ""),
        versions={choice.label: choice.value for choice in choices},
        mode=mode,
        modes=modes,
        remix=_is_on(remix) if remix else None,
        remix_button=remix.custom_id if remix else "",
        public=_is_on(public) if public else None,
        public_button=public.custom_id if public else "",
        stylize=stylize,
        stylizes=stylizes,
        variation=variation,
        variations=variations,
    )


def _told(buttons: Iterable[Button], value_of: Callable[[str], T | None]) -> tuple[T | None, dict[T, str]]:
    """Return which of the values is on, and the buttons that set them."""
    known = [(value, button) for button in buttons if (value := value_of(_label(button))) is not None]
    on = next((value for value, button in known if _is_on(button)), None)
    return on, {value: button.custom_id for value, button in known}


def _labelled(buttons: Iterable[Button], label: str) -> Button | None:
    return next((button for button in buttons if _label(button) == label), None)


def _level(form: re.Pattern[str], label: str) -> Level | None:
    match = form.fullmatch(label)
    return _LEVELS[match["level"]] if match else None


def _label(button: Button) -> str:
    return button.label.strip().casefold()


def _is_on(button: Button) -> bool:
    return button.style == _ACTIVE
