"""The gateway sessions at rest."""

from pathlib import Path

from mjproxy_server.store.sessions import StoredSession
from mjproxy_server.store.sqlite import SqliteStore, open_store
from tests.server.store.store_samples import Clock


def session(owner: str, sequence: int | None = 7) -> StoredSession:
    return StoredSession(
        owner=owner.encode(),
        user_id="42",
        session_id=f"session of {owner}",
        resume_url="wss://resume.example",
        sequence=sequence,
    )


async def test_a_session_takes_the_place_of_the_one_before(store: SqliteStore) -> None:
    await store.sessions.put([session("a"), session("b", None)])
    await store.sessions.put([session("a", 9)])
    assert set(await store.sessions.all()) == {session("a", 9), session("b", None)}


async def test_sessions_are_removed_by_their_owners(store: SqliteStore) -> None:
    await store.sessions.put([session("a"), session("b")])
    await store.sessions.remove([b"a", b"unknown"])
    assert await store.sessions.all() == (session("b"),)


async def test_sessions_survive_a_restart(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    await first.sessions.put([session("a")])
    await first.close()
    second = await open_store(folder, now=clock)
    sessions = await second.sessions.all()
    await second.close()
    assert sessions == (session("a"),)
