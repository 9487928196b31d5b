"""Modals that presses open in the Remix mode: what they tell of it, and that each is answered once."""

from __future__ import annotations

import asyncio

import pytest

from mjproxy_server.engine.opened_modals import OpenedModals
from mjproxy_server.midjourney.content import Content, Phase, Verb
from mjproxy_server.midjourney.messages import BotMessage, Event, MessageKind, ModalOpened
from mjproxy_server.model.command import Press
from mjproxy_server.model.facts import CancelRequested, Opened, Sending
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Bot

JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
VARIATION, UPSCALE = (f"MJ::JOB::{kind}::1::{JOB}" for kind in ("variation", "upsample"))
MODAL = ModalOpened("88", "77", "MJ::RemixModal")
DRAWN = BotMessage(
    kind=MessageKind.CREATED,
    id="99",
    bot=Bot.MIDJOURNEY,
    content=Content(prompt="a cat", verb=Verb.VARIATIONS, user_id="", phase=Phase.WAITING),
)
REMARK = BotMessage(kind=MessageKind.CREATED, id="99", bot=Bot.MIDJOURNEY)


def pressed(custom_id: str = VARIATION) -> Task:
    task = Task(
        id="1",
        account_id="11",
        action=Action.VARIATION,
        command=Press("0", custom_id),
        description="",
        submitted_at=0,
        source=Source("66", 0, JOB, custom_id, "a cat"),
    )
    return transition(task, Sending(1, "77"))


class Answers:
    """Runs a part that answers modals, and lets a test take the answers one by one."""

    def __init__(self) -> None:
        self._given: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.modals = OpenedModals(self._answer)

    async def _answer(self, task: Task, modal: ModalOpened) -> None:
        self._given.put_nowait((task.id, modal.id))

    async def take(self, count: int) -> list[tuple[str, str]]:
        async with asyncio.timeout(5):
            running = asyncio.create_task(self.modals.run())
            taken = [await self._given.get() for _ in range(count)]
            running.cancel()
            await asyncio.wait({running})
        return taken


@pytest.mark.parametrize(
    ("event", "on"),
    [
        (MODAL, True),
        (ModalOpened("88", "", "MJ::RemixModal"), True),
        (ModalOpened("88", "of an earlier press", "MJ::RemixModal"), None),
        (DRAWN, False),
        (REMARK, None),
    ],
)
def test_what_a_press_leads_to_tells_whether_remix_is_on(event: Event, on: bool | None) -> None:
    assert Answers().modals.heed(pressed(), event) is on


@pytest.mark.parametrize("event", [MODAL, DRAWN])
@pytest.mark.parametrize("task", [pressed(UPSCALE), transition(pressed(), CancelRequested(2))])
def test_nothing_is_told_by_a_button_that_opens_none_or_a_press_that_was_cancelled(task: Task, event: Event) -> None:
    assert Answers().modals.heed(task, event) is None


def test_what_is_drawn_after_a_modal_tells_nothing_new() -> None:
    modals = Answers().modals
    modals.heed(pressed(), MODAL)
    assert modals.heed(pressed(), DRAWN) is None


async def test_each_modal_is_answered_once_however_often_it_comes() -> None:
    answers, another = Answers(), ModalOpened("89", "77", "MJ::RemixModal")
    for event in (MODAL, MODAL, another, another):
        answers.modals.heed(pressed(), event)
    assert await answers.take(2) == [("1", "88"), ("1", "89")]


def test_of_a_task_that_has_ended_nothing_is_remembered() -> None:
    modals = Answers().modals
    modals.heed(pressed(), MODAL)
    modals.forget("1")
    assert modals.heed(pressed(), DRAWN) is False


def test_a_modal_that_an_earlier_process_has_heard_of_is_no_news() -> None:
    modals, task = Answers().modals, transition(pressed(), Opened(2, "77", "88"))
    modals.take_over(task)
    assert modals.heed(task, MODAL) is None
