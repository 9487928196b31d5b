"""The seed of a picture: the bot writes it into the direct channel of the user who reacts to it by an envelope."""

from typing import Final

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import Question
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.lane import Lane
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.seed import seed_of
from mjproxy_server.model.errors import NoPicture, Unavailable
from mjproxy_server.model.facts import SeedFound
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot, Status
from mjproxy_server.store.interface import Store

ENVELOPE: Final = "\N{ENVELOPE}\N{VARIATION SELECTOR-16}"


class Seeds:
    """Finds the seeds of finished pictures."""

    def __init__(self, *, store: Store, fleet: Fleet, clock: Clock) -> None:
        self._store = store
        self._fleet = fleet
        self._clock = clock

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
        def understand(message: BotMessage) -> str | None:
            told = seed_of(message)
            return told.seed if told and told.job_id == job_id else None

        question = Question("for the seed", understand, recognise=lambda message: understand(message) is not None)
        try:
            await self._open_direct_channel(lane, task.bot)
            return await lane.inquiries.ask(
                question, lambda: lane.link.rest.react(lane.account.channel_id, message_id, ENVELOPE)
            )
        except DiscordError as error:
            raise Unavailable(f"Discord could not be asked for the seed: {error}") from error

    async def _open_direct_channel(self, lane: Lane, bot: Bot) -> None:
        """Makes sure that there is a direct channel for the answer, unless the account names one."""
        configured = lane.account.niji_bot_channel_id if bot is Bot.NIJI else lane.account.mj_bot_channel_id
        if not configured:
            await lane.link.rest.open_direct_channel(APPLICATION_IDS[bot])
