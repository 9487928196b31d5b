"""Asking the bot: an interaction that is no task, and the wait for the message that answers it.

The answer is found by identity: the nonce is on the interaction's events and on the first message, that message's id is
on its later versions. What answers a question is no task's, so the correlator does not see it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, Protocol, TypeVar

from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.midjourney.messages import BotMessage, Event, InteractionEvent, InteractionKind
from mjproxy_server.model.errors import BotSilent

PATIENCE: Final = 20.0
"""Seconds that the bot has to answer a question."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
Recogniser = Callable[[BotMessage], bool]


def _nothing(_: BotMessage) -> bool:
    return False


class Question(Generic[T]):
    """A question to the bot.

    Args:
        what: What is asked, in words for a person: "/info".
        understand: Reads the answer; None if the message is not all of it yet.
        nonce: The nonce of the interaction that asks; "" if none does.
        recognise: Tells an answer that has neither the nonce nor another identity of the interaction; nothing else may
            look like it.
    """

    def __init__(
        self,
        what: str,
        understand: Callable[[BotMessage], T | None],
        *,
        nonce: str = "",
        recognise: Recogniser = _nothing,
    ) -> None:
        self.what = what
        self._understand = understand
        self._recognise = recognise
        self._nonce = nonce
        self._known: set[str] = set()
        self._answer: T | None = None
        self._settled = asyncio.Event()

    def hear(self, event: Event) -> bool:
        """Takes in an event if it belongs to the question; returns whether it does."""
        if isinstance(event, InteractionEvent):
            return self._hear_of_interaction(event)
        if not isinstance(event, BotMessage) or not self._is_mine(event):
            return False
        self._known.update(key for key in (event.id, event.interaction_id) if key)
        answer = self._understand(event)
        if answer is not None and not self._settled.is_set():
            self._answer = answer
            self._settled.set()
        return True

    async def answered(self) -> None:
        """Returns when there is an answer, or certainly none."""
        await self._settled.wait()

    def answer(self) -> T:
        """Returns the answer.

        Raises:
            BotSilent: There is none.
        """
        if self._answer is None:
            raise BotSilent(self.what)
        return self._answer

    def _hear_of_interaction(self, event: InteractionEvent) -> bool:
        if not self._nonce or event.nonce != self._nonce:
            return False
        self._known.add(event.id)
        if event.kind is InteractionKind.FAILED:
            self._settled.set()
        return True

    def _is_mine(self, message: BotMessage) -> bool:
        return (
            bool(self._nonce and message.nonce == self._nonce)
            or message.id in self._known
            or message.interaction_id in self._known
            or self._recognise(message)
        )


class Asked(Protocol[T_co]):
    """Something that was asked of the bot and is answered by events: a `Question`, or another that hears as it does."""

    def hear(self, event: Event) -> bool:
        """Takes in an event if it belongs here; returns whether it does."""
        ...

    async def answered(self) -> None:
        """Returns when there is an answer, or certainly none."""
        ...

    def answer(self) -> T_co:
        """Returns the answer, or raises why there is none."""
        ...


class Inquiries:
    """The questions that are open at the bot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: list[Asked[object]] = []

    def hear(self, event: Event) -> bool:
        """Offers an event to the open questions; returns whether it belongs to one of them."""
        return any(question.hear(event) for question in self._open)

    async def ask(self, question: Asked[T], act: Callable[[], Awaitable[None]], *, patience: float = PATIENCE) -> T:
        """Asks, and returns the answer.

        Args:
            question: The question.
            act: Sends what asks. Answers are heard from before it begins.
            patience: How many seconds the bot has from then on.

        Raises:
            BotSilent: It did not answer in time.
        """
        self._open.append(question)
        try:
            await act()
            await first_of(question.answered(), self._clock.sleep(patience))
            return question.answer()
        finally:
            self._open.remove(question)
