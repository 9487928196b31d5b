"""The life of a task: a table of what single facts do, and properties that hold whatever the facts and their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import (
    Cancelled,
    CancelRequested,
    Confirmed,
    Fact,
    Failed,
    Finished,
    Held,
    Moved,
    NotTaken,
    Opened,
    Progressed,
    Reported,
    Retrying,
    SeedFound,
    Sending,
    Started,
    Taken,
)
from mjproxy_server.model.task import Confirmation, Failure, Modal, Picture, Result, Source, Step, Task, Trace
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Mode, Reason, Setback, Status

QUEUED = Task(
    id="1700000000000000",
    account_id="11",
    action=Action.IMAGINE,
    command=Imagine("a cat"),
    description="/imagine a cat",
    submitted_at=1000,
)
RESULT = Result(
    message_id="77",
    content="**a cat** - <@1> (fast)",
    flags=0,
    reference_id="66",
    prompt="a cat",
    picture=Picture("https://cdn/cat.png", 1024, 1024),
    job_id="5f2a1826-7bb0-42c2-b441-98a48a39e760",
    buttons=(),
)
FAILURE = Failure(Reason.PROMPT_REJECTED, "Invalid parameter", "Unrecognized parameter(s): `--foo`")


def after(*facts: Fact, task: Task = QUEUED) -> Task:
    for fact in facts:
        task = transition(task, fact)
    return task


def test_a_task_is_submitted_when_discord_has_taken_its_step() -> None:
    task = after(Sending(1100, "n1"), Taken(1200, "n1", "i1"))
    assert (task.status, task.started_at, task.trace.interaction_id) == (Status.SUBMITTED, 1200, "i1")
    assert task.trace.steps[0].outcome == "taken"


def test_a_task_stays_queued_when_its_step_was_not_taken() -> None:
    task = after(Sending(1100, "n1"), NotTaken(1200, "n1"))
    assert (task.status, task.started_at, task.trace.in_doubt) == (Status.NOT_START, 0, False)


@pytest.mark.parametrize("before", [(), (Taken(1150, "n1", "i1"),)])
def test_a_press_that_has_opened_a_modal_has_started_nothing(before: tuple[Fact, ...]) -> None:
    task = after(Sending(1100, "n1"), *before, Opened(1200, "n1", "i1"), Taken(1300, "n1", "i1"))
    assert (task.status, task.trace.interaction_id) == (Status.SUBMITTED, "i1")
    assert [step.outcome for step in task.trace.steps] == ["opened"]


def test_a_modal_that_an_earlier_press_has_opened_is_of_no_concern() -> None:
    task = after(Sending(1100, "n1"), Opened(1200, "n1"), Sending(1300, "n2"))
    assert transition(task, Opened(1400, "n1")) is task


def test_a_step_remembers_the_session_that_is_told_of_it() -> None:
    assert after(Sending(1100, "n1", session_id="s1")).trace.steps[-1].session_id == "s1"


def test_a_step_is_in_doubt_until_its_outcome_is_known() -> None:
    assert after(Sending(1100, "n1")).trace.in_doubt
    assert not after(Sending(1100, "n1"), Taken(1200, "n1")).trace.in_doubt


def test_what_is_told_of_an_older_step_changes_nothing() -> None:
    task = after(Sending(1100, "n1"), NotTaken(1150, "n1"), Sending(1200, "n2"))
    assert transition(task, Taken(1300, "n1")) is task
    assert transition(task, NotTaken(1300, "n1")) is task


def test_what_was_taken_is_never_again_not_taken() -> None:
    task = after(Sending(1100, "n1"), Taken(1200, "n1"))
    assert transition(task, NotTaken(1300, "n1")) is task


def test_a_start_message_proves_that_the_step_was_taken() -> None:
    task = after(Sending(1100, "n1"), Started(1200, "m1", "i1", "j1"))
    assert (task.status, task.trace.in_doubt) == (Status.IN_PROGRESS, False)
    assert (task.trace.progress_message_id, task.trace.job_id) == ("m1", "j1")


def test_progress_shows_picture_and_mode() -> None:
    picture = Picture("https://cdn/preview.webp", 512, 512)
    task = after(Sending(1100, "n1"), Progressed(1300, "m1", 35, picture, "j1", Mode.RELAX))
    assert (task.status, task.progress, task.picture, task.mode) == (Status.IN_PROGRESS, 35, picture, Mode.RELAX)


def test_progress_keeps_what_a_later_report_does_not_tell() -> None:
    picture = Picture("https://cdn/preview.webp", 512, 512)
    task = after(Sending(1100, "n1"), Progressed(1300, "m1", 35, picture, "j1", Mode.FAST), Progressed(1400, "m1"))
    assert (task.progress, task.picture, task.mode, task.trace.job_id) == (35, picture, Mode.FAST, "j1")


def test_several_reports_are_worth_as_much_as_each_after_the_other() -> None:
    reports = (Progressed(1300, "m1", 15, job_id="j1"), Progressed(1400, "m1", 31, mode=Mode.FAST))
    task = after(Sending(1100, "n1"))
    assert transition(task, Reported(reports)) == after(*reports, task=task)
    assert transition(task, Reported(())) is task


def test_a_job_held_by_the_bot_is_alive_and_not_failed() -> None:
    task = after(Sending(1100, "n1"), Held(1200, "m1"))
    assert (task.status, task.trace.last_sign_at) == (Status.SUBMITTED, 1200)


def test_a_finished_task_has_its_result_and_all_its_times() -> None:
    task = after(Sending(1100, "n1"), Taken(1200, "n1"), Finished(1900, RESULT, Mode.FAST))
    assert (task.status, task.progress, task.started_at, task.finished_at) == (Status.SUCCESS, 100, 1200, 1900)
    assert (task.picture, task.trace.job_id, task.mode) == (RESULT.picture, RESULT.job_id, Mode.FAST)


def test_a_task_that_never_started_has_a_start_time_at_its_end() -> None:
    task = after(Failed(1500, FAILURE))
    assert (task.status, task.failure, task.started_at, task.finished_at) == (Status.FAILURE, FAILURE, 1000, 1500)


@pytest.mark.parametrize("end", [Finished(1500, RESULT), Failed(1500, FAILURE), Cancelled(1500)])
def test_an_end_never_changes(end: Fact) -> None:
    task = after(Sending(1100, "n1"), end)
    for fact in (Finished(1600, RESULT), Failed(1600, FAILURE), Cancelled(1600), Progressed(1600, "m1", 99)):
        assert transition(task, fact) is task


MODAL = replace(QUEUED, status=Status.MODAL, modal=Modal("a cat"))
CONFIRMED = Confirmed(
    at=1100, prompt="猫", prompt_en="a cat", description="/imagine 猫", confirmation=Confirmation(queue_position=2)
)
STOPPED = Failure(Reason.STOPPED, "Stopped", "The job was stopped at Discord.")


def test_a_modal_that_is_confirmed_waits_for_its_turn() -> None:
    task = after(CONFIRMED, task=MODAL)
    assert (task.status, task.prompt, task.prompt_en) == (Status.NOT_START, "猫", "a cat")
    assert task.confirmation == Confirmation(queue_position=2)
    assert transition(task, CONFIRMED) is task


@pytest.mark.parametrize("task", [QUEUED, MODAL, after(Sending(1, "n1"), NotTaken(2, "n1"))])
def test_what_waits_is_cancelled_at_once(task: Task) -> None:
    assert transition(task, CancelRequested(1200)).status is Status.CANCELLED


def test_a_running_job_is_cancelled_when_it_has_stopped() -> None:
    running = after(Sending(1100, "n1"), Started(1200, "m1"), CancelRequested(1300))
    assert (running.status, running.cancel_requested_at) == (Status.IN_PROGRESS, 1300)
    assert transition(running, Failed(1400, STOPPED)).status is Status.CANCELLED
    assert transition(running, Finished(1400, RESULT)).status is Status.SUCCESS
    assert after(Sending(1100, "n1"), Started(1200, "m1"), Failed(1400, STOPPED)).status is Status.FAILURE


@pytest.mark.parametrize("end", [Failed(1400, STOPPED), Retrying(1400, Setback.FAULT)])
def test_what_is_cancelled_when_its_job_has_ended_tells_so(end: Fact) -> None:
    running = after(Sending(1100, "n1"), Started(1200, "m1", "i1", "j1"), CancelRequested(1300))
    [step] = transition(running, end).trace.steps
    assert (step.outcome, step.interaction_id, step.progress_message_id, step.job_id) == ("failed", "i1", "m1", "j1")
    [step] = transition(running, Cancelled(1400)).trace.steps
    assert step.outcome == "taken"


def test_a_step_in_doubt_is_not_cancelled_before_it_is_settled() -> None:
    doubted = after(Sending(1100, "n1"), CancelRequested(1200))
    assert doubted.status is Status.NOT_START
    assert transition(doubted, NotTaken(1300, "n1")).status is Status.CANCELLED


def test_the_seed_of_a_picture_may_be_found_after_the_end() -> None:
    task = after(Finished(1500, RESULT), SeedFound(1600, "42"))
    assert (task.status, task.image_seed, task.finished_at) == (Status.SUCCESS, "42", 1500)
    assert after(Failed(1500, FAILURE), SeedFound(1600, "42")).image_seed == ""


def test_an_unknown_fact_is_a_fault() -> None:
    with pytest.raises(TypeError, match="not a fact"):
        transition(QUEUED, object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "before",
    [
        (),
        (Sending(1100, "1"), NotTaken(1200, "1")),
        (Sending(1100, "1"), Retrying(1200, Setback.BUSY)),
        (Sending(1100, "1"), Retrying(1200, Setback.BUSY), Sending(1300, "2"), NotTaken(1400, "2")),
    ],
)
def test_a_task_that_the_bot_is_not_at_work_on_can_move(before: tuple[Fact, ...]) -> None:
    task = QUEUED
    for fact in before:
        task = transition(task, fact)
    assert transition(task, Moved(1300, "22")) == replace(task, account_id="22")


@pytest.mark.parametrize(
    "before",
    [
        (Sending(1100, "1"),),
        (Sending(1100, "1"), Taken(1200, "1")),
        (Sending(1100, "1"), Retrying(1200, Setback.BUSY), Sending(1300, "2")),
        (Cancelled(1100),),
        (Started(1100, "m"),),
    ],
)
def test_a_task_that_the_bot_may_be_at_work_on_stays(before: tuple[Fact, ...]) -> None:
    task = QUEUED
    for fact in before:
        task = transition(task, fact)
    assert transition(task, Moved(1300, "22")) is task


RUNNING = after(Sending(1100, "n1", mode=Mode.FAST), Started(1200, "m1", "i1", "j1"), Progressed(1300, "m1", 46))
RETRYING = Retrying(1400, Setback.FAULT)
APPEAL = Source("m9", 64, "", "MJ::Prompts::Appeal::a1b2", "")


def test_a_task_that_is_tried_again_waits_as_at_first_but_for_its_progress_and_its_steps() -> None:
    task = transition(RUNNING, RETRYING)
    told = {"interaction_id": "i1", "progress_message_id": "m1", "job_id": "j1"}
    failed = Step("n1", 1100, outcome="failed", setback=Setback.FAULT, mode=Mode.FAST, **told)
    assert task == replace(QUEUED, progress=46, mode=Mode.FAST, trace=Trace(steps=(failed,)))
    assert task.trace.failed
    assert not task.trace.in_doubt
    assert task.trace.count(Setback.FAULT) == 1


def test_the_next_attempt_has_a_life_of_its_own() -> None:
    task = after(RETRYING, Sending(2000, "n2", mode=Mode.RELAX), Taken(2100, "n2", "i2"), task=RUNNING)
    assert (task.status, task.started_at, task.progress, task.mode) == (Status.SUBMITTED, 2100, 46, Mode.RELAX)
    assert [step.nonce for step in task.trace.attempt] == ["n2"]
    assert (task.trace.interaction_id, task.trace.last_sign_at) == ("i2", 2100)
    assert [step.mode for step in task.trace.steps] == [Mode.FAST, Mode.RELAX]


@pytest.mark.parametrize(
    "late",
    [
        Taken(1500, "n1"),
        NotTaken(1500, "n1"),
        Started(1500, "m1"),
        Progressed(1500, "m1", 78),
        Held(1500, "m1"),
        RETRYING,
        Reported((Progressed(1500, "m1", 78),)),
    ],
)
def test_what_is_told_of_a_failed_attempt_changes_nothing(late: Fact) -> None:
    task = transition(RUNNING, RETRYING)
    assert transition(task, late) is task


def test_a_result_that_comes_after_all_is_the_tasks() -> None:
    assert after(RETRYING, Finished(1500, RESULT), task=RUNNING).status is Status.SUCCESS


@pytest.mark.parametrize("before", [(), (Sending(1100, "n1"), NotTaken(1200, "n1"))])
def test_what_the_bot_has_nothing_of_cannot_have_failed_there(before: tuple[Fact, ...]) -> None:
    task = after(*before)
    assert transition(task, RETRYING) is task


def test_a_step_in_doubt_is_settled_by_its_failure() -> None:
    assert after(Sending(1100, "n1"), RETRYING).trace.failed


def test_a_task_whose_caller_wants_it_stopped_is_not_tried_again() -> None:
    assert after(CancelRequested(1350), RETRYING, task=RUNNING).status is Status.CANCELLED
    assert after(RETRYING, CancelRequested(1500), task=RUNNING).status is Status.CANCELLED


def test_an_appeal_is_pressed_once_and_in_the_channel_of_its_notice() -> None:
    task = after(Retrying(1400, Setback.MODERATED, APPEAL), task=RUNNING)
    assert task.trace.appeal == APPEAL
    assert after(Sending(1500, "n2"), RETRYING, task=task).trace.appeal is None
    assert after(Moved(1500, "22"), task=task).trace.appeal is None


times = st.integers(0, 5000)
nonces = st.sampled_from(["n1", "n2"])
messages = st.sampled_from(["", "m1", "m2"])
jobs = st.sampled_from(["", "j1", "j2"])
facts = st.one_of(
    st.builds(Sending, times, nonces),
    st.builds(Taken, times, nonces, st.sampled_from(["", "i1"])),
    st.builds(Opened, times, nonces, st.sampled_from(["", "i1"])),
    st.builds(NotTaken, times, nonces),
    st.builds(Started, times, messages, st.just("i1"), jobs),
    st.builds(Progressed, times, messages, st.none() | st.integers(-5, 120), st.none(), jobs, st.none()),
    st.builds(Held, times, messages),
    st.builds(Finished, times, st.just(RESULT)),
    st.builds(Failed, times, st.just(FAILURE)),
    st.builds(Retrying, times, st.sampled_from(Setback), st.none() | st.just(APPEAL)),
    st.builds(Cancelled, times),
    st.builds(CancelRequested, times),
    st.builds(Moved, times, st.sampled_from(["11", "22"])),
    st.builds(SeedFound, times, st.just("42")),
)


@given(st.lists(facts, max_size=12))
def test_what_holds_of_every_task(history: list[Fact]) -> None:
    task = QUEUED
    for fact in history:
        before, task = task, transition(task, fact)
        assert task.progress >= before.progress
        assert (task.progress == 100) == (task.status is Status.SUCCESS)
        assert not before.status.ended or replace(task, image_seed=before.image_seed) == before
        assert (task.result is not None) == (task.status is Status.SUCCESS)
        assert (task.failure is not None) == (task.status is Status.FAILURE)
        assert not task.started_at or task.submitted_at <= task.started_at
        assert not task.finished_at or task.started_at <= task.finished_at
        assert task.status.ended == bool(task.finished_at)
        assert len(task.trace.steps) >= len(before.trace.steps)
        if task.trace.failed:
            assert task.status.ended or (task.status, task.started_at) == (Status.NOT_START, 0)
        else:
            assert task.trace.last_sign_at >= before.trace.last_sign_at
            assert not before.trace.job_id or task.trace.job_id == before.trace.job_id or task.status is Status.SUCCESS


@given(st.lists(facts, max_size=8), facts.filter(lambda fact: not isinstance(fact, Sending)))
def test_a_fact_told_twice_changes_nothing_the_second_time(history: list[Fact], fact: Fact) -> None:
    once = transition(after(*history), fact)
    assert transition(once, fact) is once


@given(st.lists(facts, max_size=8), facts.filter(lambda fact: not isinstance(fact, Sending)), times)
def test_a_fact_told_again_later_is_no_sign_of_life(history: list[Fact], fact: Fact, later: int) -> None:
    once = transition(after(*history), fact)
    assert not isinstance(fact, Reported), "it has no time of its own"
    assert transition(once, replace(fact, at=fact.at + later)) is once


@given(st.lists(facts, max_size=8))
def test_a_task_that_has_left_the_queue_returns_to_it_only_to_be_tried_again(history: list[Fact]) -> None:
    task = QUEUED
    for fact in history:
        before, task = task, transition(task, fact)
        returned = before.status is not Status.NOT_START and task.status is Status.NOT_START
        assert not returned or isinstance(fact, Retrying)


def test_no_change_is_the_same_object() -> None:
    task = replace(QUEUED, prompt="a cat")
    assert transition(task, NotTaken(1, "unknown")) is task
