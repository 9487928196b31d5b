"""Rate limits of Discord's REST API, as a state machine without I/O.

What Discord documents ("Rate Limits" in its API reference), and how it is modelled here:

- A token may make 50 requests per second in all. We count our own requests in a sliding window and never exceed it,
  and a 429 that is marked global closes every route for its `Retry-After`.
- Each route has limits of its own, counted apart for each value of its major parameter (channel, guild, webhook).
  Such a counter is a *bucket*. Several routes may share one: Discord then names the same hash in
  `X-RateLimit-Bucket`.
- Bots are told a bucket's limit, what remains of it, and when it is full again, with every answer. User accounts
  usually see only the 429 itself with `Retry-After`. So a bucket has two faces: a window, if the headers told of one,
  and a time before which it is closed, if a 429 came.

Until Discord has named a hash for a route, each route is taken to have buckets of its own. When the hash is learned,
the named bucket takes the place of the assumed one, whose knowledge is stale by then.

A request asks `acquire` for leave. It gets 0.0, and is then counted, or the seconds to wait before asking again. What
the answer tells is given to `learn`. Requests that are under way are counted as spent: an answer may lower what
remains of a window, and raises it only when a new window has begun.

The number of buckets is that of the routes times the channels in use, which is small; none is ever dropped.
"""

import math
from collections import defaultdict, deque
from dataclasses import dataclass

from mjproxy_server.discord.errors import RateLimited
from mjproxy_server.discord.rest.routes import BoundRoute, Route

GLOBAL_LIMIT = 50
GLOBAL_PERIOD = 1.0


@dataclass(frozen=True, slots=True)
class BucketHeaders:
    """What the `X-RateLimit-*` headers of an answer told of its bucket's window.

    Attributes:
        name: The bucket's hash.
        limit: Requests in a whole window.
        remaining: Requests left in this one.
        reset_after: Seconds until the next window.
    """

    name: str
    limit: int
    remaining: int
    reset_after: float


class Bucket:
    """One counter of Discord's, as far as it is known."""

    def __init__(self) -> None:
        self._closed_until = -math.inf
        self._limit = math.inf
        self._remaining = math.inf
        self._resets_at = -math.inf
        self._period = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until a request may go out; 0.0 if it may go now."""
        opens_at = self._closed_until
        if self._remaining < 1:
            opens_at = max(opens_at, self._resets_at)
        return max(0.0, opens_at - now)

    def take(self, now: float) -> None:
        """Count a request that goes out now."""
        if now >= self._resets_at:
            self._remaining = self._limit
            self._resets_at = now + self._period
        self._remaining -= 1

    def close(self, until: float) -> None:
        """Let nothing out before the given time."""
        self._closed_until = max(self._closed_until, until)

    def learn(self, headers: BucketHeaders, now: float) -> None:
        """Take over what an answer told of the window."""
        resets_at = now + headers.reset_after
        is_new_window = resets_at > self._resets_at + self._period / 2
        self._remaining = headers.remaining if is_new_window else min(self._remaining, headers.remaining)
        self._resets_at = max(self._resets_at, resets_at)
        self._limit = headers.limit
        self._period = max(self._period, headers.reset_after)


class GlobalWindow:
    """The limit over all routes: a sliding window over our own requests, and Discord's word that it is exceeded."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=GLOBAL_LIMIT)
        self._closed_until = -math.inf

    def wait(self, now: float) -> float:
        """Return the seconds until a request may go out; 0.0 if it may go now."""
        is_full = len(self._sent) == GLOBAL_LIMIT
        opens_at = self._sent[0] + GLOBAL_PERIOD if is_full else now
        return max(0.0, opens_at - now, self._closed_until - now)

    def take(self, now: float) -> None:
        """Count a request that goes out now."""
        self._sent.append(now)

    def close(self, until: float) -> None:
        """Let nothing out before the given time."""
        self._closed_until = max(self._closed_until, until)


class RateLimits:
    """All limits of one token; times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._global = GlobalWindow()
        self._names: dict[Route, str] = {}
        self._buckets: defaultdict[tuple[Route | str, str], Bucket] = defaultdict(Bucket)

    def acquire(self, route: BoundRoute, now: float) -> float:
        """Count a request and return 0.0 if it may go out now; else return the seconds to wait before asking again."""
        bucket = self._bucket(route)
        wait = max(bucket.wait(now), self._global.wait(now))
        if wait == 0.0:
            bucket.take(now)
            self._global.take(now)
        return wait

    def learn(self, route: BoundRoute, headers: BucketHeaders | None, now: float) -> None:
        """Take over what the headers of an answer told, if they told anything."""
        if headers is not None:
            self._names[route.route] = headers.name
            self._bucket(route).learn(headers, now)

    def refuse(self, route: BoundRoute, refusal: RateLimited, now: float) -> None:
        """Heed a 429: close the route's bucket, or everything, for the time that it names."""
        closed = self._global if refusal.is_global else self._bucket(route)
        closed.close(now + refusal.retry_after)

    def _bucket(self, route: BoundRoute) -> Bucket:
        return self._buckets[self._names.get(route.route, route.route), route.major]
