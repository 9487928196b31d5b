"""The accounts' records: what is put comes back, whatever the account has, and also in the next process."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from mjproxy_server.model.account import Account, AccountRecord, AccountSync
from mjproxy_server.model.errors import AccountExists, RequestIdReused
from mjproxy_server.model.vocabulary import Level, Mode, WhenHeld
from mjproxy_server.store import SqliteStore, open_store
from mjproxy_server.store.accounts import CreationId
from tests.server.store.store_samples import HOUR, Clock

ACCOUNT = Account(
    guild_id="1",
    channel_id="22",
    user_token="very-secret",
    user_agent="Mozilla/5.0",
    enable=False,
    interval_seconds=0.5,
    mode=Mode.RELAX,
    when_held=WhenHeld.MOVE,
    failure_retries=2,
    press_appeal=True,
    fallback_modes=(Mode.RELAX, Mode.TURBO),
)
RECORD = AccountRecord(
    account=ACCOUNT,
    base=ACCOUNT,
    sync=AccountSync(at=1, plan="Pro", fast_hours_left=1.5, remix=True, versions=("V7",), stylize=Level.VERY_HIGH),
    held_reason="[Blocked] Write to support.",
    niji_sync=AccountSync(at=2, version="Niji V6", variation=Level.LOW),
)


async def test_a_record_comes_back_as_it_was_put_in_the_next_process(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    await first.accounts.put(RECORD)
    await first.close()
    second = await open_store(folder, now=clock)
    assert await second.accounts.all() == (RECORD,)
    await second.close()


async def test_a_record_is_read_that_was_written_before_there_was_more_to_know(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    await first.accounts.put(RECORD)
    await first.close()
    older = msgspec.to_builtins(RECORD)
    del older["niji_sync"]
    with closing(sqlite3.connect(folder / "mjproxy.db")) as connection, connection:
        connection.execute("UPDATE accounts SET body = ?", (msgspec.msgpack.encode(older),))
    second = await open_store(folder, now=clock)
    assert await second.accounts.all() == (replace(RECORD, niji_sync=None),)
    await second.close()


async def test_a_record_that_is_put_again_takes_the_place_of_the_first(store: SqliteStore) -> None:
    await store.accounts.put(RECORD)
    await store.accounts.put(AccountRecord(account=ACCOUNT))
    assert await store.accounts.all() == (AccountRecord(account=ACCOUNT),)


async def test_a_removed_record_is_gone(store: SqliteStore) -> None:
    await store.accounts.put(RECORD)
    await store.accounts.remove("22")
    await store.accounts.remove("22")
    assert await store.accounts.all() == ()


async def test_an_account_that_is_there_is_not_added_nor_its_request_kept(store: SqliteStore) -> None:
    creation = CreationId("r", b"digest")
    await store.accounts.put(RECORD)
    with pytest.raises(AccountExists):
        await store.accounts.add(AccountRecord(account=ACCOUNT), creation)
    assert await store.accounts.all() == (RECORD,)
    assert await store.accounts.find_request(creation) is None


async def test_a_request_id_is_known_for_a_day(store: SqliteStore, clock: Clock) -> None:
    creation = CreationId("r", b"digest")
    assert await store.accounts.find_request(creation) is None
    await store.accounts.add(RECORD, creation)
    assert await store.accounts.find_request(creation) == "22"
    with pytest.raises(RequestIdReused) as reused:
        await store.accounts.find_request(CreationId("r", b"another"))
    assert reused.value.details["field"] == "request_id"
    clock.now += 24 * HOUR
    assert await store.accounts.find_request(creation) is None


async def test_a_database_with_tokens_is_its_owners_alone(store: SqliteStore, folder: Path) -> None:
    await store.accounts.put(RECORD)
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}


def test_no_token_is_shown_by_a_record() -> None:
    assert "very-secret" not in repr(RECORD)
