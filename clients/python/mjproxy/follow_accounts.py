"""Following the accounts of a server: as they are now, then each that changes, whatever happens to the connection.

The server begins each stream with all accounts as they are, and has no history. So after a break what is known already
is left out, and what is not in a list any more, read while the new stream is open, was removed in between.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from mjproxy.backoff import Backoff
from mjproxy.errors import ServerError, Unavailable, from_rpc
from mjproxy.listing import all_accounts
from mjproxy.v1.account_service_pb2 import WatchAccountsRequest
from mjproxy.watch import Recovery, recovery

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from mjproxy.calls import Calls
    from mjproxy.channel import Metadata
    from mjproxy.follow import Patience
    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.account_service_pb2 import WatchAccountsResponse
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What became of an account.

    Attributes:
        account_id: Which it is.
        account: As it is now; None if it was removed.
    """

    account_id: str
    account: Account | None


class AccountFollower:
    """Follows all accounts, for one reader."""

    def __init__(self, stub: AccountServiceAsyncStub, calls: Calls, *, metadata: Metadata, patience: Patience) -> None:
        """Prepares to follow.

        Args:
            stub: Where the accounts are.
            calls: Makes the list calls.
            metadata: What goes with the watch.
            patience: Says when a watch without a connection is given up.
        """
        self._stub = stub
        self._calls = calls
        self._metadata = metadata
        self._patience = patience
        self._delays = Backoff()
        self._known: dict[str, Account] = {}

    async def follow(self) -> AsyncGenerator[AccountChange, None]:
        """Tells the accounts as they are, then each change, without an end.

        Raises:
            ServerError: The server will not serve this, or could not be reached for too long.
        """
        while True:
            try:
                async with aclosing(self._stream()) as changes:
                    async for change in changes:
                        yield change
            except ServerError as error:
                if recovery(error.status) is Recovery.GIVE_UP:
                    raise
                self._patience.interrupted(error)
                await asyncio.sleep(next(self._delays))

    async def _stream(self) -> AsyncGenerator[AccountChange, None]:
        """Tells what one stream brings, until it breaks."""
        unseen = frozenset(self._known)
        call = self._stub.WatchAccounts(WatchAccountsRequest(), metadata=self._metadata)
        try:
            async for message in call:
                self._restored()
                for change in self._changed(message):
                    yield change
                for gone in unseen and unseen - await self._listed():
                    for change in self._removed(gone):
                        yield change
                unseen = frozenset()
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        finally:
            call.cancel()
        raise Unavailable("the server ended the watch", grpc.StatusCode.UNAVAILABLE)

    def _restored(self) -> None:
        self._patience.restored()
        self._delays.reset()

    async def _listed(self) -> set[str]:
        return {account.id for account in await all_accounts(self._calls, self._stub)}

    def _changed(self, message: WatchAccountsResponse) -> Iterator[AccountChange]:
        if not message.HasField("account"):
            yield from self._removed(message.removed_account_id)
        elif self._known.get(message.account.id) != message.account:
            self._known[message.account.id] = message.account
            yield AccountChange(message.account.id, message.account)

    def _removed(self, account_id: str) -> Iterator[AccountChange]:
        if self._known.pop(account_id, None) is not None:
            yield AccountChange(account_id, None)
