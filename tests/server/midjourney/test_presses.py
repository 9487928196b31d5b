from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.presses import PressedButtons
from tests.server.midjourney.midjourney_bot import grid_buttons, message, observed
from tests.server.midjourney.midjourney_tasks import GRID, PARENT_JOB, US, custom_id

U1, U2 = custom_id("upsample", 1), custom_id("upsample", 2)


def grid(*pressed: str, message_id: str = GRID) -> BotMessage:
    buttons = grid_buttons(PARENT_JOB, pressed)
    event = observed(message(message_id, f"**p** - <@{US}> (fast)", buttons=buttons, updated=True))
    assert isinstance(event, BotMessage)
    return event


def test_a_button_turns_once() -> None:
    presses = PressedButtons()
    assert presses.turned(grid()) == frozenset()
    assert presses.turned(grid(U1)) == {U1}
    assert presses.turned(grid(U1)) == frozenset()
    assert presses.turned(grid(U1, U2)) == {U2}


def test_buttons_found_pressed_have_not_turned() -> None:
    assert PressedButtons().turned(grid(U1)) == frozenset()


def test_an_older_version_of_the_message_unpresses_nothing() -> None:
    presses = PressedButtons()
    for version in (grid(), grid(U1), grid()):
        presses.turned(version)
    assert presses.turned(grid(U1)) == frozenset()


def test_messages_are_kept_apart() -> None:
    presses = PressedButtons()
    presses.turned(grid())
    assert presses.turned(grid(U1, message_id="5")) == frozenset()


def test_messages_seen_long_ago_are_forgotten() -> None:
    presses = PressedButtons()
    presses.turned(grid())
    for number in range(1000):
        presses.turned(grid(message_id=str(number)))
    assert presses.turned(grid(U1)) == frozenset()
