"""Composing: what is sent for a task, and what has to be done before it can be.

Uploads, discovered commands and opened dialogues spend nothing, so all of this may be repeated; what comes out of it is
sent once.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused, UploadedFile, UploadFile
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.engine.asking import Inquiries, Question
from mjproxy_server.engine.dialogues import Dialogue, Opening, depends_on_remix
from mjproxy_server.engine.drafts import uploaded_as
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.midjourney import commands, modals, prompt
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.commands import CommandRef, Place
from mjproxy_server.midjourney.messages import BotMessage, ModalOpened
from mjproxy_server.midjourney.modals import Form, form_of
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import (
    Blend,
    Describe,
    FaceSwap,
    Imagine,
    LinkedImage,
    Shorten,
    StoredImage,
)
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.vocabulary import Bot

Interaction = Mapping[str, object]
Compose = Callable[[str, str], Interaction]
"""Makes an interaction of a session id and a nonce."""


_REGION_HOST: Final = APPLICATION_IDS[Bot.MIDJOURNEY]
"""The page of Vary (Region) is the Midjourney bot's, also for pictures of the Niji bot (observed 2026)."""


class NotComposed(Exception):
    """Discord refused what has to be done before the task itself can be sent.

    Attributes:
        outcome: What Discord said.
    """

    def __init__(self, outcome: Refused | InDoubt) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent for a task, once.

    Attributes:
        send: Sends it under a session id and a nonce, and tells what is proved about it.
        nonce: The nonce that it must go under; "" for a fresh one.
        interaction_id: Discord's id of the interaction, where that is known beforehand; or "".
    """

    send: Callable[[str, str], Awaitable[InteractionOutcome]]
    nonce: str = ""
    interaction_id: str = ""


class Composer:
    """Composes what is sent for the tasks of one account."""

    def __init__(self, *, link: Link, shelf: Shelf, inquiries: Inquiries, nonces: NonceSource) -> None:
        self._link = link
        self._shelf = shelf
        self._inquiries = inquiries
        self._nonces = nonces

    async def compose(self, task: Task, account: Account, opened: ModalOpened | None = None) -> Message:
        """Returns what is to be sent for a task.

        Args:
            task: The task.
            account: The account that works on it.
            opened: The modal that the task's press has opened, since Remix is on; None if it is yet to be pressed.

        Raises:
            UnknownCommand: The guild has no such command.
            NotComposed: Discord refused the preparations.
            DialogueRefused: The bot does not open the dialogue.
            BotSilent: The bot did not answer.
            DiscordError: Discord could not be asked.
        """
        place = Place(guild_id=account.guild_id, channel_id=account.channel_id)
        if task.source is not None and opened is not None:
            answer = task.prompt_en if task.modal else _proposal(opened, task.source)
            return self._interaction(_modal(task, task.source, opened, answer, place))
        if task.trace.appeal is not None:
            return self._interaction(_click(task, task.trace.appeal, place))
        if task.source is not None:
            return await self._press(task, task.source, place)
        return self._interaction(await self._command(task, account, place))

    async def stop(self, task: Task, account: Account) -> Message:
        """Returns what stops the job of a task: the button under its progress, or the command that does the same.

        The button is known by the job's UUID. Progress that only the user sees, as that of buttons may be, cannot be
        named by the command; nor can the button be pressed before the UUID is known.

        Raises:
            UnknownCommand: The guild has no such command.
            DiscordError: Discord could not be asked.
        """
        place = Place(guild_id=account.guild_id, channel_id=account.channel_id)
        message_id, job_id = task.trace.progress_message_id, task.trace.job_id
        if task.source is not None and job_id:
            return self._interaction(
                lambda session_id, nonce: commands.press_button(
                    f"MJ::CancelJob::ByJobid::{job_id}",
                    message_id=message_id,
                    message_flags=task.trace.progress_flags,
                    application_id=APPLICATION_IDS[task.bot],
                    place=place,
                    session_id=session_id,
                    nonce=nonce,
                )
            )
        command = await self._discovered(account, task.bot, "Cancel Job")
        return self._interaction(
            lambda session_id, nonce: commands.cancel_job(
                command, message_id, place=place, session_id=session_id, nonce=nonce
            )
        )

    def _interaction(self, compose: Compose) -> Message:
        return Message(lambda session_id, nonce: self._rest.interact(compose(session_id, nonce)))

    # Commands.

    async def _command(self, task: Task, account: Account, place: Place) -> Compose:
        match task.command:
            case Imagine() as imagine:
                return await self._imagine(task, imagine, account, place)
            case Blend() as blend:
                images = await self._upload(task, blend.images, place)
                command = await self._discovered(account, task.bot, "blend")
                return lambda session_id, nonce: commands.blend(
                    command, images, blend.dimensions, place=place, session_id=session_id, nonce=nonce
                )
            case Describe(image=image):
                given = (await self._upload(task, [image], place))[0] if isinstance(image, StoredImage) else image.url
                command = await self._discovered(account, task.bot, "describe")
                return lambda session_id, nonce: commands.describe(
                    command, given, place=place, session_id=session_id, nonce=nonce
                )
            case Shorten():
                command = await self._discovered(account, task.bot, "shorten")
                return lambda session_id, nonce: commands.shorten(
                    command, task.prompt_en, place=place, session_id=session_id, nonce=nonce
                )
            case FaceSwap() as swap:
                return await self._swap_face(task, swap, account, place)
            case other:
                raise TypeError(f"{type(other).__name__} presses a button, and the task has none")

    async def _imagine(self, task: Task, imagine: Imagine, account: Account, place: Place) -> Compose:
        links = await self._links(task, imagine, place)
        text = prompt.compose(task.prompt_en, links, task.mode)
        command = await self._discovered(account, task.bot, "imagine")
        return lambda session_id, nonce: commands.imagine(
            command, text, place=place, session_id=session_id, nonce=nonce
        )

    async def _links(self, task: Task, imagine: Imagine, place: Place) -> list[str]:
        """Returns a URL for each image; those that came as bytes are posted into the channel first."""
        stored = [image for image in imagine.images if isinstance(image, StoredImage)]
        urls = iter(await self._post(task, stored, place) if stored else ())
        return [image.url if isinstance(image, LinkedImage) else next(urls) for image in imagine.images]

    async def _post(self, task: Task, images: Sequence[StoredImage], place: Place) -> list[str]:
        return await self._rest.send_attachment_message(place.channel_id, await self._upload(task, images, place))

    async def _swap_face(self, task: Task, swap: FaceSwap, account: Account, place: Place) -> Compose:
        """Has the bot learn the face under a name of the task's own, and puts it into the other image."""
        face, target = await self._upload(task, [swap.source, swap.target], place)
        name = task.id[-10:]
        learn = await self._discovered(account, Bot.INSIGHT_FACE, "saveid")
        await self._ask(
            "/saveid",
            lambda session_id, nonce: commands.save_face(
                learn, name, face, place=place, session_id=session_id, nonce=nonce
            ),
        )
        command = await self._discovered(account, Bot.INSIGHT_FACE, "swapid")
        return lambda session_id, nonce: commands.swap_face(
            command, name, target, place=place, session_id=session_id, nonce=nonce
        )

    # Buttons.

    async def _press(self, task: Task, source: Source, place: Place) -> Message:
        press = _click(task, source, place)
        if task.modal is None or depends_on_remix(task):
            return self._interaction(press)
        nonce = self._nonces.next()
        dialogue = await self._inquiries.ask(Opening(nonce), lambda: self._prepare(press, nonce))
        if isinstance(dialogue, ModalOpened):
            return self._interaction(_modal(task, source, dialogue, task.prompt_en, place))
        return await self._region(task, dialogue, nonce)

    async def _region(self, task: Task, frame: Dialogue, nonce: str) -> Message:
        mask = task.confirmation.mask if task.confirmation else None
        if mask is None or isinstance(frame, ModalOpened):
            raise TypeError("a region has a mask")
        payload = commands.region(frame.token, task.prompt_en, base64.b64encode(await self._shelf.read(mask)).decode())
        return Message(
            lambda _session_id, _nonce: self._rest.post_to_frame(
                APPLICATION_IDS[Bot.MIDJOURNEY], commands.REGION_PATH, payload
            ),
            nonce=nonce,
            interaction_id=frame.id,
        )

    # Preparations.

    async def _discovered(self, account: Account, bot: Bot, name: str) -> CommandRef:
        return await self._link.command(account.guild_id, bot, name)

    async def _upload(self, task: Task, images: Sequence[StoredImage], place: Place) -> list[UploadedFile]:
        files = [
            UploadFile(uploaded_as(task.id, image, number), await self._shelf.read(image), image.media_type)
            for number, image in enumerate(images)
        ]
        return await self._rest.upload(place.channel_id, files)

    async def _ask(self, what: str, compose: Compose) -> BotMessage:
        """Sends an interaction that spends nothing, and returns the first message that answers it."""
        nonce = self._nonces.next()
        question: Question[BotMessage] = Question(what, lambda message: message, nonce=nonce)
        return await self._inquiries.ask(question, lambda: self._prepare(compose, nonce))

    async def _prepare(self, compose: Compose, nonce: str) -> None:
        async with self._link.pace.turn():
            outcome = await self._rest.interact(compose(self._link.session_id, nonce))
        if isinstance(outcome, Refused | InDoubt):
            raise NotComposed(outcome)

    @property
    def _rest(self) -> DiscordRest:
        return self._link.rest


def _modal(task: Task, source: Source, dialogue: ModalOpened, answer: str, place: Place) -> Compose:
    told = Form(dialogue.custom_id, dialogue.fields[0].custom_id) if dialogue.fields else form_of(source)
    if told is None:
        raise TypeError(f"{source.custom_id} opened a modal without a field")
    form = told
    return lambda session_id, nonce: commands.submit_modal(
        dialogue.id,
        form,
        answer,
        application_id=APPLICATION_IDS[task.bot],
        place=place,
        session_id=session_id,
        nonce=nonce,
    )


def _proposal(modal: ModalOpened, source: Source) -> str:
    """Returns the prompt that a modal proposes, in its own words as far as it was heard."""
    shown = modal.fields[0].value if modal.fields else ""
    return shown or modals.proposed_prompt(source.custom_id, source.prompt)


def _click(task: Task, button: Source, place: Place) -> Compose:
    return lambda session_id, nonce: commands.press(
        button, application_id=APPLICATION_IDS[task.bot], place=place, session_id=session_id, nonce=nonce
    )
