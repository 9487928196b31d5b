"""When an account rests: after failures in a row, longer each time, and not for ever."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.engine.condition import FIRST_REST, LONGEST_REST, PATIENCE, Condition, Omen, omen
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Action, Reason, Status

OMENS = st.lists(st.tuples(st.sampled_from(Omen), st.floats(0, 4000)), max_size=60)


ACCOUNT = Account(guild_id="1", channel_id="11", user_token="t", user_agent="", core_size=3)


def ended(status: Status, reason: Reason | None = None) -> Task:
    return Task(
        id="1",
        account_id="11",
        action=Action.IMAGINE,
        command=Imagine("a cat"),
        description="",
        submitted_at=0,
        status=status,
        failure=Failure(reason, "", "") if reason else None,
    )


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (ended(Status.SUCCESS), Omen.GOOD),
        (ended(Status.FAILURE, Reason.MODERATED), Omen.GOOD),
        (ended(Status.FAILURE, Reason.PROMPT_REJECTED), Omen.GOOD),
        (ended(Status.FAILURE, Reason.DISCORD_REFUSED), Omen.BAD),
        (ended(Status.FAILURE, Reason.BOT_BUSY), Omen.BAD),
        (ended(Status.FAILURE, Reason.TIMED_OUT), Omen.BAD),
        (ended(Status.FAILURE, Reason.INTERNAL), Omen.NONE),
        (ended(Status.CANCELLED), Omen.NONE),
    ],
)
def test_the_end_of_a_task_tells_of_its_account_only_if_it_is_the_accounts_doing(task: Task, told: Omen) -> None:
    assert omen(task) is told


def test_one_refusal_is_no_reason_to_rest() -> None:
    condition = Condition()
    for _ in range(PATIENCE - 1):
        assert not condition.heed(Omen.BAD, 0)
    assert condition.fit(0)


def test_failures_in_a_row_let_it_rest_for_a_while() -> None:
    condition = Condition()
    begun = [condition.heed(Omen.BAD, 0) for _ in range(PATIENCE)]
    assert begun == [False] * (PATIENCE - 1) + [True]
    assert not condition.fit(FIRST_REST - 1)
    assert condition.fit(FIRST_REST)


def test_a_success_in_between_starts_the_count_anew() -> None:
    condition = Condition()
    for sign in (Omen.BAD, Omen.BAD, Omen.GOOD, Omen.BAD, Omen.NONE, Omen.BAD):
        assert not condition.heed(sign, 0)


def test_each_failure_after_a_rest_begins_a_longer_one_up_to_a_limit() -> None:
    condition, now, rests = Condition(), 0.0, []
    for _ in range(PATIENCE - 1):
        condition.heed(Omen.BAD, now)
    for _ in range(9):
        assert condition.heed(Omen.BAD, now)
        rests.append(condition.resting_until - now)
        now = condition.resting_until
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests[-1] == LONGEST_REST


def test_an_operator_makes_it_good() -> None:
    condition = Condition("blocked")
    for _ in range(PATIENCE):
        condition.heed(Omen.BAD, 0)
    assert not condition.fit(LONGEST_REST)
    condition.recover()
    assert condition.fit(0)
    assert not condition.heed(Omen.BAD, 0)


@given(OMENS)
def test_no_account_that_is_not_held_rests_for_longer_than_the_limit(omens: list[tuple[Omen, float]]) -> None:
    condition, now = Condition(), 0.0
    for sign, pause in omens:
        now += pause
        began = condition.heed(sign, now)
        assert condition.resting_until <= now + LONGEST_REST
        assert condition.fit(now) == (condition.resting_until <= now)
        if began:
            assert sign is Omen.BAD
            assert condition.resting_until >= now + FIRST_REST


def test_a_pause_ends_by_itself_and_a_shorter_one_does_not_end_it() -> None:
    condition = Condition()
    condition.pause(30)
    condition.pause(20)
    assert not condition.fit(29)
    assert condition.fit(30)


def test_a_pause_is_no_rest_and_outlasts_one() -> None:
    condition = Condition()
    for _ in range(PATIENCE):
        condition.heed(Omen.BAD, 0)
    condition.pause(FIRST_REST + 10)
    assert condition.resting_until == FIRST_REST
    assert not condition.fit(FIRST_REST)
    assert condition.idle_until == FIRST_REST + 10
    condition.recover()
    assert condition.fit(0)


def test_an_account_that_is_disabled_or_unfit_has_no_core_for_another_task() -> None:
    assert Condition().cores(ACCOUNT, 0) == 3
    assert Condition().cores(dataclasses.replace(ACCOUNT, enable=False), 0) == 0
    assert Condition(held_reason="[Blocked] Write to support.").cores(ACCOUNT, 0) == 0
    pausing = Condition()
    pausing.pause(5)
    assert (pausing.cores(ACCOUNT, 4), pausing.cores(ACCOUNT, 5)) == (0, 3)
