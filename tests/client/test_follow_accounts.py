"""A watch of accounts tells each change once, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from mjproxy import errors
from mjproxy.aio.client import AsyncClient
from mjproxy.v1.account_pb2 import Account
from mjproxy.v1.account_service_pb2 import WatchAccountsResponse
from tests.client.scripted_server import Fails, ScriptedServer, error_info

BROKEN = Fails(grpc.StatusCode.UNAVAILABLE)


class Told:
    """What a watch tells, as id and number of running tasks; None for an account that was removed."""

    def __init__(self, client: AsyncClient) -> None:
        self._changes = client.accounts.watch()

    async def next(self) -> tuple[str, int | None]:
        async with asyncio.timeout(10):
            change = await anext(self._changes)
        return change.account_id, change.account.running if change.account else None

    async def aclose(self) -> None:
        await self._changes.aclose()


@pytest.fixture
async def told(server: ScriptedServer, client: AsyncClient) -> AsyncIterator[Told]:
    server.accounts += [Account(id="1"), Account(id="2")]
    told = Told(client)
    yield told
    await told.aclose()


async def test_accounts_are_told_as_they_are_and_then_each_that_changes(server: ScriptedServer, told: Told) -> None:
    assert [await told.next(), await told.next()] == [("1", 0), ("2", 0)]
    server.account_news.put_nowait(WatchAccountsResponse(account=Account(id="2", running=1)))
    server.account_news.put_nowait(WatchAccountsResponse(removed_account_id="1"))
    assert [await told.next(), await told.next()] == [("2", 1), ("1", None)]


async def test_what_became_of_accounts_is_told_when_the_connection_broke(server: ScriptedServer, told: Told) -> None:
    assert [await told.next(), await told.next()] == [("1", 0), ("2", 0)]
    server.accounts[:] = [Account(id="2"), Account(id="3", running=3)]
    server.account_news.put_nowait(BROKEN)
    assert [await told.next(), await told.next()] == [("1", None), ("3", 3)]
    server.account_news.put_nowait(WatchAccountsResponse(removed_account_id="1"))
    server.account_news.put_nowait(WatchAccountsResponse(removed_account_id="2"))
    assert await told.next() == ("2", None)


async def test_a_watch_that_is_refused_raises(server: ScriptedServer, client: AsyncClient) -> None:
    denied = Fails(grpc.StatusCode.PERMISSION_DENIED, "not with this key", (error_info("PERMISSION_DENIED"),))
    server.errors["WatchAccounts"].append(denied)
    with pytest.raises(errors.PermissionDenied, match="not with this key"):
        await Told(client).next()


async def test_a_watch_without_a_connection_raises_when_its_patience_is_over(server: ScriptedServer) -> None:
    server.errors["WatchAccounts"].extend([BROKEN, BROKEN])
    async with AsyncClient(server.target, patience=0.05) as client:
        with pytest.raises(errors.Unavailable):
            await Told(client).next()
