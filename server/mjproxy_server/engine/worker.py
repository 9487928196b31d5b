"""Working one task off: prepare it, send it, and settle whether Discord has taken it.

What happens after that is the bot's business; the lane hears of it. The rule for what spends the account's hours: it
is sent at most once. A refusal proves that it was not taken. After a cut connection it stays in doubt until evidence
comes; it is sent again only if the absence of INTERACTION_CREATE on the session that it named, which was alive all
the time, proves that it was not taken.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from mjproxy_server.discord.errors import DiscordError, InvalidRequestBudgetSpent, RateLimitTooLong
from mjproxy_server.discord.rest.types import InDoubt, Refused, UploadFile
from mjproxy_server.discord.rest.types import Taken as Accepted
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.connection import Connection, UnknownCommand
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.midjourney import commands, prompt
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.commands import Place
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine, LinkedImage, StoredImage
from mjproxy_server.model.facts import Failed, NotTaken, Sending, Taken
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Reason
from mjproxy_server.store.interface import Store

_logger = logging.getLogger(__name__)

PROOF_OF_ABSENCE: Final = 15.0
"""After so many seconds without INTERACTION_CREATE on a living session Discord has not taken the interaction."""
MOST_DOUBT: Final = 120.0
"""A task that nothing is known of for so many seconds ends as OUTCOME_UNKNOWN."""
MOST_TRIES: Final = 5
"""How often a task is sent at the most, each time after it was proved that it was not taken."""
INVALID_FORM_BODY: Final = 50035
"""Discord's code for a field that it does not accept, an outdated command version among them."""
UNREACHABLE_PAUSE: Final = 5.0
"""Seconds until the next try after Discord could not be reached at all."""

Interaction = Mapping[str, object]
Composer = Callable[[str, str], Interaction]
"""Makes the interaction of a session id and a nonce."""


