"""Dialogues: a press that the bot answers by a modal, or by a page of its own, instead of by a job.

Opening one spends nothing and may be repeated. What is submitted in it names the interaction of the press.
"""

import asyncio

from msgspec.structs import replace

from mjproxy_server.midjourney import custom_id
from mjproxy_server.midjourney.custom_id import Manner
from mjproxy_server.midjourney.messages import (
    BotMessage,
    Event,
    IframeOpened,
    InteractionEvent,
    InteractionKind,
    ModalOpened,
)
from mjproxy_server.midjourney.outcomes import failure_of
from mjproxy_server.model.errors import BotSilent
from mjproxy_server.model.task import Failure, Task

Dialogue = ModalOpened | IframeOpened


def depends_on_remix(task: Task) -> bool:
    """Tells whether a task's press opens a modal in the Remix mode only, and starts a job otherwise.

    The mode may have been switched since it was last told to us. So the press is sent like one that spends, and a modal
    is answered when it comes.
    """
    meaning = custom_id.meaning(task.source.custom_id) if task.source else None
    return meaning is not None and meaning.manner is Manner.REMIX


class DialogueRefused(Exception):
    """The bot does not open the dialogue.

    Attributes:
        failure: Why, in the bot's words.
        notice: The message that says so, without its buttons: what Appeal opens would be another dialogue.
        nonce: The nonce of the press.
    """

    def __init__(self, failure: Failure, notice: BotMessage, nonce: str) -> None:
        super().__init__(failure.title)
        self.failure = failure
        self.notice = replace(notice, buttons=())
        self.nonce = nonce


class Opening:
    """The wait for the dialogue that a press opens; a question to the bot like others.

    Args:
        nonce: The nonce of the press.
    """

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._interaction_id = ""
        self._dialogue: Dialogue | None = None
        self._message: BotMessage | None = None
        self._settled = asyncio.Event()

    def hear(self, event: Event) -> bool:
        """Takes in an event if it answers the press; returns whether it does."""
        match event:
            case ModalOpened() | IframeOpened() if self._nonce == event.nonce or event.id == self._interaction_id:
                self._dialogue = event
                self._settled.set()
                return True
            case InteractionEvent() if event.nonce == self._nonce:
                self._interaction_id = event.id
                if event.kind is InteractionKind.FAILED:
                    self._settled.set()
                return True
            case BotMessage() if event.nonce == self._nonce:
                self._message = event
                self._settled.set()
                return True
            case _:
                return False

    async def answered(self) -> None:
        """Returns when the dialogue is open, or certainly will not be."""
        await self._settled.wait()

    def answer(self) -> Dialogue:
        """Returns the dialogue.

        Raises:
            DialogueRefused: The bot said why it does not open it.
            BotSilent: It said nothing.
        """
        failure = failure_of(self._message) if self._message else None
        if self._message and failure:
            raise DialogueRefused(failure, self._message, self._nonce)
        if self._dialogue is None:
            raise BotSilent("the button's dialogue")
        return self._dialogue
