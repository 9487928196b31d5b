"""The connection of one Discord user: a gateway session, the REST client and the bots' commands.

It belongs to the token: accounts of the same user (channels) share it, with its session, rate limits and IDENTIFY
spacing.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Protocol
from weakref import WeakValueDictionary

from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import DiscordError, GatewayFatal, Unauthorized
from mjproxy_server.discord.gateway.client import GatewayClient
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus, ResumePoint
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.tasks import run_together
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.bell import Bell
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.commands import CommandRef
from mjproxy_server.model.account import Account
from mjproxy_server.model.vocabulary import Bot
from mjproxy_server.store.sessions import StoredSession

_logger = logging.getLogger(__name__)

SUSPICIOUS_ATTEMPTS: Final = 3
"""After each so many failed attempts in a row Discord is asked whether the token is still good: a revoked one may show
itself by nothing else than connections that are closed before READY."""


Hear = Callable[[Sequence[Dispatch]], Awaitable[None]]
"""Takes in dispatches of one session, in their order; returns when what they tell is stored."""


class Listener(Protocol):
    """An account that heeds what becomes of its user's connection."""

    @property
    def account(self) -> Account:
        """The account as it is now."""
        ...

    def begin_session(self, user_id: str) -> None:
        """Takes note of whose session has begun, or goes on from another process: something may have been missed."""
        ...

    def connection_changed(self) -> None:
        """Takes note that the connection does something else than before."""
        ...


class _TokenRevoked(Exception):
    """Discord's REST API does not know the token."""


class UnknownCommand(Exception):
    """The bot offers no such command in this guild: it may not have been invited."""


