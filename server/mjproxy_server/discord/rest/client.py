"""The REST API of Discord as one user account uses it, a method for each thing to be done.

Two kinds of request are told apart here. `interact` may spend money: it is sent at most once, and its outcome says what
is proved about it. Everything else may be repeated, and is, a bounded number of times.
"""

import random
from collections.abc import Awaitable, Mapping, Sequence

import httpx
import msgspec
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import DiscordUnavailable, RateLimited, Rejected
from mjproxy_server.discord.rest import routes
from mjproxy_server.discord.rest.answers import decode
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.rest.exchange import Call, Exchange
from mjproxy_server.discord.rest.frames import Frames
from mjproxy_server.discord.rest.http import DEFAULT_TIMEOUT, open_http
from mjproxy_server.discord.rest.retry import Repeater
from mjproxy_server.discord.rest.types import (
    ApplicationCommand,
    InDoubt,
    InteractionOutcome,
    Refused,
    Taken,
    UploadedFile,
    UploadFile,
    User,
)
from mjproxy_server.discord.rest.uploads import Uploader, attachments_of
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock

MAX_HISTORY = 100
MAX_REFRESHED_URLS = 50

Message = Mapping[str, object]


class _CommandIndex(msgspec.Struct, frozen=True):
    application_commands: list[ApplicationCommand]


class _Attachment(msgspec.Struct, frozen=True):
    url: str


class _SentMessage(msgspec.Struct, frozen=True):
    attachments: list[_Attachment]


class _Channel(msgspec.Struct, frozen=True):
    id: str


class _RefreshedUrl(msgspec.Struct, frozen=True):
    original: str
    refreshed: str | None = None  # Discord has none for a link that is not its own (observed 2026-06).


class _RefreshedUrls(msgspec.Struct, frozen=True):
    refreshed_urls: list[_RefreshedUrl]


