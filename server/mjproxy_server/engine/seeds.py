"""The seed of a picture: the bot writes it into the direct channel of the user who reacts to it by an envelope.

Whether the bot heeds envelopes in a guild's channel is not certain. If it does not answer, it is asked to post the
result once more into the direct channel, and the envelope is put on that.
"""

from contextlib import suppress
from typing import Final

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.rest.types import Refused
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import PATIENCE, Question
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.connection import UnknownCommand
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.lane import Lane
from mjproxy_server.midjourney import commands
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.commands import Envelope, Place
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.seed import seed_of
from mjproxy_server.model.errors import BotSilent, NoPicture, Unavailable
from mjproxy_server.model.facts import SeedFound
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot, Status
from mjproxy_server.store.interface import Store

ENVELOPE: Final = "\N{ENVELOPE}\N{VARIATION SELECTOR-16}"
CHANNEL_PATIENCE: Final = 5.0
"""Seconds that the bot has to heed an envelope in a guild's channel."""


class Seeds:
    """Finds the seeds of finished pictures."""

    def __init__(self, *, store: Store, fleet: Fleet, clock: Clock) -> None:
        self._store = store
        self._fleet = fleet
        self._clock = clock
        self._unheeded: set[str] = set()
        """The accounts in whose channels the bot was found to heed no envelopes."""

    async def find(self, task: Task) -> str:
        """Returns the seed of a task's picture, and stores it on the task; asks the bot only once.

        Raises:
            NoPicture: The task has no picture that the bot could be asked about.
            AccountNotFound: The task's account is gone.
            BotSilent: The bot did not answer in time.
            Unavailable: Discord could not be asked.
        """
        if task.image_seed:
            return task.image_seed
        if task.status is not Status.SUCCESS or task.result is None or not task.result.job_id:
            raise NoPicture(task.id)
        seed = await self._ask(self._fleet.lane(task.account_id), task, task.result.message_id, task.result.job_id)
        await self._store.record(task.id, SeedFound(now_ms(self._clock), seed))
        return seed

    async def _ask(self, lane: Lane, task: Task, message_id: str, job_id: str) -> str:
        try:
            direct_id = await self._direct_channel(lane, task.bot)
            if lane.account.id not in self._unheeded:
                with suppress(BotSilent):
                    return await self._react(lane, lane.account.channel_id, message_id, job_id, CHANNEL_PATIENCE)
            copy_id = await self._show(lane, task.bot, direct_id, job_id)
            seed = await self._react(lane, direct_id, copy_id, job_id, PATIENCE)
        except (DiscordError, UnknownCommand) as error:
            raise Unavailable(f"Discord could not be asked for the seed: {error}") from error
        self._unheeded.add(lane.account.id)
        return seed

    async def _direct_channel(self, lane: Lane, bot: Bot) -> str:
        """Returns the channel for the answer, which is opened unless the account names one."""
        configured = lane.account.niji_bot_channel_id if bot is Bot.NIJI else lane.account.mj_bot_channel_id
        return configured or await lane.link.rest.open_direct_channel(APPLICATION_IDS[bot])

    async def _react(self, lane: Lane, channel_id: str, message_id: str, job_id: str, patience: float) -> str:
        """Puts the envelope on a message, and returns the seed that the bot tells then."""

        def understand(message: BotMessage) -> str | None:
            told = seed_of(message)
            return told.seed if told and told.job_id == job_id else None

        question = Question("for the seed", understand, recognise=lambda message: understand(message) is not None)
        return await lane.inquiries.ask(
            question, lambda: lane.link.rest.react(channel_id, message_id, ENVELOPE), patience=patience
        )

    async def _show(self, lane: Lane, bot: Bot, direct_id: str, job_id: str) -> str:
        """Has the bot post a result once more into the direct channel; returns the id of the copy."""

        def understand(message: BotMessage) -> str | None:
            is_copy = message.is_result and (message.channel_id, message.job_id) == (direct_id, job_id)
            return message.id if is_copy else None

        nonce = self._fleet.nonces.next()
        question = Question("/show", understand, nonce=nonce, recognise=lambda message: understand(message) is not None)
        return await lane.inquiries.ask(question, lambda: self._send_show(lane, bot, direct_id, job_id, nonce))

    async def _send_show(self, lane: Lane, bot: Bot, direct_id: str, job_id: str, nonce: str) -> None:
        command = await lane.link.command(lane.account.guild_id, bot, "show")
        async with lane.link.pace.turn():
            place = Place(guild_id="", channel_id=direct_id)
            envelope = Envelope(place=place, session_id=lane.link.session_id, nonce=nonce)
            outcome = await lane.link.rest.interact(commands.show(command, job_id, **envelope))
        if isinstance(outcome, Refused):
            raise Unavailable(f"The bot could not be asked for the seed: Discord refused ({outcome.message}).")
