"""The messages that were not understood, at rest."""

from pathlib import Path

from mjproxy_server.store.sqlite import SqliteStore, open_store
from mjproxy_server.store.unknown_messages import MOST_KEPT, UnknownMessage
from tests.server.store.store_samples import Clock


def unknown(number: int, account_id: str = "11") -> UnknownMessage:
    return UnknownMessage(
        account_id=account_id, at_ms=number, event="MESSAGE_CREATE", reason="a reason", json=f'{{"n":{number}}}'
    )


async def test_the_newest_come_first_and_all_are_counted(store: SqliteStore) -> None:
    await store.unknown_messages.add([unknown(1), unknown(2)], seen=5)
    await store.unknown_messages.add([], seen=3)
    listing = await store.unknown_messages.list("", 0, 10)
    assert (listing.messages, listing.last, listing.seen) == ((unknown(2), unknown(1)), 0, 8)


async def test_pages_follow_each_other_and_may_be_of_one_account(store: SqliteStore) -> None:
    await store.unknown_messages.add([unknown(n, "11" if n % 2 else "22") for n in range(1, 8)], seen=7)
    first = await store.unknown_messages.list("11", 0, 2)
    second = await store.unknown_messages.list("11", first.last, 2)
    assert [each.at_ms for each in (*first.messages, *second.messages)] == [7, 5, 3, 1]
    assert first.last
    assert not second.last


async def test_the_newest_drive_the_oldest_out(store: SqliteStore) -> None:
    for start in (0, MOST_KEPT):
        await store.unknown_messages.add([unknown(start + n) for n in range(MOST_KEPT - 1)], seen=MOST_KEPT)
    listing = await store.unknown_messages.list("", 0, 1000)
    assert len(listing.messages) == MOST_KEPT
    assert listing.messages[0].at_ms == 2 * MOST_KEPT - 2
    assert listing.seen == 2 * MOST_KEPT


async def test_messages_and_count_survive_a_restart(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    await first.unknown_messages.add([unknown(1)], seen=4)
    await first.close()
    second = await open_store(folder, now=clock)
    listing = await second.unknown_messages.list("", 0, 10)
    await second.close()
    assert (listing.messages, listing.seen) == ((unknown(1),), 4)
