"""One request to Discord's REST API and its answer: leave from the rate limits, the sending, and what is learned."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from mjproxy_server.discord.errors import (
    DiscordError,
    InvalidRequestBudgetSpent,
    RateLimited,
    RateLimitTooLong,
    Rejected,
)
from mjproxy_server.discord.rest.answers import bucket_headers_of, failure_of
from mjproxy_server.discord.rest.buckets import RateLimits
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.rest.http import request
from mjproxy_server.discord.rest.routes import BoundRoute
from mjproxy_server.discord.timing import Clock

_logger = logging.getLogger(__name__)

# A caller that has to wait longer is told so, and can do better than to hang here.
LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API: where to, and what with."""

    route: BoundRoute
    query: Mapping[str, str | int] | None = None
    json: Mapping[str, object] | None = None


class Exchange:
    """Sends single requests on behalf of one token, each once."""

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        api_url: str,
        token: SecretStr,
        budget: InvalidRequestBudget,
        clock: Clock,
    ) -> None:
        self._http = http
        self._api_url = api_url
        self._token = token
        self._budget = budget
        self._clock = clock
        self._limits = RateLimits()

    async def send(self, call: Call) -> bytes:
        """Send a request once and return the body of its 2xx answer.

        Raises:
            RateLimitTooLong: If it would have to wait too long for its rate limit; it was not sent.
            InvalidRequestBudgetSpent: If Discord refused too much lately; it was not sent.
            Rejected: If Discord answered with a 4xx.
            DiscordUnavailable: If there was no usable answer.
        """
        self._check_budget()
        await self._await_leave(call.route)
        answer = await request(
            self._http,
            call.route.route.method,
            self._api_url + call.route.path,
            params=call.query,
            json=call.json,
            headers={"Authorization": self._token.get_secret_value()},
        )
        failure = failure_of(answer)
        self._learn(call.route, answer, failure)
        if failure is not None:
            raise failure
        return answer.content

    def _check_budget(self) -> None:
        if wait := self._budget.wait(self._clock.monotonic()):
            raise InvalidRequestBudgetSpent(wait)

    async def _await_leave(self, route: BoundRoute) -> None:
        latest = self._clock.monotonic() + LONGEST_WAIT
        while wait := self._limits.acquire(route, self._clock.monotonic()):
            if self._clock.monotonic() + wait > latest:
                raise RateLimitTooLong(str(route.route), retry_after=wait, longest_wait=LONGEST_WAIT)
            await self._clock.sleep(wait)

    def _learn(self, route: BoundRoute, answer: httpx.Response, failure: DiscordError | None) -> None:
        now = self._clock.monotonic()
        self._limits.learn(route, bucket_headers_of(answer), now)
        if isinstance(failure, RateLimited):
            _logger.warning("Discord rate limits %s for %.1f s", route.route, failure.retry_after)
            self._limits.refuse(route, failure, now)
        if isinstance(failure, Rejected):
            self._budget.charge(failure, now)