class Connection:
    """One Discord user, connected.

    Attributes:
        user_id: The user; "" before the first session.
        rejection: Why Discord does not let the user connect any more; "" if it does.
    """

    def __init__(
        self,
        *,
        token: SecretStr,
        user_agent: str,
        endpoints: Endpoints,
        budget: InvalidRequestBudget,
        nonces: NonceSource,
        identify_gate: IdentifyGate,
        clock: Clock,
        rng: random.Random,
        begun: Bell,
        left: StoredSession | None,
    ) -> None:
        """Prepares a connection that is not made yet.

        Args:
            token: The user's token.
            user_agent: The user agent of the browser to appear as.
            endpoints: Where Discord is.
            budget: Bounds the requests that Discord calls invalid.
            nonces: Gives nonces.
            identify_gate: Spaces the user's IDENTIFYs.
            clock: The time.
            rng: Draws pauses.
            begun: Rung when a new session has begun.
            left: The session that an earlier process has left, or None.
        """
        self.user_id = left.user_id if left else ""
        self.rejection = ""
        self._taken_up = False
        self._begun = begun
        self._clock = clock
        self.rest = DiscordRest(
            token=token, user_agent=user_agent, endpoints=endpoints, budget=budget, nonces=nonces, clock=clock, rng=rng
        )
        self._gateway = GatewayClient(
            token=token,
            user_agent=user_agent,
            endpoints=endpoints,
            identify_gate=identify_gate,
            clock=clock,
            rng=rng,
            on_dispatches=self._on_dispatches,
            on_status=self._on_status,
            resume=ResumePoint(left.session_id, left.resume_url, left.sequence) if left else None,
        )
        self._listeners: dict[Listener, Hear] = {}
        self._ready = asyncio.Event()
        self._suspicion = asyncio.Event()
        self._commands: dict[str, Mapping[tuple[str, str], CommandRef]] = {}
        self._discoveries: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def join(self, listener: Listener, hear: Hear) -> None:
        """Lets an account of this user hear what comes."""
        self._listeners[listener] = hear

    def leave(self, listener: Listener) -> None:
        """Lets an account hear nothing any more."""
        del self._listeners[listener]

    @property
    def unused(self) -> bool:
        """Whether no account listens."""
        return not self._listeners

    @property
    def status(self) -> GatewayStatus:
        """What the gateway is doing."""
        return self._gateway.status

    @property
    def ready(self) -> bool:
        """Whether messages arrive, so that something can be started."""
        return self._ready.is_set()

    @property
    def lag(self) -> float:
        """How many seconds what was heard lies behind what has come."""
        return self._gateway.lag

    @property
    def heard_until(self) -> float:
        """Up to when all that the session told was taken in, by the monotonic clock; a silence does not prove it."""
        return self._gateway.heard_until

    async def hear_out(self) -> None:
        """Returns when all was taken in that was told before the call."""
        await self._gateway.hear_out()

    @property
    def session_id(self) -> str:
        """The session to name in interactions; "" if there is none."""
        return self._gateway.session_id or ""

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where another process can resume the session, since all before was taken in; None if there is none."""
        return self._gateway.resume_point

    async def wait_until_ready(self) -> None:
        """Returns as soon as messages arrive."""
        await self._ready.wait()

    async def run(self, after: float = 0.0) -> None:
        """Stays connected until cancelled; if Discord forbids it for good, stays away until cancelled.

        Args:
            after: Seconds until it connects.
        """
        try:
            await self._clock.sleep(after)
            await run_together(self._gateway.run(), self._check_suspicions())
        except (GatewayFatal, _TokenRevoked) as fatal:
            self.rejection = f"{fatal}; give the account a valid token, then enable it"
            accounts = ", ".join(listener.account.id for listener in self._listeners)
            _logger.error("Discord does not let %s connect: %s", accounts, self.rejection)  # noqa: TRY400 - it says all
            self._tell_change()
            await asyncio.Event().wait()
        finally:
            await self.rest.close()

    async def command(self, guild_id: str, bot: Bot, name: str) -> CommandRef:
        """Returns the bot's command as this guild knows it.

        Discord is asked once for all who wait, and they go on in the order in which they came.

        Raises:
            UnknownCommand: The guild has no such command of this bot.
            DiscordError: Discord could not be asked.
        """
        async with self._discoveries.setdefault(guild_id, asyncio.Lock()):
            if guild_id not in self._commands:
                await self._discover_commands(guild_id)
        try:
            return self._commands[guild_id][APPLICATION_IDS[bot], name]
        except KeyError:
            self.forget_commands(guild_id)
            raise UnknownCommand(f"/{name} of the {bot} bot is not offered in guild {guild_id}") from None

    async def _discover_commands(self, guild_id: str) -> None:
        self._commands[guild_id] = {
            (command.application_id, command.name): CommandRef(command.id, command.version, command.application_id)
            for command in await self.rest.application_commands(guild_id)
        }

    def forget_commands(self, guild_id: str) -> None:
        """Has the commands discovered anew next time, since Discord called one outdated."""
        self._commands.pop(guild_id, None)

    async def _on_dispatches(self, dispatches: Sequence[Dispatch]) -> None:
        for told_together in split_at_beginnings(dispatches):
            await self._tell(told_together)

    async def _tell(self, dispatches: Sequence[Dispatch]) -> None:
        first = dispatches[0]
        if first.type == "READY":
            self.user_id = _user_of(first)
            self._begin_session()
        elif first.type == "RESUMED" and not self._taken_up:  # The earlier process has heard what is not replayed.
            self._begin_session()
        for hear in tuple(self._listeners.values()):
            await hear(dispatches)
        if first.type == "READY":
            self._begun.ring()  # Those who wait for it come after the dispatch is handed over, and see the new session.

    def _begin_session(self) -> None:
        self._taken_up = True
        for listener in tuple(self._listeners):
            listener.begin_session(self.user_id)

    async def _check_suspicions(self) -> None:
        """Asks Discord about the token when there is reason to.

        Raises:
            _TokenRevoked: It is not valid any more.
        """
        while True:
            await self._suspicion.wait()
            self._suspicion.clear()
            try:
                await self.rest.current_user()
            except Unauthorized as refusal:
                raise _TokenRevoked("Discord does not accept the token (401)") from refusal
            except DiscordError as error:
                _logger.info("Whether the token is still good could not be found out: %s", error)

    def _on_status(self, status: GatewayStatus) -> None:
        if status.phase is GatewayPhase.READY:
            self._ready.set()
        else:
            self._ready.clear()
        if status.phase is GatewayPhase.DISCONNECTED and status.attempt and not status.attempt % SUSPICIOUS_ATTEMPTS:
            self._suspicion.set()
        self._tell_change()

    def _tell_change(self) -> None:
        for listener in self._listeners:
            listener.connection_changed()


def split_at_beginnings(dispatches: Sequence[Dispatch]) -> Iterator[Sequence[Dispatch]]:
    """Yields them in groups, each with one that begins a session, or goes on with it, at most at its head."""
    beginnings = (index for index, each in enumerate(dispatches) if index and each.type in {"READY", "RESUMED"})
    for begin, end in pairwise([0, *beginnings, len(dispatches)]):
        yield dispatches[begin:end]


def _user_of(ready: Dispatch) -> str:
    user = ready.data.get("user")
    return str(user.get("id", "")) if isinstance(user, Mapping) else ""
