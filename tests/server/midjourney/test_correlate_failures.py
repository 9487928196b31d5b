"""Jobs that are held or fail, and tasks that are sent once more after that."""

import pytest

from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.model.facts import Failed, Held, NotTaken, Started, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Reason
from tests.server.midjourney.midjourney_bot import (
    Dispatch,
    Value,
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
    FINAL_B,
    JOB_A,
    JOB_B,
    START_A,
    START_B,
    Channel,
    grid,
    percent,
    started,
    variation,
    waiting,
    who,
)
from tests.server.midjourney.midjourney_tasks import GRID, NOW, THEM, US, imagine, press, snowflake

# Held, refused.


def test_a_queued_job_is_held_and_starts_without_a_nonce() -> None:
    channel = Channel(imagine("A"))
    held = snowflake(NOW + 500)
    assert channel.see(queued(held, "a cat --v 7.0", nonce="nonce-A", interaction_id=CLICK_A)) == [
        ("A", Held(NOW, held))
    ]
    assert channel.see(waiting()) == [("A", Started(NOW, START_A))]
    assert channel.tasks["A"].trace.progress_message_id == START_A
    assert who(channel.see(grid(reply_to=START_A))) == ["A"]


def test_a_queued_job_may_start_by_an_update_or_an_answer() -> None:
    for start in (waiting(updated=True), waiting(START_B, reply_to=START_A)):
        channel = Channel(imagine("A"), imagine("B"))
        channel.see(queued(START_A, "a cat", nonce="nonce-A"))
        assert who(channel.see(start)) == ["A"]


def test_a_notice_that_comes_late_does_not_hold_a_started_job() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(queued(snowflake(NOW + 500), "a cat", nonce="nonce-A")) == []


@pytest.mark.parametrize(
    "keys",
    [{"nonce": "nonce-A"}, {"interaction_id": CLICK_A}, {"reply_to": START_A}],
    ids=["nonce", "interaction", "reply"],
)
def test_a_refusal_fails_the_task_that_it_is_for(keys: dict[str, Value]) -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("A"))
    [(task_id, fact)] = channel.see(refusal(START_B, "Invalid parameter", "Unrecognized: `--foo`", **keys))
    assert task_id == "A"
    assert isinstance(fact, Failed)
    assert fact.failure.reason is Reason.PROMPT_REJECTED


def test_a_refusal_may_replace_the_progress() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert who(channel.see(refusal(START_A, "Sorry, something went wrong", updated=True))) == ["A"]


def test_a_refusal_in_answer_to_the_source_fails_the_only_task_that_works_on_it() -> None:
    slow_down = refusal(START_A, "Slow Down!", reply_to=GRID, interaction_id=CLICK_A)
    assert who(Channel(press("U", "upsample", 1)).see(slow_down)) == ["U"]
    assert Channel(press("U", "upsample", 1), press("V", "variation", 1)).see(slow_down) == []


def test_other_peoples_refusals_fail_nobody() -> None:
    channel = Channel(imagine("A"), press("U", "upsample", 1))
    theirs = refusal(START_A, "Slow Down!", reply_to=GRID, interaction_id=CLICK_B, user_id=THEM)
    assert channel.see(theirs) == []
    assert channel.see(refusal(START_A, "Invalid parameter", nonce="nonce-X")) == []


# A task that is sent once more.

NOTICE = snowflake(NOW + 900)
WRONG = refusal(NOTICE, "Sorry, something went wrong", reply_to=START_A)
REFUSED = refusal(NOTICE, "Action needed to continue", nonce="nonce-A", interaction_id=CLICK_A)


def channel_with_a_retry(*others: Task) -> Channel:
    channel = Channel(imagine("A"), *others)
    channel.see(started("A"))
    channel.send(channel.fail("A", WRONG), "nonce-A2")
    return channel


@pytest.mark.parametrize(
    "late",
    [
        interaction("SUCCESS", "nonce-A", CLICK_A),
        started("A"),
        percent(50),
        percent(50, files=(f"{JOB_A}_grid_0.webp",)),
        grid(reply_to=START_A),
        WRONG,
        refusal(START_A, "Sorry, something went wrong", updated=True),
        deletion(START_A),
    ],
    ids=["interaction", "start", "progress", "preview", "result", "notice", "another notice", "deletion"],
)
def test_what_a_failed_job_still_says_is_nobodys(late: Dispatch) -> None:
    channel = channel_with_a_retry()
    assert channel.see(late) == []
    again = waiting(START_B, nonce="nonce-A2", interaction_id=CLICK_B)
    assert channel.see(again) == [("A", Started(NOW, START_B, CLICK_B))]
    assert channel.see(late) == []
    assert who(channel.see(grid(FINAL_B, JOB_B, reply_to=START_B))) == ["A"]


def test_what_answers_the_progress_of_a_failed_job_is_no_other_jobs() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("A"))
    channel.see(refusal(START_A, "Sorry, something went wrong", updated=True))
    channel.end("A")
    assert channel.see(grid(reply_to=START_A)) == []


