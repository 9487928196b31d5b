"""What the channel's history tells when a session has begun, and nobody heard what was said before it."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model.facts import Failed, Finished, Held, Progressed, Started
from tests.server.midjourney.midjourney_bot import (
    Dispatch,
    button,
    deletion,
    interaction,
    message,
    observed,
    queued,
    refusal,
)
from tests.server.midjourney.midjourney_channel import (
    CLICK_A,
    CLICK_B,
    FINAL_A,
    FINAL_B,
    JOB_A,
    JOB_B,
    START_A,
    START_B,
    Channel,
    beginning,
    grid,
    percent,
    started,
    unsigned_grid,
    variation,
    waiting,
)
from tests.server.midjourney.midjourney_tasks import GRID, NOW, THEM, US, imagine, press, snowflake

PRESSED = button(f"MJ::JOB::upsample::1::{JOB_A}", "U1", style=1)
SENT_IN, NOW_IN = "the session before", "the session of now"


def look_back(channel: Channel, *shown: Dispatch, session_id: str = NOW_IN) -> list[tuple[str, type]]:
    """What the history tells of the tasks when it shows this."""
    messages = [event for event in map(observed, shown) if isinstance(event, BotMessage)]
    told = channel.correlator.look_back(messages, NOW, session_id, channel.tasks)
    assert len(told) == len({id(each) for each, _ in told})
    return [(sighting.task_id, type(sighting.fact)) for _, sightings in told for sighting in sightings]


def sent(*task_ids: str) -> Channel:
    channel = Channel()
    for task_id in task_ids:
        channel.send(imagine(task_id), session_id=SENT_IN)
    return channel


def begun(message_id: str = START_A, click: str = CLICK_A, **keys: str) -> Dispatch:
    """The start of a job as the history shows it, without its nonce."""
    return waiting(message_id, interaction_id=click, **keys)


def test_a_start_that_looks_like_one_job_is_its_own() -> None:
    assert look_back(sent("A"), begun()) == [("A", Started)]


def test_a_notice_that_looks_like_one_job_holds_it_and_two_hold_none() -> None:
    held = queued(START_A, "a cat --v 7.0", interaction_id=CLICK_A)
    channel = sent("A")
    assert look_back(channel, held) == [("A", Held)]
    assert [type(fact) for _, fact in channel.see(waiting(START_B))] == [Started]
    assert look_back(sent("A"), held, queued(START_B, "a cat", interaction_id=CLICK_B)) == []


def test_a_job_that_began_and_ended_meanwhile_is_told_as_a_whole() -> None:
    assert look_back(sent("A"), begun(), grid(reply_to=START_A)) == [("A", Started), ("A", Finished)]


@pytest.mark.parametrize(
    "shown",
    list(permutations([begun(START_A, CLICK_A), begun(START_B, CLICK_B), grid(FINAL_B, JOB_B, reply_to=START_B)])),
)
def test_of_two_that_look_alike_neither_is_given_in_whatever_order_they_are(shown: Sequence[Dispatch]) -> None:
    assert look_back(sent("A"), *shown) == []


@pytest.mark.parametrize("later", [percent(40), percent(40, START_B), grid(), grid(reply_to=START_B)])
def test_what_was_disputed_once_is_nobodys_later(later: Dispatch) -> None:
    channel = sent("A")
    look_back(channel, begun(), begun(START_B, CLICK_B))
    assert channel.see(later, session_id=NOW_IN) == []


def test_what_was_disputed_is_given_by_an_exact_key_all_the_same() -> None:
    channel = sent("A")
    look_back(channel, begun(), begun(START_B, CLICK_B))
    assert [task_id for task_id, _ in channel.see(started("A", START_B, CLICK_B))] == ["A"]
    assert [type(fact) for _, fact in channel.see(grid(reply_to=START_B))] == [Finished]


def test_disputed_results_are_nobodys_when_their_buttons_are_pressed() -> None:
    channel = sent("A")
    assert look_back(channel, grid(), grid(FINAL_B, JOB_B)) == []
    _, data = grid()
    assert channel.see(("MESSAGE_UPDATE", data | {"components": [{"type": 1, "components": [PRESSED]}]})) == []


def test_a_twin_whose_nonce_was_heard_leaves_what_is_ours() -> None:
    channel = sent("A")
    channel.see(waiting(START_B, nonce="nonce-X", interaction_id=CLICK_B), session_id=NOW_IN)
    assert look_back(channel, begun(), begun(START_B, CLICK_B)) == [("A", Started)]


def test_a_copy_of_an_old_result_is_no_twin() -> None:
    assert look_back(sent("A"), begun(), grid(FINAL_B, interaction_id=CLICK_B, command="show")) == [("A", Started)]


def test_another_users_job_is_no_twin() -> None:
    assert look_back(sent("A"), begun(), begun(START_B, CLICK_B, user=THEM)) == [("A", Started)]


def test_what_names_another_interaction_is_no_twin() -> None:
    channel = sent("A")
    channel.see(("INTERACTION_CREATE", {"id": CLICK_A, "nonce": "nonce-A"}))
    assert look_back(channel, begun(START_B, CLICK_B), begun()) == [("A", Started)]


def test_a_result_that_replies_to_nothing_is_not_ours_while_our_progress_is_shown() -> None:
    channel = sent("A")
    channel.see(started("A"))
    assert look_back(channel, percent(40), unsigned_grid()) == [("A", Progressed)]
    assert look_back(channel, unsigned_grid(FINAL_B)) == [("A", Finished)]


def test_a_result_that_replies_to_the_source_may_be_ours_while_our_progress_is_shown() -> None:
    channel = Channel()
    channel.send(press("A", "strong"), session_id=SENT_IN)
    channel.see(started("A", reply_to=GRID))
    assert look_back(channel, percent(40, reply_to=GRID), variation()) == [("A", Progressed), ("A", Finished)]


def test_messages_that_name_one_job_are_of_one_job() -> None:
    channel = Channel()
    channel.send(press("A", "strong"), session_id=SENT_IN)
    text = f"**a cat --v 7.0** - Variations (Strong) by <@{US}> (46%) (fast)"
    report = message(START_A, text, files=(f"{JOB_A}_grid_0.webp",), reply_to=GRID)
    assert look_back(channel, report, variation()) == [("A", Progressed), ("A", Finished)]


def test_messages_that_answer_one_interaction_are_of_one_job() -> None:
    channel = Channel()
    channel.send(press("A", "strong"), session_id=SENT_IN)
    text = f"Making variations for image #1 with prompt **a cat --v 7.0** - <@{US}> (Waiting to start)"
    start = message(START_A, text, reply_to=GRID, interaction_id=CLICK_A)
    sorry = refusal(FINAL_A, "Sorry, something went wrong", reply_to=GRID, interaction_id=CLICK_A)
    assert look_back(channel, start, sorry) == [("A", Started), ("A", Failed)]


def test_what_looks_like_two_of_ours_is_told_apart_by_what_comes_later() -> None:
    channel = sent("A", "B")
    channel.see(interaction("CREATE", "nonce-B", CLICK_B))
    assert look_back(channel, grid(reply_to=START_A), begun()) == [("A", Started), ("A", Finished)]


def test_what_looks_like_two_of_ours_leaves_each_what_is_its_own() -> None:
    channel = sent("A", "B")
    assert look_back(channel, begun()) == []
    channel.see(started("B", START_B, CLICK_B))
    channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",)))
    assert [task_id for task_id, _ in channel.see(grid(job=JOB_A))] == ["A"]


def test_results_that_are_not_ours_while_our_progress_is_shown_dispute_nothing() -> None:
    channel = sent("A")
    channel.see(started("A"))
    look_back(channel, percent(40), unsigned_grid(FINAL_A), unsigned_grid(FINAL_B))
    assert [type(fact) for _, fact in channel.see(grid(snowflake(NOW + 40_000)))] == [Finished]


def test_a_job_that_ended_while_the_history_was_read_is_told_by_the_next_one() -> None:
    channel = sent("A")
    assert look_back(channel, begun(), unsigned_grid()) == []
    assert channel.see(deletion(START_A)) == []
    assert look_back(channel, unsigned_grid()) == [("A", Finished)]


def test_nothing_is_given_to_a_job_of_which_this_session_is_still_to_tell() -> None:
    assert look_back(sent("A"), begun(), session_id=SENT_IN) == []


def test_several_versions_of_a_message_are_of_one_job() -> None:
    told = look_back(sent("A"), begun(), percent(40), percent(60))
    assert told == [("A", Started), ("A", Progressed), ("A", Progressed)]


def test_two_results_of_one_button_are_nobodys_and_one_is_the_tasks() -> None:
    channel = Channel()
    channel.send(press("A", "strong"), session_id=SENT_IN)
    assert look_back(channel, variation(), variation(FINAL_B, JOB_B)) == []
    channel = Channel()
    channel.send(press("A", "strong"), session_id=SENT_IN)
    assert look_back(channel, variation()) == [("A", Finished)]


def test_a_refusal_may_be_anothers_as_well_as_a_start() -> None:
    refused = refusal(START_B, "Invalid parameter", interaction_id=CLICK_B)
    assert look_back(sent("A"), begun(), refused) == [("A", Started)]


def test_what_looks_like_a_job_awaits_the_history_and_what_names_one_does_not() -> None:
    channel = sent("A")
    for dispatch, awaits in (
        (begun(), True),
        (grid(), True),
        (started("A"), False),
        (begun(user=THEM), False),
        (waiting(prompt="a dog"), False),
        (beginning(), False),
    ):
        event = observed(dispatch)
        assert isinstance(event, BotMessage)
        assert channel.correlator.awaits_history(event) is awaits, dispatch
