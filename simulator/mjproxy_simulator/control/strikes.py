"""The faults that happen at once."""

from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.faults import (
    AskForHeartbeat,
    CloseSocket,
    DropSocket,
    ForeignJobs,
    HalfOpen,
    InvalidateSession,
    Reconnect,
    Strike,
)
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.model.accounts import Account, User
from mjproxy_simulator.model.applications import MIDJOURNEY
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.model.snowflakes import Snowflakes


class Strikes:
    """Lets faults happen.

    Args:
        lobby: Has the sockets.
        bot: Draws for the stranger.
        stranger: Who draws in other people's channels.
        snowflakes: Gives ids to the stranger's interactions.
    """

    def __init__(self, lobby: Lobby, bot: Bot, stranger: User, snowflakes: Snowflakes) -> None:
        self._lobby = lobby
        self._bot = bot
        self._stranger = stranger
        self._snowflakes = snowflakes

    def strike(self, fault: Strike, account: Account) -> None:
        """Let a fault hit an account."""
        match fault:
            case DropSocket():
                self._lobby.cut(account.user.id)
            case HalfOpen():
                self._lobby.freeze(account.user.id)
            case Reconnect():
                self._lobby.ask_to_reconnect(account.user.id)
            case AskForHeartbeat():
                self._lobby.ask_for_heartbeat(account.user.id)
            case InvalidateSession(resumable=resumable):
                self._lobby.invalidate(account.user.id, resumable=resumable)
            case CloseSocket(code=code):
                self._lobby.close(account.user.id, code)
            case ForeignJobs(prompt=prompt, jobs=jobs, own=own):
                for _ in range(jobs):
                    self._draw(account, account.user if own else self._stranger, prompt)

    def _draw(self, account: Account, artist: User, prompt: str) -> None:
        interaction_id = self._snowflakes.next()
        request = Request(
            invocation=Invocation(interaction_id, 2, artist.id, name="imagine"),
            application_id=MIDJOURNEY.id,
            channel_id=account.channel_id,
            profile=account.profile,
            nonce=str(interaction_id),
            prompt=prompt,
        )
        self._bot.answer(request, self._bot.accept(request))
