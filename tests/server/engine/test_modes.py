"""In which mode a prompt is sent when hours are used up, and for how long that is remembered."""

import pytest
from msgspec.structs import replace

from mjproxy_server.engine.modes import REMEMBERED, SpentModes, fallback, mode_for
from mjproxy_server.model.account import Account, AccountSync
from mjproxy_server.model.command import Blend, Imagine, Press
from mjproxy_server.model.facts import Retrying, Sending
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Dimensions, Mode, Setback

NOW = 1_000_000.0
FAST, RELAX, TURBO = Mode.FAST, Mode.RELAX, Mode.TURBO
NONE = frozenset[Mode]()
TASK = Task(
    id="1",
    account_id="11",
    action=Action.IMAGINE,
    mode=FAST,
    command=Imagine("a cat"),
    description="",
    submitted_at=0,
)
PRESS = replace(TASK, command=Press("0", "x"), source=Source("5", 0, "", "x", ""), mode=None)
BLEND = replace(TASK, command=Blend((), Dimensions.SQUARE))


def account(*modes: Mode) -> Account:
    return Account(guild_id="1", channel_id="11", user_token="t", user_agent="", fallback_modes=modes)


def refused_in(*modes: Mode | None) -> Task:
    task = replace(TASK, mode=modes[0])
    for number, mode in enumerate(modes):
        task = transition(task, Sending(1, f"{number}", mode=mode))
        task = transition(task, Retrying(2, Setback.EXHAUSTED))
    return task


@pytest.mark.parametrize(
    ("task", "modes", "spent", "mode"),
    [
        (TASK, (RELAX,), NONE, FAST),
        (TASK, (RELAX,), {FAST, TURBO}, RELAX),
        (TASK, (TURBO, RELAX), {FAST, TURBO}, RELAX),
        (TASK, (), {FAST, TURBO}, FAST),
        (TASK, (RELAX,), {FAST, TURBO, RELAX}, FAST),
        (replace(TASK, mode=RELAX), (FAST,), {FAST, TURBO}, RELAX),
        (refused_in(FAST), (RELAX,), NONE, RELAX),
        (refused_in(FAST), (TURBO, RELAX), NONE, RELAX),
        (refused_in(RELAX), (RELAX, FAST), NONE, FAST),
        (replace(TASK, mode=None), (RELAX,), NONE, None),
        (replace(TASK, mode=None), (RELAX,), {FAST, TURBO}, RELAX),
        (refused_in(None), (RELAX,), NONE, RELAX),
        (PRESS, (RELAX,), {FAST, TURBO}, None),
        (BLEND, (RELAX,), {FAST, TURBO}, FAST),
    ],
)
def test_a_prompt_is_sent_in_its_own_mode_or_in_the_first_that_has_hours(
    task: Task, modes: tuple[Mode, ...], spent: set[Mode], mode: Mode | None
) -> None:
    assert mode_for(task, account(*modes), spent) is mode


def test_there_is_no_way_back_to_a_mode_in_which_the_task_was_refused() -> None:
    assert fallback(refused_in(FAST, RELAX), account(FAST, RELAX, TURBO), NONE) is None


@pytest.mark.parametrize("mode", [FAST, TURBO, None])
def test_fast_and_turbo_use_up_the_same_hours(mode: Mode | None) -> None:
    spent = SpentModes()
    spent.note(mode, NOW)
    assert spent.known(NOW, None) == {FAST, TURBO}


def test_it_is_forgotten_after_an_hour() -> None:
    spent = SpentModes()
    spent.note(RELAX, NOW)
    assert spent.known(NOW + REMEMBERED - 1, None) == {RELAX}
    assert not spent.known(NOW + REMEMBERED, None)


@pytest.mark.parametrize(
    ("later", "hours", "left"),
    [
        (1, 0.5, {RELAX}),
        (1, 0.0, {FAST, TURBO, RELAX}),
        (1, None, {FAST, TURBO, RELAX}),
        (-1, 0.5, {FAST, TURBO, RELAX}),
    ],
)
def test_it_is_forgotten_when_a_later_sync_tells_of_fast_hours(
    later: int, hours: float | None, left: set[Mode]
) -> None:
    spent = SpentModes()
    spent.note(FAST, NOW)
    spent.note(RELAX, NOW)
    assert spent.known(NOW + 2, AccountSync(at=int(NOW + later) * 1000, fast_hours_left=hours)) == left
