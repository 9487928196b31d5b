"""The workload of one account: order, places and cores, without a socket."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mjproxy_server.engine.workload import News, Workload
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Cancelled, CancelRequested, Fact, Progressed, Retrying, Sending, Started, Taken
from mjproxy_server.model.task import Picture, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Mode, Setback

NOW = 1_000.0
FIRST, SECOND, THIRD = (
    Task(id=each, account_id="11", action=Action.IMAGINE, command=Imagine("a cat"), description="", submitted_at=0)
    for each in "123"
)


def taken(task: Task) -> Task:
    return transition(transition(task, Sending(1, "77")), Taken(2, "77"))


def failed_once(task: Task) -> Task:
    return transition(taken(task), Retrying(3, Setback.FAULT))


@pytest.fixture
def workload() -> Workload:
    workload = Workload()
    for task in (FIRST, SECOND, THIRD):
        assert workload.follow(task, NOW) is News.WAITING
    return workload


def begin(workload: Workload, *tasks: Task) -> None:
    for task in tasks:
        assert workload.claim(3, lambda each, task=task: each.id == task.id, NOW)  # type: ignore[misc]


def test_a_newer_version_of_a_waiting_task_keeps_its_place(workload: Workload) -> None:
    newer = replace(FIRST, description="newer")
    assert workload.follow(newer, NOW) is News.WAITING
    assert list(workload.waiting.values()) == [newer, SECOND, THIRD]


def test_the_first_that_may_start_gets_a_core_while_one_is_free(workload: Workload) -> None:
    assert workload.claim(2, lambda task: task.id != FIRST.id, NOW) is SECOND
    assert workload.claim(2, lambda _: False, NOW) is None
    assert workload.claim(2, lambda _: True, NOW) is FIRST
    assert workload.claim(2, lambda _: True, NOW) is None
    assert (list(workload.waiting), list(workload.at_work)) == (["3"], ["2", "1"])


def test_those_that_have_failed_once_wait_at_the_head_the_oldest_first(workload: Workload) -> None:
    begin(workload, THIRD, SECOND)
    for task in (THIRD, SECOND):
        assert workload.follow(failed_once(task), NOW) is News.PUT_BACK
    assert list(workload.waiting) == ["2", "3", "1"]


def test_a_task_that_has_begun_cannot_be_withdrawn(workload: Workload) -> None:
    begin(workload, FIRST)
    assert not workload.withdraw(FIRST.id)
    assert workload.withdraw(SECOND.id)
    assert (list(workload.waiting), list(workload.at_work)) == (["3"], ["1"])


def test_a_core_is_free_again_when_its_task_has_ended_or_is_the_accounts_no_more(workload: Workload) -> None:
    begin(workload, FIRST, SECOND)
    assert workload.follow(transition(FIRST, Cancelled(2)), NOW) is News.ENDED
    assert workload.follow(SECOND, NOW, removed=True) is News.ENDED
    assert workload.follow(THIRD, NOW, removed=True) is News.WAITING
    assert (dict(workload.waiting), dict(workload.at_work)) == ({}, {})


def test_what_an_earlier_process_has_begun_keeps_its_core() -> None:
    workload, in_doubt = Workload(), transition(THIRD, Sending(1, "78"))
    workload.take_over([FIRST, taken(SECOND), in_doubt, failed_once(replace(FIRST, id="4"))], NOW)
    assert list(workload.at_work) == ["2", "3"]
    assert list(workload.waiting) == ["4", "1"]


def test_only_a_job_that_once_gave_a_sign_of_life_can_fall_silent(workload: Workload) -> None:
    begin(workload, FIRST, SECOND)
    workload.follow(taken(SECOND), NOW)
    assert workload.silent_since(NOW + 1) == [taken(SECOND)]
    assert workload.silent_since(NOW) == []


def test_a_sign_of_life_ends_the_silence_and_other_news_do_not() -> None:
    workload = Workload()
    workload.take_over([taken(FIRST), taken(SECOND)], NOW)
    alive, renamed = transition(taken(FIRST), Progressed(4, "99", 50)), replace(taken(SECOND), description="newer")
    workload.follow(alive, NOW + 60)
    workload.follow(renamed, NOW + 60)
    assert workload.silent_since(NOW + 60) == [renamed]


@pytest.mark.parametrize(
    ("fact", "is_report"),
    [
        (Progressed(5, "99", 60), True),
        (Progressed(5, "99", picture=Picture("https://cdn.example/2.webp")), True),
        (Progressed(5, "99", 60, mode=Mode.FAST), False),
        (Progressed(5, "99", 60, job_id="a job"), False),
        (Progressed(5, "98", 60), False),
        (Started(5, "99", interaction_id="55"), False),
        (CancelRequested(5), False),
    ],
)
def test_news_of_a_task_are_told_from_reports_on_how_far_its_job_is(fact: Fact, *, is_report: bool) -> None:
    workload = Workload()
    running = transition(transition(taken(FIRST), Started(3, "99")), Progressed(4, "99", 50))
    workload.take_over([running], NOW)
    newer = transition(running, fact)
    assert newer is not running
    assert workload.follow(newer, NOW) is (News.REPORTED if is_report else News.LEARNED)
    assert workload.at_work == {FIRST.id: newer}
