"""Which jobs are silent for too long, and why their tasks fail."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mjproxy_server.engine.watchdog import SILENCE_CHECKS, pause, silence, silent
from mjproxy_server.engine.workload import Workload
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Fact, Opened, Sending, Started, Taken
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Reason

NOW = 1_000.0
ACCOUNT = Account(guild_id="1", channel_id="11", user_token="t", user_agent="", timeout_minutes=5)
TASK = Task(id="1", account_id="11", action=Action.IMAGINE, command=Imagine("a cat"), description="", submitted_at=0)
REMIXED = replace(TASK, source=Source("5", 0, "", "MJ::JOB::variation::1::0b1c2d3e-0000-4000-8000-000000000001", ""))


def sent(task: Task, *facts: Fact) -> Task:
    for fact in (Sending(1, "77"), *facts):
        task = transition(task, fact)
    return task


def test_a_job_is_silent_when_nothing_was_heard_of_it_for_as_long_as_its_account_allows() -> None:
    workload, running = Workload(), sent(TASK, Taken(2, "77"))
    workload.take_over([running], NOW)
    assert silent(workload, ACCOUNT, NOW + 300, lag=0.0) == []
    assert silent(workload, ACCOUNT, NOW + 301, lag=0.0) == [running]
    assert pause(ACCOUNT) * SILENCE_CHECKS == 300


def test_a_sign_of_life_may_have_come_and_wait_to_be_heard() -> None:
    workload, running = Workload(), sent(TASK, Taken(2, "77"))
    workload.take_over([running], NOW)
    assert silent(workload, ACCOUNT, NOW + 301, lag=60.0) == []
    assert silent(workload, ACCOUNT, NOW + 361, lag=60.0) == [running]


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (sent(TASK, Taken(2, "77")), Reason.TIMED_OUT),
        (sent(REMIXED, Taken(2, "77")), Reason.OUTCOME_UNKNOWN),
        (sent(REMIXED, Opened(2, "77")), Reason.TIMED_OUT),
        (sent(REMIXED, Started(2, "88")), Reason.TIMED_OUT),
    ],
)
def test_a_dialogue_of_which_nobody_heard_is_not_the_bots_fault(task: Task, reason: Reason) -> None:
    assert silence(task, ACCOUNT).reason is reason
