"""The front desk of the REST API: who asks, how often, and what is made to go wrong.

Every route passes through here, so that a handler sees only requests of a known account within its limits.
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.http_faults import HttpFaults
from mjproxy_simulator.model.accounts import Account, Channel, Directory
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.errors import DiscordError
from mjproxy_simulator.rest.rate_limits import RateLimits

Handler = Callable[[Request, Account], Awaitable[Response]]


class Desk:
    """Admits requests.

    Args:
        directory: Knows the tokens and the channels.
        rate_limits: Knows how often a user may ask.
        faults: What is made to go wrong.
    """

    def __init__(self, directory: Directory, rate_limits: RateLimits, faults: HttpFaults) -> None:
        self._directory = directory
        self._rate_limits = rate_limits
        self._faults = faults

    def route(
        self, path: str, handler: Handler, methods: Sequence[str] = ("GET",), *, admits: bool = True
    ) -> BaseRoute:
        """Return a route whose handler is asked only for admitted requests.

        Args:
            path: The path below that of the API.
            handler: Answers requests of a known account.
            methods: What it answers.
            admits: False for a handler that calls `admit` and counts by itself, since it notes what is refused.
        """

        async def answer(request: Request) -> Response:
            address = "" if request.client is None else request.client.host
            try:
                self._rate_limits.check_ban(address)
                account = self._account(request)
                return await (admitted if admits else handler)(request, account)
            except DiscordError as error:
                self._rate_limits.note_refusal(address, error)
                raise

        async def admitted(request: Request, account: Account) -> Response:
            await self.admit(request, account)
            place = request.path_params.get("channel_id") or request.path_params.get("guild_id")
            told = self._rate_limits.spend_on_route(account.user.id, f"{request.method} {path}", place)
            response = await handler(request, account)
            response.headers.update(told)
            return response

        return Route(path, answer, methods=list(methods))

    async def admit(self, request: Request, account: Account) -> None:
        """Count a request, and let it have what is made to go wrong.

        Raises:
            DiscordError: It is not done.
        """
        await self._faults.meet(request, account.user.id)
        self._rate_limits.spend(account.user.id)

    def channel(self, account: Account, channel_id: int) -> Channel:
        """Return a channel that the account may use.

        Raises:
            DiscordError: It does not exist, or is somebody else's.
        """
        channel = self._directory.channel(channel_id)
        if channel is None:
            raise errors.unknown_channel()
        if channel.owner_id != account.user.id:
            raise errors.missing_access()
        return channel

    def spend_interaction(self, account: Account, channel_id: int) -> dict[str, str]:
        """Count an interaction; return the headers that tell of its limit.

        Raises:
            DiscordError: There were too many; this one is not taken.
        """
        return self._rate_limits.spend_interaction(account.user.id, channel_id)

    def _account(self, request: Request) -> Account:
        account = self._directory.by_token(request.headers.get("authorization", ""))
        if account is None:
            raise errors.unauthorized()
        return account
