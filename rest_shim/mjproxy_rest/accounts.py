"""Accounts as the JSON API shows them, and how they are read.

The keys are those of midjourney-proxy, in its order. `userToken` is always null: that API shows the token of a Discord
account to whoever may list it, this one to nobody.
"""

import orjson

from mjproxy.errors import NotFound
from mjproxy.v1.account_pb2 import CONNECTION_PHASE_READY, Account
from mjproxy.v1.account_service_pb2 import GetAccountRequest, ListAccountsRequest
from mjproxy_rest.upstream import Upstream

_LARGEST_PAGE = 1000


def encode(account: Account) -> bytes:
    """Returns the account as compact JSON in UTF-8."""
    settings = account.settings
    return orjson.dumps(
        {
            "id": account.id,
            "guildId": settings.guild_id,
            "channelId": settings.channel_id,
            "userToken": None,
            "userAgent": settings.user_agent,
            "enable": settings.enable,
            "coreSize": settings.core_size,
            "queueSize": settings.queue_size,
            "timeoutMinutes": settings.timeout_minutes,
            "properties": _properties(account),
        }
    )


def _properties(account: Account) -> dict[str, str | int | bool | None]:
    """What this API's own clients make no use of, but a person who looks after the accounts does."""
    health = account.health
    return {
        "remark": account.settings.remark,
        "connected": health.phase == CONNECTION_PHASE_READY,
        "held": health.held_reason or None,
        "restingUntil": health.resting_until.ToMilliseconds() if health.HasField("resting_until") else None,
        "lastError": health.last_error or None,
        "running": account.running,
        "waiting": account.waiting,
    }


class AccountService:
    """Reads accounts on behalf of callers. Every method raises `mjproxy.errors.ServerError`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def fetch(self, key: str, account_id: str) -> bytes | None:
        """Returns an account as JSON; None if there is none."""
        try:
            answer = await self._upstream.get_account(key, GetAccountRequest(id=account_id))
        except NotFound:
            return None
        return encode(answer.account)

    async def fetch_all(self, key: str) -> list[bytes]:
        """Returns all accounts as JSON, in the order of their ids."""
        request, bodies = ListAccountsRequest(page_size=_LARGEST_PAGE), list[bytes]()
        while True:
            page = await self._upstream.list_accounts(key, request)
            bodies += map(encode, page.accounts)
            if not page.next_page_token:
                return bodies
            request.page_token = page.next_page_token
