"""The faults that happen at once."""

from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.faults import CloseSocket, DropSocket, ForeignJobs, Reconnect, Strike
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
            case Reconnect():
                self._lobby.ask_to_reconnect(account.user.id)
            case CloseSocket(code=code):
                self._lobby.close(account.user.id, code)
            case ForeignJobs(prompt=prompt, jobs=jobs):
                for _ in range(jobs):
                    self._draw(account, prompt)

    def _draw(self, account: Account, prompt: str) -> None:
        interaction_id = self._snowflakes.next()
        request = Request(
            invocation=Invocation(interaction_id, 2, self._stranger.id, name="imagine"),
            application_id=MIDJOURNEY.id,
            channel_id=account.channel_id,
            profile=account.profile,
            nonce=str(interaction_id),
            prompt=prompt,
        )
        self._bot.answer(request, self._bot.accept(request))
