"""Links to pictures that can be fetched now.

Discord signs the links to attachments and lets them expire after a day. A fresh one is had for the asking, and as
often as wanted, so it is no part of the task: it is kept here for as long as it holds.
"""

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.lane import Lane
from mjproxy_server.model.errors import NoPicture, Unavailable
from mjproxy_server.model.task import Task

MARGIN: Final = 5 * 60
"""Seconds before its expiry at which a link is taken for expired: the caller has yet to follow it."""
MOST_KEPT: Final = 10_000
"""How many fresh links are kept, of some 300 bytes each."""

_SIGNATURE: Final = frozenset({"ex", "is", "hm"})
_UNIX_SECONDS: Final = re.compile(r"[0-9a-f]{1,8}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PictureLink:
    """A link to a picture.

    Attributes:
        url: The link.
        expires_at: Until when it holds, in Unix seconds; None if it does not expire.
    """

    url: str
    expires_at: int | None

    def holds(self, now: float) -> bool:
        """Tells whether there is time enough to follow the link."""
        return self.expires_at is None or now + MARGIN < self.expires_at


def link_of(url: str) -> PictureLink:
    """Returns the link that a URL is; one that is not signed by Discord does not expire.

    Source: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls, with times in hexadecimal.
    """
    query = parse_qs(urlsplit(url).query)
    expiry = query.get("ex", [""])[0]
    signed = query.keys() >= _SIGNATURE and _UNIX_SECONDS.fullmatch(expiry)
    return PictureLink(url, int(expiry, 16) if signed else None)


class FreshLinks:
    """Has expired links of tasks' pictures made new by Discord.

    Args:
        fleet: The accounts, which ask Discord.
        clock: The time.
    """

    def __init__(self, fleet: Fleet, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._kept: OrderedDict[str, PictureLink] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, task: Task) -> PictureLink:
        """Returns a link to the task's picture that can be fetched now; Discord is asked once for all who want it.

        Raises:
            NoPicture: The task has none.
            Unavailable: No account is connected, or Discord could not be asked.
        """
        if task.picture is None:
            raise NoPicture(task.id)
        url = task.picture.url
        async with self._turns.setdefault(url, asyncio.Lock()):
            known = self._kept.get(url) or link_of(url)
            return known if known.holds(self._clock.time()) else await self._refreshed(task, url)

    async def _refreshed(self, task: Task, url: str) -> PictureLink:
        try:
            refreshed = await self._lane(task).link.rest.refresh_urls([url])
        except DiscordError as error:
            raise Unavailable(f"Discord could not be asked for a fresh link: {error}") from error
        if url not in refreshed:
            raise Unavailable("Discord did not make the picture's link new; it may be gone.")
        return self._keep(url, link_of(refreshed[url]))

    def _lane(self, task: Task) -> Lane:
        """Returns the account that asks: the task's own one, or any other, since all may ask for any link."""
        connected = [lane for lane in self._fleet.lanes if lane.link.ready]
        if not connected:
            raise Unavailable("The picture's link has expired, and no account is connected to ask Discord for another.")
        return min(connected, key=lambda lane: lane.account.id != task.account_id)

    def _keep(self, url: str, link: PictureLink) -> PictureLink:
        self._kept[url] = link
        self._kept.move_to_end(url)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return link
