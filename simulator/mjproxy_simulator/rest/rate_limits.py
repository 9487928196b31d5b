"""Rate limits: who may ask how often, and what an answer says about it.

A user has a limit over all routes, one for each route and place, and one for interactions in a channel. An address
that sends too many requests which are refused is shut out by whatever stands before Discord. Source:
https://discord.com/developers/docs/topics/rate-limits
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable
from http import HTTPStatus
from typing import Final

from mjproxy_simulator.limits import Limits, Window
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.errors import DiscordError

_INVALID: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_BAN_SECONDS: Final = 600.0


class RateLimits:
    """Counts requests.

    Args:
        limits: How many there may be.
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._users: defaultdict[int, Window] = defaultdict(lambda: Window(limits.requests_per_second, 1.0))
        self._routes: defaultdict[Hashable, Window] = defaultdict(lambda: Window(limits.route_requests_per_second, 1.0))
        self._interactions: defaultdict[Hashable, Window] = defaultdict(
            lambda: Window(limits.interactions_per_second, 1.0)
        )
        self._invalid: defaultdict[str, Window] = defaultdict(lambda: Window(limits.invalid_requests, _BAN_SECONDS))

    def spend(self, user_id: int) -> None:
        """Count a request of a user.

        Raises:
            DiscordError: There were too many; this one is not done.
        """
        self._spend(self._users[user_id], bucket=None)

    def spend_on_route(self, user_id: int, route: str, place: object) -> dict[str, str]:
        """Count a request of a user on a route, about a channel or guild; return the headers that tell of it.

        Raises:
            DiscordError: There were too many; this one is not done.
        """
        return self._spend(self._routes[user_id, route, place], _bucket(route))

    def spend_interaction(self, user_id: int, channel_id: int) -> dict[str, str]:
        """Count an interaction of a user in a channel; return the headers that tell of it.

        Raises:
            DiscordError: There were too many; this one is not taken.
        """
        return self._spend(self._interactions[user_id, channel_id], _bucket("POST /interactions"))

    def note_refusal(self, address: str, error: DiscordError) -> None:
        """Count a request that was refused against the address from which it came."""
        if error.status in _INVALID and not error.shared:
            self._invalid[address].spend(self._now())

    def check_ban(self, address: str) -> None:
        """Let an address pass unless too many of its requests were refused.

        Raises:
            DiscordError: It is shut out.
        """
        window, now = self._invalid.get(address), self._now()
        if window is not None and window.exhausted(now):
            raise errors.Banned(window.resets_in(now))

    def _spend(self, window: Window, bucket: str | None) -> dict[str, str]:
        now = self._now()
        if not window.spend(now):
            raise errors.rate_limited(window.resets_in(now), window.limit, bucket)
        if bucket is None or not self._limits.rate_limit_headers:
            return {}
        return errors.limit_headers(window.resets_in(now), window.limit, window.left(now), bucket)


def _bucket(route: str) -> str:
    return hashlib.md5(route.encode(), usedforsecurity=False).hexdigest()
