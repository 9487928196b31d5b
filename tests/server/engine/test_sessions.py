"""The gateway sessions while the disk is full: they are tried again and again, and the operator is told twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from mjproxy_server.discord.gateway.types import ResumePoint
from mjproxy_server.engine import sessions as sessions_module
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.connection import Connection
from mjproxy_server.store import open_store
from tests.server.discord.discord_clock import VirtualClock
from tests.server.full_disk import full_disk


@dataclass
class Going:
    """A connection that comes further."""

    resume_point: ResumePoint
    user_id: str = "1"


async def test_a_full_disk_is_told_when_it_begins_and_when_it_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == sessions_module.__name__]

    clock, store = VirtualClock(), await open_store(tmp_path, now=lambda: 0)
    going = Going(_point(1))
    sessions = sessions_module.Sessions(store.sessions, {"token": cast(Connection, going)}, Bell(), clock)
    running = asyncio.create_task(sessions.run())
    with full_disk(tmp_path / "mjproxy.db-wal"):
        for sequence in range(2, 7):
            going.resume_point = _point(sequence)
            await clock.skip()
        assert ["cannot be stored" in text for text in told()] == [True]
    async with asyncio.timeout(10):
        while len(told()) < 2:
            await clock.skip()
    assert "stored again" in told()[1]
    assert [session.sequence for session in await store.sessions.all()] == [6]
    running.cancel()
    await asyncio.wait({running})
    await store.close()


def _point(sequence: int) -> ResumePoint:
    return ResumePoint("session", "wss://gateway.discord.gg", sequence)