class _Again(Exception):
    """It is proved that Discord has not taken the interaction, and it may be sent again after a pause in seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__(pause)
        self.pause = pause


class _Refusal(Exception):
    """Discord does not want the interaction, now or later."""


class Worker:
    """Works the tasks of one account off."""

    def __init__(
        self,
        account: Account,
        *,
        connection: Connection,
        store: Store,
        shelf: Shelf,
        nonces: NonceSource,
        clock: Clock,
    ) -> None:
        self._account = account
        self._connection = connection
        self._store = store
        self._shelf = shelf
        self._nonces = nonces
        self._clock = clock
        self._place = Place(guild_id=account.guild_id, channel_id=account.channel_id)
        self._turn = asyncio.Lock()
        self._next_turn_at = 0.0

    async def work(self, task: Task) -> None:
        """Sends what the task asks for; returns when it is settled whether Discord has taken it.

        Whatever goes wrong ends the task as a failure with a reason; nothing is raised.
        """
        try:
            await self._send(task)
        except (_Refusal, UnknownCommand, DiscordError) as error:
            _logger.warning("Task %s could not be sent: %s", task.id, error)
            await self._fail(task, Reason.DISCORD_REFUSED, "Discord refused", str(error))
        except Exception:
            _logger.exception("Task %s failed by a fault of the server", task.id)
            await self._fail(task, Reason.INTERNAL, "Internal error", "A fault of the server; its log says more.")

    async def _send(self, task: Task) -> None:
        text = await self._prompt(task)
        for attempt in range(MOST_TRIES):
            await self._connection.wait_until_ready()
            try:
                return await self._send_once(task, await self._composer(task, text), first=attempt == 0)
            except _Again as again:
                await self._clock.sleep(again.pause)
        raise _Refusal(f"it was not taken in {MOST_TRIES} tries; submit it again later")

    async def _prompt(self, task: Task) -> str:
        """Uploads the images of an imagine, and returns the prompt as the bot shall have it."""
        if not isinstance(task.command, Imagine):
            return ""
        links = await self._links(task, task.command)
        return prompt.compose(task.prompt_en, links, task.mode)

    async def _links(self, task: Task, command: Imagine) -> list[str]:
        stored = [image for image in command.images if isinstance(image, StoredImage)]
        files = [
            UploadFile(_filename(task.id, number, image.media_type), await self._shelf.read(image), image.media_type)
            for number, image in enumerate(stored)
        ]
        channel_id = self._account.channel_id
        urls = iter(await self._upload(channel_id, files) if files else ())
        return [image.url if isinstance(image, LinkedImage) else next(urls) for image in command.images]

    async def _upload(self, channel_id: str, files: list[UploadFile]) -> list[str]:
        rest = self._connection.rest
        return await rest.send_attachment_message(channel_id, await rest.upload(channel_id, files))

    async def _composer(self, task: Task, text: str) -> Composer:
        source = task.source
        if source is not None:
            application_id = APPLICATION_IDS[task.bot]
            return lambda session_id, nonce: commands.press(
                source, place=self._place, application_id=application_id, session_id=session_id, nonce=nonce
            )
        command = await self._connection.command(self._account.guild_id, task.bot, "imagine")
        return lambda session_id, nonce: commands.imagine(
            command, text, place=self._place, session_id=session_id, nonce=nonce
        )

    async def _send_once(self, task: Task, compose: Composer, *, first: bool) -> None:
        """Sends the interaction in the account's turn, and settles what came of it.

        Raises:
            _Again: It was not taken and may be sent again.
            _Refusal: It was not taken and must not be sent again.
        """
        async with self._turn:
            await self._clock.sleep(self._next_turn_at - self._clock.monotonic())
            session_id, nonce = self._connection.session_id, self._nonces.next()
            sending = await self._store.record(task.id, Sending(now_ms(self._clock), nonce))
            if sending is None or sending.status.ended:
                return
            try:
                outcome = await self._connection.rest.interact(compose(session_id, nonce))
            except (RateLimitTooLong, InvalidRequestBudgetSpent) as held_back:
                outcome = Refused(None, None, str(held_back), held_back.retry_after)
            finally:
                self._next_turn_at = self._clock.monotonic() + self._account.interval_seconds
        match outcome:
            case Accepted():
                await self._store.record(task.id, Taken(now_ms(self._clock), nonce))
            case Refused():
                await self._store.record(task.id, NotTaken(now_ms(self._clock), nonce))
                self._judge(task, outcome, first=first)
            case InDoubt():
                await self._settle(task, nonce, session_id)

    def _judge(self, task: Task, refused: Refused, *, first: bool) -> None:
        """Decides whether what Discord refused may be sent again."""
        if refused.retry_after is not None:
            raise _Again(refused.retry_after)
        if refused.http_status is None:
            raise _Again(UNREACHABLE_PAUSE)
        if first and task.source is None and refused.code == INVALID_FORM_BODY:  # The command may be outdated.
            self._connection.forget_commands(self._account.guild_id)
            raise _Again(0.0)
        raise _Refusal(f"Discord answered {refused.http_status}: {refused.message} (code {refused.code})")

    async def _settle(self, task: Task, nonce: str, session_id: str) -> None:
        """Waits until evidence shows whether Discord has taken an interaction whose answer was lost."""
        _logger.warning("Task %s: the answer to its interaction was lost; waiting for evidence", task.id)
        give_up_at = self._clock.monotonic() + MOST_DOUBT
        while self._clock.monotonic() < give_up_at:
            await self._clock.sleep(PROOF_OF_ABSENCE)
            known = await self._store.get(task.id)
            if known is None or known[0].status.ended or not known[0].trace.in_doubt:
                return
            if self._connection.session_id == session_id and self._connection.ready_for() >= PROOF_OF_ABSENCE:
                await self._store.record(task.id, NotTaken(now_ms(self._clock), nonce))
                raise _Again(0.0)
        await self._fail(
            task,
            Reason.OUTCOME_UNKNOWN,
            "Outcome unknown",
            "The connection broke while it was sent, and nothing shows whether Discord took it. Look into the channel"
            " before you submit it again.",
        )

    async def _fail(self, task: Task, reason: Reason, title: str, description: str) -> None:
        await self._store.record(task.id, Failed(now_ms(self._clock), Failure(reason, title, description)))


def _filename(task_id: str, number: int, media_type: str) -> str:
    """The name of an upload: the task's id, with a number from the second image on."""
    suffix = f"-{number + 1}" if number else ""
    return f"{task_id}{suffix}.{media_type.partition('/')[2]}"
