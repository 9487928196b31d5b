"""What a bot knows of an account: read by /info and /settings, and changed in the message that answers /settings.

None of it spends anything, so it may be asked for again; a lost answer is an answer that does not come.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.rest.types import Refused
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import Question
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.lane import Lane
from mjproxy_server.midjourney import commands
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.commands import Envelope, Payload, Place
from mjproxy_server.midjourney.info import Info, info_of
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.panel import VERSIONS, Panel, panel_of
from mjproxy_server.model.account import AccountSync
from mjproxy_server.model.errors import AccountNotConnected, InvalidField, Unavailable
from mjproxy_server.model.vocabulary import Bot, Level, Mode

_EPHEMERAL: Final = 64

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSettings:
    """What shall hold at the bot; None stays as it is."""

    version: str | None = None
    remix: bool | None = None
    stylize: Level | None = None
    variation: Level | None = None
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """A button of the settings; with a value, the choice of it in a menu."""

    custom_id: str
    value: str = ""


def presses(panel: Panel, wanted: BotSettings) -> Sequence[Press]:
    """Returns what has to be pressed so that the settings are as wanted; nothing for what they are already.

    Raises:
        InvalidField: The bot does not offer a value.
    """
    differing = (
        ("version", wanted.version, panel.version, panel.versions),
        ("remix", wanted.remix, panel.remix, {True: panel.remix_button, False: panel.remix_button}),
        ("stylize", wanted.stylize, panel.stylize, panel.stylizes),
        ("variation", wanted.variation, panel.variation, panel.variations),
        ("mode", wanted.mode, panel.mode, panel.modes),
    )
    found = [
        (name, _offered(name, value, offered))
        for name, value, present, offered in differing
        if value is not None and value != present
    ]
    return [Press(VERSIONS, told) if name == "version" else Press(told) for name, told in found]


def _offered(name: str, value: object, offered: Mapping[Any, str]) -> str:
    if found := offered.get(value):
        return found
    known = ", ".join(str(each) for each in offered) or "nothing"
    raise InvalidField(f"settings.{name}", f"the bot does not offer {value}; it offers {known}")


class Syncer:
    """Asks the bots about accounts, and changes their settings for them.

    Args:
        nonces: Gives the nonces of the interactions.
        clock: The time.
    """

    def __init__(self, nonces: NonceSource, clock: Clock) -> None:
        self._nonces = nonces
        self._clock = clock

    async def sync(self, lane: Lane, bot: Bot) -> AccountSync:
        """Returns what a bot tells of the account now.

        Raises:
            UnknownCommand: The account's guild does not have the bot.
            AccountNotConnected: The account is not connected.
            BotSilent: The bot did not answer in time.
            Unavailable: Discord refused to ask it, or could not be reached.
        """
        talk = _Talk(lane, bot, self._nonces)
        info = await talk.info()
        return self._together(info, await talk.panel())

    async def change(self, lane: Lane, bot: Bot, wanted: BotSettings) -> AccountSync:
        """Changes a bot's settings for the account; returns what the bot tells of it then.

        Raises:
            InvalidField: The bot does not offer a value; nothing is changed.
            UnknownCommand, AccountNotConnected, BotSilent, Unavailable: As for `sync`.
        """
        talk = _Talk(lane, bot, self._nonces)
        panel = await talk.panel()
        for press in presses(panel, wanted):
            panel = await talk.press(panel, press)
        return self._together(await talk.info(), panel)

    def _together(self, info: Info, panel: Panel) -> AccountSync:
        """Both tell the mode and the visibility; the settings do not fail to, where they show them at all."""
        return AccountSync(
            at=now_ms(self._clock),
            plan=info.plan,
            fast_hours_left=info.fast_hours_left,
            mode=panel.mode or info.mode,
            stealth=info.stealth if panel.public is None else not panel.public,
            remix=panel.remix,
            version=panel.version,
            versions=tuple(panel.versions),
            stylize=panel.stylize,
            variation=panel.variation,
            running_jobs=info.running_jobs,
            queued_jobs=info.queued_jobs,
        )


class _Talk:
    """A talk with one bot on behalf of one account."""

    def __init__(self, lane: Lane, bot: Bot, nonces: NonceSource) -> None:
        self._lane = lane
        self._link = lane.link
        self._bot = bot
        self._nonces = nonces

    async def info(self) -> Info:
        """Returns what the bot answers to /info."""
        return await self._ask("info", info_of)

    async def panel(self) -> Panel:
        """Returns what the bot answers to /settings."""
        return await self._ask("settings", panel_of)

    async def press(self, panel: Panel, press: Press) -> Panel:
        """Presses a button of the settings, or chooses in their menu; returns the settings as they are then."""
        nonce = self._nonces.next()
        question = Question(
            "a change of /settings", panel_of, nonce=nonce, recognise=lambda message: message.id == panel.message_id
        )
        return await self._answer(question, lambda: self._send(self._pressed(panel.message_id, press), nonce))

    async def _ask(self, command: str, understand: Callable[[BotMessage], T | None]) -> T:
        """Gives a command without options, and returns what is understood of its answer."""
        nonce = self._nonces.next()

        async def act() -> None:
            known = await self._link.command(self._lane.account.guild_id, self._bot, command)
            await self._send(partial(commands.plain, known, command), nonce)

        return await self._answer(Question(f"/{command}", understand, nonce=nonce), act)

    async def _answer(self, question: Question[T], act: Callable[[], Awaitable[None]]) -> T:
        if not self._link.ready:
            raise AccountNotConnected(self._lane.account.id)
        try:
            return await self._lane.inquiries.ask(question, act)
        except DiscordError as error:
            raise Unavailable(f"The bot could not be asked: {error}") from error

    async def _send(self, compose: Callable[..., Payload], nonce: str) -> None:
        """Sends an interaction in the account's turn; one that is in doubt may still be answered.

        Raises:
            Unavailable: Discord did not take it.
        """
        async with self._link.pace.turn():
            outcome = await self._link.rest.interact(compose(**self._envelope(nonce)))
        if isinstance(outcome, Refused):
            raise Unavailable(f"The bot could not be asked: Discord refused ({outcome.message}).")

    def _envelope(self, nonce: str) -> Envelope:
        account = self._lane.account
        place = Place(guild_id=account.guild_id, channel_id=account.channel_id)
        return Envelope(place=place, session_id=self._link.session_id, nonce=nonce)

    def _pressed(self, message_id: str, press: Press) -> Callable[..., Payload]:
        """Returns what makes the interaction of a press; only its addressee sees the message with the settings."""
        application_id = APPLICATION_IDS[self._bot]
        if press.value:
            return partial(
                commands.select, press.custom_id, press.value, message_id=message_id, application_id=application_id
            )
        return partial(
            commands.press_button,
            press.custom_id,
            message_id=message_id,
            message_flags=_EPHEMERAL,
            application_id=application_id,
        )
