"""What a correlator knows of jobs that another process has begun, or has seen fail, and of what is old."""

import pytest

from mjproxy_server.model.facts import CancelRequested
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Status
from tests.server.midjourney.midjourney_bot import Dispatch, interaction, message, queued, refusal
from tests.server.midjourney.midjourney_channel import (
    CLICK_A,
    CLICK_B,
    DESCRIBED,
    FINAL_B,
    JOB_A,
    OLD_TEXT,
    START_A,
    START_B,
    Channel,
    grid,
    percent,
    retry,
    rewritten,
    started,
    unsigned_grid,
    waiting,
    who,
)
from tests.server.midjourney.midjourney_tasks import GRID, NOW, US, imagine, press, sent, snowflake

APOLOGY = snowflake(NOW + 20_000)


def test_an_old_result_that_is_told_again_is_not_that_of_a_job_sent_since() -> None:
    channel = Channel()
    old = grid(snowflake(NOW - 86_400_000))
    channel.see(old)
    channel.send(imagine("A"))
    assert channel.see(old) == []


def test_a_bot_that_had_answered_before_a_restart_is_not_silent() -> None:
    channel = Channel(imagine("A"))
    channel.see(waiting(nonce="nonce-A"))
    again = Channel()
    again.correlator.watch(channel.tasks["A"])
    assert again.see(interaction("FAILURE", "nonce-A", CLICK_A)) == []


def test_what_a_failed_job_said_is_not_its_successors_after_a_restart() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    waits = channel.fail("A", refusal(APOLOGY, "Sorry, something went wrong", reply_to=START_A))
    again = Channel()
    again.tasks["A"] = sent(waits, "nonce-2", NOW + 21_000)
    again.correlator.watch(again.tasks["A"])
    assert again.see(percent(78), NOW + 22_000) == []


FAILED = [
    refusal(snowflake(NOW + 500), "Invalid parameter", nonce="nonce-A", interaction_id=CLICK_A),
    refusal(snowflake(NOW + 500), "Sorry, something went wrong", nonce="nonce-A", interaction_id=CLICK_A),
    refusal(snowflake(NOW + 500), "Subscription required", nonce="nonce-A", interaction_id=CLICK_A),
]


@pytest.mark.parametrize(
    ("failure", "owners"), [*((each, ["B"]) for each in FAILED), (interaction("FAILURE", "nonce-A", CLICK_A), [])]
)
def test_a_text_is_its_jobs_after_a_restart_if_another_one_from_there_is_told_to_have_failed(
    failure: Dispatch, owners: list[str]
) -> None:
    channel = Channel(press("A", "details", source_id=DESCRIBED, prompt=OLD_TEXT))
    channel.see(failure)
    failed = channel.tasks["A"]
    assert failed.status.ended
    again = Channel()
    again.correlator.watch(failed)
    again.correlator.forget("A")
    again.send(retry("B"))
    again.see(interaction("CREATE", "nonce-B", CLICK_B))
    assert who(again.see(rewritten("a new text"))) == owners


HELD = snowflake(NOW + 500)


def tried_again() -> tuple[Channel, Task]:
    """What another process knows of a task that waits to be sent again, after its job was held, began and failed."""
    channel = Channel(imagine("A"))
    channel.see(interaction("CREATE", "nonce-A", CLICK_A))
    channel.see(queued(HELD, "a cat", nonce="nonce-A", interaction_id=CLICK_A))
    channel.see(waiting())
    channel.see(percent(46, files=(f"{JOB_A}_grid_0.webp",)))
    waits = channel.fail("A", refusal(APOLOGY, "Sorry, something went wrong", reply_to=START_A))
    again = Channel()
    again.correlator.watch(waits)
    again.correlator.forget("A")
    return again, waits


@pytest.mark.parametrize("late", [percent(78), grid()], ids=["progress", "result"])
def test_what_a_failed_job_said_is_not_that_of_another_one_after_a_restart(late: Dispatch) -> None:
    channel, _ = tried_again()
    channel.send(imagine("B"))
    assert channel.see(late) == []


@pytest.mark.parametrize(
    "said",
    [
        queued(HELD, "a cat", nonce="nonce-A", interaction_id=CLICK_A),
        queued(HELD, "a cat", interaction_id=CLICK_A),
        waiting(),
        percent(78),
    ],
)
def test_what_a_failed_job_said_makes_no_stranger_of_it_after_a_restart(said: Dispatch) -> None:
    channel, waits = tried_again()
    channel.see(said)
    channel.send(waits, "nonce-2")
    channel.see(started("2", START_B, CLICK_B))
    assert who(channel.see(unsigned_grid())) == ["A"]


def test_what_an_appeal_starts_is_the_tasks_after_a_restart_though_the_notice_was_in_the_place_of_another() -> None:
    channel = Channel(imagine("A"))
    channel.see(queued(HELD, "a cat", nonce="nonce-A", interaction_id=CLICK_A))
    waits = channel.fail("A", refusal(HELD, "Action needed to continue", updated=True), appeal=HELD)
    again = Channel()
    again.send(waits, "nonce-2")
    assert who(again.see(grid(reply_to=HELD))) == ["A"]


def test_what_refused_a_button_is_not_the_end_of_its_next_press_after_a_restart() -> None:
    channel = Channel(press("A", "subtle"))
    full = refusal(snowflake(NOW + 500), "Queue full", interaction_id=CLICK_A, reply_to=GRID)
    waits = channel.fail("A", full)
    again = Channel()
    again.tasks["A"] = sent(waits, "nonce-2", NOW + 21_000)
    again.correlator.watch(again.tasks["A"])
    assert again.see(full, NOW + 22_000) == []


def test_a_result_is_its_jobs_after_a_restart_though_one_with_its_prompt_was_stopped() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.tasks["A"] = transition(channel.tasks["A"], CancelRequested(NOW))
    channel.see(message(START_A, f"**a cat --v 7.0** - <@{US}> (Stopped)", updated=True))
    cancelled = channel.tasks["A"]
    assert cancelled.status is Status.CANCELLED
    again = Channel()
    again.correlator.watch(cancelled)
    again.correlator.forget("A")
    again.send(imagine("B"))
    again.see(started("B", START_B, CLICK_B))
    assert who(again.see(unsigned_grid(FINAL_B))) == ["B"]
