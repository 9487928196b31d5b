from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.panel import VERSIONS, Panel, panel_of
from mjproxy_server.model.vocabulary import Level, Mode
from tests.server.midjourney.midjourney_bot import Json, button, message, observed

MENU: Json = {
    "type": 3,
    "custom_id": VERSIONS,
    "options": [
        {"label": "Midjourney Model V7", "value": "7", "default": True},
        {"label": "Niji Model V6", "value": "niji 6"},
    ],
}
ON = 3
BUTTONS = (
    button("MJ::Settings::Style::raw", "RAW Mode"),
    button("MJ::Settings::Stylization::50", "Stylize low"),
    button("MJ::Settings::Stylization::100", "Stylize med", style=ON),
    button("MJ::Settings::Stylization::750", "Stylize very high"),
    button("MJ::Settings::PrivateMode::off", "Public mode", style=ON),
    button("MJ::Settings::RemixMode", "Remix mode"),
    button("MJ::Settings::HighVariabilityMode::1", "High Variation Mode", style=ON),
    button("MJ::Settings::HighVariabilityMode::0", "Low Variation Mode"),
    button("MJ::Settings::TurboMode::on", "Turbo mode"),
    button("MJ::Settings::RelaxMode::on", "Relax mode", style=ON),
    button("MJ::Settings::Reset", "Reset Settings"),
)


def shown(*components: Json) -> Panel | None:
    event = observed(message("77", "Adjust your settings here.", buttons=components))
    assert isinstance(event, BotMessage)
    return panel_of(event)


def test_the_settings_and_what_changes_them() -> None:
    assert shown(MENU, *BUTTONS) == Panel(
        message_id="77",
        version="Midjourney Model V7",
        versions={"Midjourney Model V7": "7", "Niji Model V6": "niji 6"},
        mode=Mode.RELAX,
        modes={Mode.TURBO: "MJ::Settings::TurboMode::on", Mode.RELAX: "MJ::Settings::RelaxMode::on"},
        remix=False,
        remix_button="MJ::Settings::RemixMode",
        public=True,
        public_button="MJ::Settings::PrivateMode::off",
        stylize=Level.MEDIUM,
        stylizes={
            Level.LOW: "MJ::Settings::Stylization::50",
            Level.MEDIUM: "MJ::Settings::Stylization::100",
            Level.VERY_HIGH: "MJ::Settings::Stylization::750",
        },
        variation=Level.HIGH,
        variations={
            Level.HIGH: "MJ::Settings::HighVariabilityMode::1",
            Level.LOW: "MJ::Settings::HighVariabilityMode::0",
        },
    )


def test_what_is_not_shown_is_not_known() -> None:
    panel = shown(button("MJ::Settings::RemixMode", "Remix mode", style=ON))
    assert panel is not None
    assert panel.remix is True
    assert (panel.version, panel.mode, panel.public, panel.stylize, panel.variation) == ("", None, None, None, None)


def test_a_menu_that_names_no_choice_leaves_the_version_open() -> None:
    panel = shown({**MENU, "options": None})
    assert panel is not None
    assert (panel.version, panel.versions) == ("", {})


def test_other_messages_show_no_settings() -> None:
    assert shown(button("MJ::BOOKMARK::1", "Remix mode")) is None
    assert shown() is None