def test_a_failure_is_told_once() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert who(channel.see(WRONG)) == ["A"]
    assert channel.see(WRONG) == []


def test_an_equal_task_gets_nothing_of_a_failed_job() -> None:
    channel = channel_with_a_retry()
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(percent(50)) == []
    assert channel.see(grid(reply_to=START_A)) == []


def test_a_task_stands_in_the_way_again_when_it_is_chosen_to_be_sent_once_more() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    failed = channel.fail("A", WRONG)
    assert channel.correlator.may_start(imagine("B"))
    channel.correlator.watch(failed)
    assert not channel.correlator.may_start(imagine("B"))


def test_the_nonce_of_a_failed_step_is_nobodys_after_a_restart() -> None:
    channel = channel_with_a_retry()
    after = Correlator(US)
    after.watch(channel.tasks["A"])
    assert after.observe(observed(started("A")), NOW) == []
    assert after.observe(observed(refusal(NOTICE, "Queue full", nonce="nonce-A", interaction_id=CLICK_A)), NOW) == []


def test_a_job_that_fails_although_it_was_refused_is_another_than_the_one_that_was_sent_since() -> None:
    channel = Channel(imagine("A"))
    channel.tasks["A"] = transition(channel.tasks["A"], NotTaken(NOW, "nonce-A"))
    channel.correlator.watch(channel.tasks["A"])
    assert [each.task_id for each in channel.correlator.observe(observed(REFUSED), NOW)] == ["A"]
    channel.send(channel.tasks["A"], "nonce-A2")
    again = waiting(START_B, nonce="nonce-A2", interaction_id=CLICK_B)
    assert channel.see(again) == [("A", Started(NOW, START_B, CLICK_B))]
    assert who(channel.see(grid(FINAL_B))) == ["A"]


# Appeals.


def channel_with_an_appeal(task: Task) -> Channel:
    channel = Channel(task)
    channel.send(channel.fail("A", REFUSED, appeal=NOTICE), "nonce-A2")
    return channel


@pytest.mark.parametrize("task", [imagine("A"), press("A", "variation", 1)], ids=["command", "button"])
def test_what_an_appeal_starts_is_the_tasks(task: Task) -> None:
    channel = channel_with_an_appeal(task)
    assert channel.see(REFUSED) == []
    start = waiting(START_B, nonce="nonce-A2", interaction_id=CLICK_B, reply_to=NOTICE)
    assert channel.see(start) == [("A", Started(NOW, START_B, CLICK_B))]
    assert who(channel.see(grid(FINAL_B, JOB_B, reply_to=NOTICE))) == ["A"]


def test_a_job_that_answers_the_notice_is_the_appeals_even_if_its_start_was_missed() -> None:
    assert who(channel_with_an_appeal(imagine("A")).see(grid(reply_to=NOTICE))) == ["A"]


def test_a_job_that_answers_a_notice_in_the_place_of_the_progress_is_the_appeals() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    refused = refusal(START_A, "Action needed to continue", updated=True)
    channel.send(channel.fail("A", refused, appeal=START_A), "nonce-A2")
    assert who(channel.see(grid(reply_to=START_A))) == ["A"]


def test_an_appeal_has_its_result_even_if_all_before_that_was_missed() -> None:
    assert who(channel_with_an_appeal(imagine("A")).see(grid(reply_to=START_B))) == ["A"]


def test_an_appeal_stands_in_the_way_of_whatever_its_result_could_be_taken_for() -> None:
    correlator = channel_with_an_appeal(press("A", "variation", 1)).correlator
    assert not correlator.may_start(press("B", "variation", 2))
    assert not correlator.may_start(press("B", "variation", 2, own="a dog"))
    assert not correlator.may_start(imagine("B", "a cat --v 7.0"))
    assert correlator.may_start(press("B", "variation", 2, source_id="7", prompt="a dog"))


def test_what_an_appeal_of_a_button_starts_may_reply_to_the_buttons_message() -> None:
    channel = channel_with_an_appeal(press("A", "variation", 1))
    assert who(channel.see(variation())) == ["A"]


def test_appeal_that_turns_to_pressed_proves_the_click() -> None:
    channel = channel_with_an_appeal(imagine("A"))
    offered, pressed = (button("MJ::Prompts::Appeal::a1b2", "Appeal", style=style) for style in (2, 1))
    channel.see(message(NOTICE, buttons=(offered,), updated=True))
    told = channel.see(message(NOTICE, buttons=(pressed,), updated=True))
    assert told == [("A", Taken(NOW, "nonce-A2"))]


def test_a_second_refusal_fails_the_appeal() -> None:
    channel = channel_with_an_appeal(imagine("A"))
    again = refusal(START_B, "Action needed to continue", nonce="nonce-A2", interaction_id=CLICK_B)
    ((task_id, fact),) = channel.see(again)
    assert task_id == "A"
    assert isinstance(fact, Failed)
    assert fact.failure.reason is Reason.MODERATED
