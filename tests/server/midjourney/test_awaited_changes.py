"""The changes for which a message that was never seen is worth being read."""

from tests.server.midjourney.midjourney_bot import interaction
from tests.server.midjourney.midjourney_channel import (
    CLICK_A,
    DESCRIBED,
    FINAL_A,
    START_A,
    Channel,
    grid,
    percent,
    retry,
    started,
)
from tests.server.midjourney.midjourney_tasks import GRID, imagine, press


def test_those_of_a_message_that_shows_the_progress_of_a_task() -> None:
    channel = Channel(imagine("A"))
    assert not channel.correlator.awaits_change_of(START_A)
    channel.see(started("A"))
    assert channel.correlator.awaits_change_of(START_A)


def test_those_of_a_message_that_a_task_is_to_rewrite() -> None:
    channel = Channel(retry("R"))
    assert not channel.correlator.awaits_change_of(DESCRIBED), "no version is known to be younger than the press"
    channel.see(interaction("CREATE", "nonce-R", CLICK_A))
    assert channel.correlator.awaits_change_of(DESCRIBED)


def test_not_those_of_a_message_whose_button_starts_a_job_of_its_own() -> None:
    assert not Channel(press("A", "variation", 1)).correlator.awaits_change_of(GRID)


def test_not_those_of_a_result() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.see(grid())
    assert not channel.correlator.awaits_change_of(FINAL_A)
    assert not channel.correlator.awaits_change_of(START_A)


def test_not_those_of_a_task_that_was_given_up() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.end("A")
    channel.see(percent(15))
    assert not channel.correlator.awaits_change_of(START_A)