class DiscordRest:
    """The REST client of one token; close it at the end.

    Every method raises `RateLimitTooLong` or `InvalidRequestBudgetSpent` if the request was held back, and those that
    repeat raise `Rejected`, `DiscordUnavailable` or `UnexpectedAnswer` in the end.
    """

    def __init__(
        self,
        *,
        token: SecretStr,
        user_agent: str,
        endpoints: Endpoints,
        budget: InvalidRequestBudget,
        nonces: NonceSource,
        clock: Clock,
        rng: random.Random,
        timeout: httpx.Timeout = DEFAULT_TIMEOUT,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            token: The account's token.
            user_agent: The user agent of the browser to appear as.
            endpoints: Where Discord is.
            budget: Shared by all accounts that go out by the same address.
            nonces: Gives the nonces that keep a message from being posted twice.
            clock: The time, for limits and pauses.
            rng: Draws pauses.
            timeout: How long the network may be silent.
        """
        self._nonces = nonces
        self._http = open_http(user_agent=user_agent, proxy=endpoints.proxy, timeout=timeout)
        self._exchange = Exchange(http=self._http, api_url=endpoints.api_url, token=token, budget=budget, clock=clock)
        self._frames = Frames(http=self._http, endpoints=endpoints)
        self._repeat = Repeater(clock=clock, rng=rng)
        self._uploader = Uploader(exchange=self._exchange, http=self._http, endpoints=endpoints, repeat=self._repeat)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def interact(self, payload: Mapping[str, object]) -> InteractionOutcome:
        """Send an interaction at most once, and tell what is proved about it.

        It may wait for its rate limit before it is sent. Nothing that happens afterwards is raised: a 4xx or a
        connection that never came about proves that Discord did not take it; a 5xx, a timeout and a cut prove nothing.
        """
        return await _outcome_of(self._exchange.send(Call(routes.INTERACTIONS.bind(), json=payload)))

    async def post_to_frame(self, application_id: str, path: str, payload: Mapping[str, object]) -> InteractionOutcome:
        """Post to an application's own page at most once, and tell what is proved about it, as `interact` does."""
        return await _outcome_of(self._frames.post(application_id, path, payload))

    async def open_direct_channel(self, user_id: str) -> str:
        """Return the id of the direct channel with a user, which is opened if there is none yet."""
        call = Call(routes.DIRECT_CHANNELS.bind(), json={"recipients": [user_id]})
        return decode(await self._send(call), _Channel).id

    async def react(self, channel_id: str, message_id: str, emoji: str) -> None:
        """React to a message; doing it again changes nothing."""
        route = routes.OWN_REACTION.bind(channel_id=channel_id, message_id=message_id, emoji=emoji)
        await self._send(Call(route, query={"location": "Message", "type": 0}))

    async def application_commands(self, guild_id: str) -> list[ApplicationCommand]:
        """Return the commands of all applications in a guild."""
        call = Call(routes.APPLICATION_COMMANDS.bind(guild_id=guild_id))
        return decode(await self._send(call), _CommandIndex).application_commands

    async def current_user(self) -> User:
        """Return the account's user; raises `Unauthorized` if the token is not valid."""
        return decode(await self._send(Call(routes.CURRENT_USER.bind())), User)

    async def history(
        self,
        channel_id: str,
        *,
        before: str | None = None,
        after: str | None = None,
        around: str | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """Return messages of a channel, newest first.

        Args:
            channel_id: The channel.
            before: Only messages older than this id. At most one of `before`, `after` and `around` may be given.
            after: Only messages newer than this id, the oldest of them.
            around: Messages on both sides of this id.
            limit: How many at most, 1 to 100.

        Raises:
            ValueError: If the arguments are not as said.
        """
        anchors = {"before": before, "after": after, "around": around}
        query = history_query({name: anchor for name, anchor in anchors.items() if anchor is not None}, limit)
        return decode(await self._send(Call(routes.HISTORY.bind(channel_id=channel_id), query=query)), list[Message])

    async def upload(self, channel_id: str, files: Sequence[UploadFile]) -> list[UploadedFile]:
        """Upload one to ten files to be named in an interaction or a message; the result is in their order."""
        return await self._uploader.upload(channel_id, files)

    async def send_attachment_message(self, channel_id: str, files: Sequence[UploadedFile]) -> list[str]:
        """Post uploaded files as a message and return their public URLs, in their order.

        All tries carry one nonce, by which Discord answers with the first message instead of posting another.
        """
        message = {
            "content": "",
            "channel_id": channel_id,
            "type": 0,
            "sticker_ids": [],
            "attachments": attachments_of(files),
            "nonce": self._nonces.next(),
            "enforce_nonce": True,
        }
        call = Call(routes.CREATE_MESSAGE.bind(channel_id=channel_id), json=message)
        sent = decode(await self._send(call), _SentMessage)
        return [attachment.url for attachment in sent.attachments]

    async def refresh_urls(self, urls: Sequence[str]) -> dict[str, str]:
        """Return fresh links for links to attachments whose signatures have expired, by the old links.

        Links that are not Discord's own, and others that it does not make new, are left out.
        """
        refreshed: dict[str, str] = {}
        for start in range(0, len(urls), MAX_REFRESHED_URLS):
            batch = urls[start : start + MAX_REFRESHED_URLS]
            call = Call(routes.REFRESH_URLS.bind(), json={"attachment_urls": list(batch)})
            answer = decode(await self._send(call), _RefreshedUrls)
            refreshed.update((link.original, link.refreshed) for link in answer.refreshed_urls if link.refreshed)
        return refreshed

    async def _send(self, call: Call) -> bytes:
        return await self._repeat(lambda: self._exchange.send(call))


async def _outcome_of(sending: Awaitable[bytes]) -> InteractionOutcome:
    """Await what is sent at most once, and return what is proved about it."""
    try:
        await sending
    except Rejected as refusal:
        retry_after = refusal.retry_after if isinstance(refusal, RateLimited) else None
        return Refused(refusal.http_status, refusal.code, refusal.message, retry_after)
    except DiscordUnavailable as failure:
        return InDoubt(failure.reason) if failure.sent else Refused(None, None, failure.reason)
    return Taken()


def history_query(anchor: Mapping[str, str], limit: int) -> dict[str, str | int]:
    """Return the query of a history request.

    Raises:
        ValueError: If there are several anchors, or the limit is out of range.
    """
    if len(anchor) > 1:
        raise ValueError(f"{', '.join(anchor)}: only one of them may be given")
    if not 1 <= limit <= MAX_HISTORY:
        raise ValueError(f"limit: must be 1 to {MAX_HISTORY}, not {limit}")
    return {"limit": limit, **anchor}
