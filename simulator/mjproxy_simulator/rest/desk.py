"""The front desk of the REST API: who asks, and how often.

Every route passes through here, so that a handler sees only requests of a known account within its limits.
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.limits import Limits, Window
from mjproxy_simulator.model.accounts import Account, Channel, Directory
from mjproxy_simulator.rest import errors

Handler = Callable[[Request, Account], Awaitable[Response]]


class Desk:
    """Admits requests.

    Args:
        directory: Knows the tokens and the channels.
        limits: How often a user may ask.
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, directory: Directory, limits: Limits, now: Callable[[], float]) -> None:
        self._directory = directory
        self._limits = limits
        self._now = now
        self._all_routes: dict[int, Window] = {}
        self._interactions: dict[tuple[int, int], Window] = {}

    def route(self, path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> BaseRoute:
        """Return a route whose handler is asked only for admitted requests."""

        async def answer(request: Request) -> Response:
            return await handler(request, self._admit(request))

        return Route(path, answer, methods=list(methods))

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

    def spend_interaction(self, account: Account, channel_id: int) -> None:
        """Count an interaction.

        Raises:
            DiscordError: There were too many; this one is not taken.
        """
        window = self._interactions.setdefault(
            (account.user.id, channel_id), Window(self._limits.interactions_per_second, 1.0)
        )
        self._spend(window, bucket="interactions")

    def _admit(self, request: Request) -> Account:
        account = self._directory.by_token(request.headers.get("authorization", ""))
        if account is None:
            raise errors.unauthorized()
        window = self._all_routes.setdefault(account.user.id, Window(self._limits.requests_per_second, 1.0))
        self._spend(window, bucket=None)
        return account

    def _spend(self, window: Window, bucket: str | None) -> None:
        now = self._now()
        if not window.spend(now):
            raise errors.rate_limited(window.resets_in(now), window.limit, bucket)
