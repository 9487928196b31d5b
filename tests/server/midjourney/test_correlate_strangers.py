"""Jobs that are no task's, and copies of old results."""

import pytest

from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.model.facts import NotTaken
from mjproxy_server.model.transition import transition
from tests.server.midjourney.midjourney_bot import Dispatch, Value, grid_buttons, interaction, message, queued, refusal
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
    grid,
    percent,
    started,
    unsigned_grid,
    variation,
    waiting,
    who,
)
from tests.server.midjourney.midjourney_tasks import GRID, NOW, US, imagine, press, snowflake

# Jobs that are no task's.


def test_a_job_started_elsewhere_by_the_same_user_makes_its_twin_ambiguous() -> None:
    channel = Channel(imagine("A"))
    channel.see(waiting(nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid()) == []


def test_a_job_started_elsewhere_keeps_what_is_its_own() -> None:
    channel = Channel(imagine("A"))
    channel.see(waiting(START_B, nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",))) == []
    assert channel.see(grid(job=JOB_B)) == []
    assert who(channel.see(grid(FINAL_B, JOB_A))) == ["A"]


def test_what_a_session_tells_before_discord_takes_a_job_is_older_than_it() -> None:
    """The account's user has drawn the same prompt elsewhere, and nothing was heard of how that began."""
    channel = Channel()
    channel.send(imagine("A"), session_id="S")
    twin = grid(snowflake(NOW + 50), JOB_B)
    assert channel.see(twin, session_id="S") == []
    channel.see(interaction("CREATE", "nonce-A", CLICK_A), session_id="S")
    assert channel.see(twin, session_id="S") == []
    assert who(channel.see(grid(), session_id="S")) == ["A"]


def test_what_a_session_tells_after_the_bot_has_answered_may_be_the_jobs() -> None:
    channel = Channel()
    channel.send(imagine("A"), session_id="S")
    channel.see(waiting(nonce="nonce-A"), session_id="S")
    assert who(channel.see(grid(), session_id="S")) == ["A"]


@pytest.mark.parametrize("session_id", ["T", ""], ids=["another session", "the history"])
def test_what_another_session_tells_may_be_of_a_job_of_which_nothing_was_heard(session_id: str) -> None:
    channel = Channel()
    channel.send(imagine("A"), session_id="S")
    assert who(channel.see(grid(), session_id=session_id)) == ["A"]


def test_what_is_older_than_anything_heard_before_a_job_was_sent_is_anothers() -> None:
    """The clocks are of no concern: both times are Discord's, and ours may be behind."""
    channel = Channel()
    channel.see(grid(snowflake(NOW - 2000), JOB_B, "a dog"))
    channel.send(imagine("A"))
    assert channel.see(unsigned_grid(snowflake(NOW - 2001))) == []
    assert who(channel.see(unsigned_grid(snowflake(NOW - 1999)))) == ["A"]


@pytest.mark.parametrize("live", [interaction("CREATE", "nonce-A", CLICK_A), started("A")])
def test_what_was_taken_for_a_strangers_job_is_the_tasks_when_its_nonce_is_heard(live: Dispatch) -> None:
    """The history tells no nonces, and may be read before what is live is heard."""
    channel = Channel(imagine("A"))
    start = waiting(START_A, "another echo", interaction_id=CLICK_A)
    assert channel.see(start) == []
    assert channel.see(grid(prompt="another echo", reply_to=START_A)) == []
    assert who(channel.see(live)) == ["A"]
    channel.see(start)
    assert who(channel.see(grid(prompt="another echo", reply_to=START_A))) == ["A"]


def test_a_job_queued_elsewhere_counts_as_well() -> None:
    channel = Channel(imagine("A"))
    channel.see(queued(START_B, "a cat --v 7.0", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(waiting(FINAL_B)) == []


def test_a_start_that_comes_after_the_result_of_a_queued_job_is_nobodys_else() -> None:
    """ "Job queued" shows no progress: the message that does is still to come, though the task has succeeded."""
    channel = Channel(imagine("A"))
    channel.see(queued(snowflake(NOW + 500), "a cat --v 7.0", nonce="nonce-A", interaction_id=CLICK_A))
    assert who(channel.see(grid())) == ["A"]
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(waiting(START_A)) == []
    channel.see(started("B", START_B, CLICK_B))
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["B"]


def test_what_a_job_queued_elsewhere_will_do_is_anybodys_guess() -> None:
    channel = Channel(press("V", "variation", 1))
    channel.see(queued(START_B, "a cat", nonce="nonce-X", interaction_id=CLICK_B, reply_to=GRID))
    assert channel.see(variation()) == []


def test_a_task_that_ended_before_its_job_makes_its_twin_ambiguous() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(grid()) == []


def test_a_task_that_ended_before_its_job_is_remembered_for_an_hour() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid(), at=NOW + 3_600_001)) == ["B"]


@pytest.mark.parametrize("ended_by", [refusal(START_A, "Invalid parameter", nonce="nonce-A"), grid(reply_to=START_A)])
def test_a_task_whose_job_ended_stands_in_nobodys_way(ended_by: Dispatch) -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.see(ended_by)
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["B"]


def test_a_task_that_was_refused_stands_in_nobodys_way() -> None:
    channel = Channel(imagine("A"))
    channel.correlator.watch(transition(channel.tasks["A"], NotTaken(NOW, "nonce-A")))
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid())) == ["B"]


def test_a_result_seen_before_goes_to_no_second_task() -> None:
    channel = Channel(imagine("A"))
    assert who(channel.see(unsigned_grid())) == ["A"]
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(unsigned_grid()) == []
    pressed = message(
        FINAL_A, f"**a cat** - <@{US}> (fast)", files=("cat.png",), buttons=grid_buttons(JOB_A), updated=True
    )
    assert channel.see(pressed) == []


def test_the_start_of_a_job_whose_result_came_first_goes_to_no_second_task() -> None:
    channel = Channel(imagine("A"))
    channel.see(unsigned_grid(FINAL_A))
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(waiting(START_A)) == []


def test_results_of_an_earlier_process_are_known_when_their_tasks_were_shown() -> None:
    before = Channel(imagine("A"))
    before.see(unsigned_grid())
    channel = Channel(imagine("B"))
    channel.correlator.watch(before.tasks["A"])
    channel.end("A")
    assert channel.see(unsigned_grid()) == []


def test_forgetting_an_unknown_task_is_no_trouble() -> None:
    Correlator(US).forget("A")


# Copies.


@pytest.mark.parametrize("keys", [{"reply_to": START_B}, {"interaction_id": CLICK_B}], ids=["reply", "interaction"])
def test_a_copy_that_answers_show_ends_nothing(keys: dict[str, Value]) -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", command="show", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid(**keys)) == []
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["A"], "the copy has come"


def test_a_copy_may_replace_the_notice() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", command="show", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid(START_B, updated=True)) == []
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["A"]


def test_while_a_copy_is_awaited_no_result_is_known_by_its_prompt() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid()) == []
    channel.see(started("A"))
    assert who(channel.see(grid(reply_to=START_A))) == ["A"]


def test_a_copy_is_no_older_than_what_it_was_asked_for_by() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    assert who(channel.see(grid(START_A))) == ["A"]


def test_while_a_copy_is_awaited_a_refusal_is_known_as_ever() -> None:
    channel = Channel(press("A", "upsample", 1))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    slow_down = refusal(FINAL_A, "Slow Down!", reply_to=GRID, interaction_id=CLICK_A)
    assert who(channel.see(slow_down)) == ["A"]


def test_a_copy_is_awaited_for_a_quarter_of_an_hour() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    assert who(channel.see(grid(snowflake(NOW + 1100 + 15 * 60_000 + 1)))) == ["A"]
