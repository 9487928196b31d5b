"""Asking the bot: which messages answer, which do not, and when nobody answers."""

from __future__ import annotations

import asyncio

import pytest

from mjproxy_server.engine.asking import Inquiries, Question
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.midjourney.messages import BotMessage, Event, InteractionEvent, InteractionKind, MessageKind
from mjproxy_server.model.errors import BotSilent
from mjproxy_server.model.vocabulary import Bot


def message(text: str, *, id: str = "900", **known: str) -> BotMessage:  # noqa: A002
    return BotMessage(kind=MessageKind.CREATED, id=id, bot=Bot.MIDJOURNEY, text=text, **known)  # type: ignore[arg-type]


def last_word(heard: BotMessage) -> str | None:
    """Only a whole sentence is an answer."""
    return heard.text if heard.text.endswith(".") else None


async def ask(*events: Event, patience: float = 5.0, **identity: object) -> tuple[str, list[bool]]:
    """Asks with the nonce "7", and has these events come right then; returns the answer, and what was recognised."""
    inquiries = Inquiries(SystemClock())
    known: list[bool] = []

    async def act() -> None:
        known.extend(inquiries.hear(event) for event in events)

    question = Question("/info", last_word, nonce="7", **identity)  # type: ignore[arg-type]
    return await inquiries.ask(question, act, patience=patience), known


async def test_the_message_with_the_nonce_answers() -> None:
    assert await ask(message("An answer.", nonce="7")) == ("An answer.", [True])


async def test_a_later_version_of_the_message_answers_though_it_has_no_nonce() -> None:
    events = (message("Loading", nonce="7"), message("An answer."))
    assert await ask(*events) == ("An answer.", [True, True])


async def test_the_interaction_leads_to_the_message() -> None:
    created = InteractionEvent(InteractionKind.CREATED, "55", "7")
    assert await ask(created, message("An answer.", interaction_id="55")) == ("An answer.", [True, True])


async def test_other_peoples_messages_are_left_to_others() -> None:
    events = (
        message("Another answer.", id="901", nonce="8"),
        InteractionEvent(InteractionKind.CREATED, "56", "8"),
        message("Another answer.", id="902", interaction_id="56"),
        message("An answer.", nonce="7"),
    )
    assert await ask(*events) == ("An answer.", [False, False, False, True])


async def test_what_has_no_identity_is_recognised_by_its_look() -> None:
    answer = message("The seed is 5.", id="77")
    assert await ask(answer, recognise=lambda heard: "seed" in heard.text) == ("The seed is 5.", [True])


async def test_nobody_waits_longer_than_patience() -> None:
    with pytest.raises(BotSilent):
        await ask(message("Loading", nonce="7"), patience=0.01)


async def test_an_interaction_that_fails_is_no_reason_to_wait() -> None:
    async with asyncio.timeout(5):
        with pytest.raises(BotSilent):
            await ask(InteractionEvent(InteractionKind.FAILED, "55", "7"), patience=1000)


async def test_after_the_answer_nothing_is_listened_to() -> None:
    inquiries = Inquiries(SystemClock())
    answer = message("An answer.", nonce="7")

    async def act() -> None:
        inquiries.hear(answer)

    await inquiries.ask(Question("/info", last_word, nonce="7"), act)
    assert not inquiries.hear(answer)
