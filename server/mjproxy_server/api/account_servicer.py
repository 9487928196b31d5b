"""AccountService: the accounts that draw, for operators."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from grpc import aio

from mjproxy.v1 import account_service_pb2 as pb
from mjproxy.v1 import account_service_pb2_grpc
from mjproxy_server.api import accounts_in, pages
from mjproxy_server.api.accounts_out import account_message
from mjproxy_server.api.callers import require_admin
from mjproxy_server.api.unknown_out import unknown_message
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.registry import Registry
from mjproxy_server.model.account import Account
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store.unknown_messages import UnknownMessageStore

Context = aio.ServicerContext[Any, Any]

WATCH_PAUSE: Final = 0.1
"""Seconds in which the changes of an account are put together for a watch."""


class AccountServicer(account_service_pb2_grpc.AccountServiceServicer):
    """Answers the calls of AccountService.

    Args:
        fleet: The accounts, for reading.
        registry: Changes them.
        defaults: What a new account has where it says nothing else.
        unknown: The messages that were not understood.
    """

    def __init__(self, fleet: Fleet, registry: Registry, defaults: Account, unknown: UnknownMessageStore) -> None:
        self._fleet = fleet
        self._registry = registry
        self._defaults = defaults
        self._unknown = unknown

    async def ListAccounts(self, request: pb.ListAccountsRequest, context: Context) -> pb.ListAccountsResponse:
        """Lists the accounts."""
        size, after = pages.size(request.page_size), pages.account_position(request.page_token)
        rest = [lane for lane in self._fleet.lanes if lane.account.id > after]
        page = rest[:size]
        return pb.ListAccountsResponse(
            accounts=[account_message(lane) for lane in page],
            next_page_token=pages.account_token(page[-1].account.id) if len(rest) > size else "",
        )

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        """Reads one account."""
        return pb.GetAccountResponse(account=account_message(self._fleet.lane(request.id)))

    async def CreateAccount(self, request: pb.CreateAccountRequest, context: Context) -> pb.CreateAccountResponse:
        """Adds an account, and connects it."""
        require_admin()
        account, creation = accounts_in.new_account(request, self._defaults), accounts_in.creation_id(request)
        return pb.CreateAccountResponse(account=account_message(await self._registry.create(account, creation)))

    async def UpdateAccount(self, request: pb.UpdateAccountRequest, context: Context) -> pb.UpdateAccountResponse:
        """Changes an account while it works."""
        require_admin()
        change = accounts_in.change(request, self._defaults)
        lane = await self._registry.update(request.id, change, restore=accounts_in.restores(request))
        return pb.UpdateAccountResponse(account=account_message(lane))

    async def DeleteAccount(self, request: pb.DeleteAccountRequest, context: Context) -> pb.DeleteAccountResponse:
        """Removes an account."""
        require_admin()
        await self._registry.delete(request.id)
        return pb.DeleteAccountResponse()

    async def SyncAccount(self, request: pb.SyncAccountRequest, context: Context) -> pb.SyncAccountResponse:
        """Asks a bot for /info and /settings."""
        require_admin()
        lane = await self._registry.sync(request.id, accounts_in.bot(request))
        return pb.SyncAccountResponse(account=account_message(lane))

    async def ChangeBotSettings(
        self, request: pb.ChangeBotSettingsRequest, context: Context
    ) -> pb.ChangeBotSettingsResponse:
        """Changes a bot's own settings."""
        require_admin()
        bot, wanted = accounts_in.bot(request), accounts_in.bot_settings(request)
        lane = await self._registry.change_bot_settings(request.id, bot, wanted)
        return pb.ChangeBotSettingsResponse(account=account_message(lane))

    async def WatchAccounts(
        self, request: pb.WatchAccountsRequest, context: Context
    ) -> AsyncIterator[pb.WatchAccountsResponse]:
        """Streams the accounts.

        A watch keeps what it has sent and compares: what changes while it sends, or while it pauses, is one change.
        """
        require_admin()
        changes, rings = self._fleet.changes, -1
        sent: dict[str, bytes] = {}
        while not changes.closed:
            rings = changes.rings
            for response in self._news(sent):
                yield response
            await changes.wait(rings)
            await asyncio.sleep(WATCH_PAUSE)
        raise Unavailable("The server is stopping; call again in a moment.")

    async def ListUnknownMessages(
        self, request: pb.ListUnknownMessagesRequest, context: Context
    ) -> pb.ListUnknownMessagesResponse:
        """Lists the messages of the bots that were not understood."""
        require_admin()
        size, before = pages.size(request.page_size), pages.unknown_position(request)
        listing = await self._unknown.list(request.account_id, before, size)
        return pb.ListUnknownMessagesResponse(
            messages=map(unknown_message, listing.messages),
            next_page_token=pages.unknown_token(request, listing.last) if listing.last else "",
            seen=listing.seen,
        )

    def _news(self, sent: dict[str, bytes]) -> list[pb.WatchAccountsResponse]:
        """Returns what is not as it was sent, and notes it as sent."""
        messages = {lane.account.id: account_message(lane) for lane in self._fleet.lanes}
        now = {account_id: message.SerializeToString(deterministic=True) for account_id, message in messages.items()}
        news = [
            pb.WatchAccountsResponse(account=messages[account_id])
            for account_id, data in now.items()
            if sent.get(account_id) != data
        ]
        news += [pb.WatchAccountsResponse(removed_account_id=gone) for gone in sent.keys() - now.keys()]
        sent.clear()
        sent.update(now)
        return news
