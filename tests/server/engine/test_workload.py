"""The workload of one account: order, places and cores, without a socket."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from mjproxy_server.engine.workload import Workload
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import CancelRequested, Fact, Progressed, Retrying, Sending, Started, Taken
from mjproxy_server.model.task import Picture, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Mode, Setback
from server.discord.discord_clock import VirtualClock

FIRST, SECOND, THIRD = (
    Task(id=each, account_id="11", action=Action.IMAGINE, command=Imagine("a cat"), description="", submitted_at=0)
    for each in "123"
)


def taken(task: Task) -> Task:
    return transition(transition(task, Sending(1, "77")), Taken(2, "77"))


def failed_once(task: Task) -> Task:
    return transition(taken(task), Retrying(3, Setback.FAULT))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def workload(clock: VirtualClock) -> Workload:
    workload = Workload(clock)
    for task in (FIRST, SECOND, THIRD):
        workload.queue(task)
    return workload


def test_a_newer_version_of_a_waiting_task_keeps_its_place(workload: Workload) -> None:
    newer = replace(FIRST, description="newer")
    workload.queue(newer)
    assert list(workload.waiting.values()) == [newer, SECOND, THIRD]


def test_those_that_have_failed_once_wait_at_the_head_the_oldest_first(workload: Workload) -> None:
    for task in (THIRD, SECOND):
        workload.begin(task)
        workload.finish(task.id)
        workload.requeue([failed_once(task)])
    assert list(workload.waiting) == ["2", "3", "1"]


def test_a_task_that_has_begun_cannot_be_withdrawn(workload: Workload) -> None:
    workload.begin(FIRST)
    assert not workload.withdraw(FIRST.id)
    assert workload.withdraw(SECOND.id)
    assert (list(workload.waiting), list(workload.at_work)) == (["3"], ["1"])


async def test_it_is_idle_when_the_last_core_is_free_again(workload: Workload) -> None:
    workload.begin(FIRST)
    workload.begin(SECOND)
    idle = asyncio.create_task(workload.wait_until_idle())
    assert workload.finish(FIRST.id)
    assert not workload.finish(FIRST.id)
    await asyncio.sleep(0)
    assert not idle.done()
    workload.finish(SECOND.id)
    async with asyncio.timeout(1):
        await idle


def test_only_a_job_that_once_gave_a_sign_of_life_can_fall_silent(workload: Workload, clock: VirtualClock) -> None:
    workload.begin(FIRST)
    workload.begin(SECOND)
    workload.update(taken(SECOND))
    clock.move(60)
    assert workload.silent_since(clock.monotonic() - 59) == [taken(SECOND)]
    assert workload.silent_since(clock.monotonic() - 61) == []


def test_a_sign_of_life_ends_the_silence_and_other_news_do_not(workload: Workload, clock: VirtualClock) -> None:
    for task in (FIRST, SECOND):
        workload.begin(taken(task))
    clock.move(60)
    alive, renamed = transition(taken(FIRST), Progressed(4, "99", 50)), replace(taken(SECOND), description="newer")
    workload.update(alive)
    workload.update(renamed)
    assert workload.silent_since(clock.monotonic()) == [renamed]


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
def test_news_of_a_task_are_told_from_reports_on_how_far_its_job_is(
    workload: Workload, fact: Fact, *, is_report: bool
) -> None:
    running = transition(transition(taken(FIRST), Started(3, "99")), Progressed(4, "99", 50))
    workload.begin(running)
    newer = transition(running, fact)
    assert newer is not running
    assert workload.update(newer) is not is_report
    assert workload.at_work == {FIRST.id: newer}
