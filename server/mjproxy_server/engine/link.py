"""The link of an account: the connection of its user, whichever that is at the moment, and the account's pace there.

An account that is given a new token goes over to another connection while its tasks run on. Lane and worker know the
link only, so that whoever waits for the old connection goes on with the new one.
"""

import asyncio

from mjproxy_server.discord.gateway.types import GatewayStatus
from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.engine.connection import Connection, Hear, Listener
from mjproxy_server.engine.pace import Pace
from mjproxy_server.midjourney.commands import CommandRef
from mjproxy_server.model.vocabulary import Bot


class Link:
    """Speaks as the `Connection` that it stands for, which is where its methods are explained.

    Attributes:
        connection: The connection.
        pace: Whoever sends an interaction for the account does it in a turn of this.
    """

    def __init__(self, connection: Connection, pace: Pace) -> None:
        self.connection = connection
        self.pace = pace
        self._listener: Listener | None = None
        self._switched = asyncio.Event()

    def listen(self, hear: Hear) -> None:
        """Has what comes taken in by this; called before the account joins."""
        self._hear = hear

    def join(self, listener: Listener) -> None:
        """Lets the account hear what comes, and heed what becomes of the connection."""
        self._listener = listener
        self.connection.join(listener, self._hear)

    def leave(self) -> None:
        """Lets the account hear nothing any more."""
        if self._listener:
            self.connection.leave(self._listener)
            self._listener = None

    def switch(self, connection: Connection) -> None:
        """Goes over to another connection; returns when the account knows whose session that has."""
        listener = self._listener
        self.leave()
        self.connection = connection
        if listener:
            self.join(listener)
        self._switched.set()
        self._switched = asyncio.Event()
        self.greet()

    def greet(self) -> None:
        """Tells the account of the session that it has joined in its midst, if there is one."""
        if self._listener and self.connection.user_id:
            self._listener.begin_session(self.connection.user_id)

    @property
    def user_id(self) -> str:
        """The user; "" if that is not known yet."""
        return self.connection.user_id

    @property
    def rest(self) -> DiscordRest:
        """The REST client."""
        return self.connection.rest

    @property
    def status(self) -> GatewayStatus:
        """What the gateway is doing."""
        return self.connection.status

    @property
    def rejection(self) -> str:
        """Why Discord does not let the user connect any more; "" if it does."""
        return self.connection.rejection

    @property
    def ready(self) -> bool:
        """Whether messages arrive."""
        return self.connection.ready

    @property
    def session_id(self) -> str:
        """The session to name in interactions; "" if there is none."""
        return self.connection.session_id

    @property
    def lag(self) -> float:
        """How many seconds what was heard lies behind what has come."""
        return self.connection.lag

    @property
    def heard_until(self) -> float:
        """Up to when all that the session told was taken in."""
        return self.connection.heard_until

    async def hear_out(self) -> None:
        """Returns when all was taken in that the connection of this moment was told before the call."""
        await self.connection.hear_out()

    async def wait_until_ready(self) -> None:
        """Returns as soon as messages arrive."""
        while not self.ready:
            await first_of(self.connection.wait_until_ready(), self._switched.wait())

    async def command(self, guild_id: str, bot: Bot, name: str) -> CommandRef:
        """Returns the bot's command as this guild knows it."""
        return await self.connection.command(guild_id, bot, name)

    def forget_commands(self, guild_id: str) -> None:
        """Has the commands discovered anew next time."""
        self.connection.forget_commands(guild_id)
