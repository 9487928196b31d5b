"""Which tasks go on though the bot has not done what was sent for them, and how often."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from mjproxy_server.engine.second_chances import FIRST_PAUSE, LONGEST_PAUSE, MOST_PUT_OFF, outcome, pause, setback_of
from mjproxy_server.midjourney.messages import BotMessage, Embed, MessageKind
from mjproxy_server.midjourney.outcomes import failure_of
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine, Press
from mjproxy_server.model.facts import Fact, Failed, Retrying, Sending
from mjproxy_server.model.task import Button, Modal, Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Setback

NOW = 1_790_000_000_000
"""In Unix milliseconds."""
APPEAL = Button("MJ::Prompts::Appeal::a1b2", label="Appeal")
ACCOUNT = Account(guild_id="1", channel_id="11", user_token="t", user_agent="")
GENEROUS = dataclasses.replace(ACCOUNT, failure_retries=2, press_appeal=True, fallback_modes=(Mode.RELAX,))
TASK = Task(
    id="1",
    account_id="11",
    action=Action.IMAGINE,
    mode=Mode.FAST,
    command=Imagine("a cat"),
    description="",
    submitted_at=0,
)
PRESS = replace(TASK, mode=None, command=Press("0", "x"), source=Source("5", 0, "", "x", ""))


def notice(title: str, description: str = "", *buttons: Button) -> BotMessage:
    embed = Embed(type="rich", title=title, description=description, colour=0xFF0000)
    return BotMessage(kind=MessageKind.CREATED, id="77", bot=Bot.MIDJOURNEY, flags=64, embeds=(embed,), buttons=buttons)


WRONG = notice("Sorry, something went wrong")
BUSY = notice("Queue full")
MODERATED = notice("Action needed to continue", "", APPEAL)
EXHAUSTED = notice("Credits exhausted", "You have used up your fast hours.")
NOTICES = {
    Setback.FAULT: WRONG,
    Setback.BUSY: BUSY,
    Setback.MODERATED: MODERATED,
    Setback.EXHAUSTED: EXHAUSTED,
}
TITLES = ("Invalid parameter", "Blocked", "Job action restricted", "Action needed to continue", "Unheard of")


def told(message: BotMessage) -> Failed:
    failure = failure_of(message)
    assert failure is not None
    return Failed(NOW, failure)


def judged(task: Task, message: BotMessage, account: Account = GENEROUS, *spent: Mode) -> Fact:
    return outcome(task, told(message), message, account, frozenset(spent))


def tried(times: int, setback: Setback, task: Task = TASK) -> Task:
    for number in range(times):
        task = transition(task, Sending(NOW, f"{number}", mode=task.mode))
        task = transition(task, Retrying(NOW, setback))
    return task


@pytest.mark.parametrize(("setback", "message"), NOTICES.items())
def test_some_failures_are_setbacks_that_may_be_overcome(setback: Setback, message: BotMessage) -> None:
    assert setback_of(told(message).failure, message) is setback
    fact = judged(TASK, message)
    assert isinstance(fact, Retrying)
    assert (fact.at, fact.setback) == (NOW, setback)


@pytest.mark.parametrize("title", TITLES)
def test_all_others_end_the_task(title: str) -> None:
    message = notice(title)
    assert setback_of(told(message).failure, message) is None
    assert judged(TASK, message) == told(message)


@pytest.mark.parametrize("message", [WRONG, MODERATED, EXHAUSTED])
def test_what_spends_hours_is_tried_again_only_where_the_owner_allows_it(message: BotMessage) -> None:
    assert judged(TASK, message, ACCOUNT) == told(message)


def test_what_the_bot_is_too_busy_for_is_tried_again_in_any_case() -> None:
    assert isinstance(judged(TASK, BUSY, ACCOUNT), Retrying)


@pytest.mark.parametrize("message", NOTICES.values())
def test_an_account_that_is_out_of_service_gives_no_chance(message: BotMessage) -> None:
    assert judged(TASK, message, dataclasses.replace(GENEROUS, enable=False)) == told(message)


@pytest.mark.parametrize(
    ("setback", "times"), [(Setback.FAULT, 2), (Setback.BUSY, MOST_PUT_OFF), (Setback.MODERATED, 1)]
)
def test_each_setback_has_its_budget(setback: Setback, times: int) -> None:
    message = NOTICES[setback]
    assert isinstance(judged(tried(times - 1, setback), message), Retrying)
    assert judged(tried(times, setback), message) == told(message)
    another = Setback.BUSY if setback is Setback.FAULT else Setback.FAULT
    assert isinstance(judged(tried(9, another), message), Retrying), "the budgets are apart"


def test_an_appeal_is_the_press_of_the_notices_button() -> None:
    fact = judged(TASK, MODERATED)
    assert isinstance(fact, Retrying)
    assert fact.appeal == Source("77", 64, "", APPEAL.custom_id, "")


def test_a_region_is_not_appealed() -> None:
    assert judged(replace(PRESS, modal=Modal("a cat", wants_mask=True)), MODERATED) == told(MODERATED)
    assert isinstance(judged(replace(PRESS, modal=Modal("a cat")), MODERATED), Retrying)


def test_hours_that_are_used_up_in_every_mode_end_the_task() -> None:
    assert judged(TASK, EXHAUSTED, GENEROUS, Mode.FAST, Mode.TURBO, Mode.RELAX) == told(EXHAUSTED)
    assert judged(tried(1, Setback.EXHAUSTED, replace(TASK, mode=Mode.RELAX)), EXHAUSTED) == told(EXHAUSTED)


def test_a_button_cannot_go_on_in_another_mode_and_says_so() -> None:
    fact = judged(PRESS, EXHAUSTED)
    assert isinstance(fact, Failed)
    assert fact.failure.title == "Credits exhausted"
    assert "fallback_modes" in fact.failure.description
    assert judged(PRESS, EXHAUSTED, ACCOUNT) == told(EXHAUSTED)


@pytest.mark.parametrize(
    ("description", "times", "seconds"),
    [
        ("", 0, FIRST_PAUSE),
        ("", 3, 8 * FIRST_PAUSE),
        (f"Come back <t:{NOW // 1000 + 90}:R>", 3, 90),
        (f"Come back <t:{NOW // 1000 - 90}:R>", 1, 2 * FIRST_PAUSE),
        (f"Come back <t:{NOW // 1000 + 86_400}:R>", 0, LONGEST_PAUSE),
    ],
)
def test_a_pause_lasts_until_the_moment_that_the_bot_names_or_grows(
    description: str, times: int, seconds: float
) -> None:
    assert pause(tried(times, Setback.BUSY), notice("Slow Down!", description), NOW) == seconds
