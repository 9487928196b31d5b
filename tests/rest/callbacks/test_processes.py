"""Whole shims, as processes: they share the work, and what one of them leaves undone is done by the others."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.rest.rest_hooks import Hook
from tests.rest.rest_outbox import ScriptedOutbox, delivery


@asynccontextmanager
async def shim_process(
    outbox: ScriptedOutbox, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Runs one until the end of the block, unless it has ended by then; yields it with its port."""
    places = {
        "MJPROXY_REST_LISTEN": "127.0.0.1:0",
        "MJPROXY_GRPC_TARGET": f"127.0.0.1:{outbox.port}",
        "MJPROXY_REST__WORKERS": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mjproxy_rest"), stdout=asyncio.subprocess.PIPE, env=os.environ | places | environment
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, int(line.rpartition(b":")[2])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_two_shims_share_the_work_and_the_death_of_one_loses_nothing() -> None:
    """More is due than one may lease at once; so each of the two has a part of it when one dies."""
    async with (
        ScriptedOutbox.serve(lease_seconds=10) as outbox,
        Hook.serve("0.0.0.0") as hook,
        shim_process(outbox) as (doomed, _),
        shim_process(outbox),
    ):
        hook.open.clear()
        due = [
            delivery(hook.url(f"127.0.0.{host}"), f"{host}-{number}") for host in range(1, 81) for number in range(4)
        ]
        await outbox.put(*due)
        await hook.came(257)
        doomed.kill()
        await doomed.wait()
        hook.open.set()
        await outbox.reported(320, seconds=60)
    assert outbox.delivered() == {each.lease_id for each in due}


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_shim_that_is_told_to_end_finishes_what_it_has_begun(workers: str) -> None:
    async with (
        ScriptedOutbox.serve() as outbox,
        Hook.serve() as hook,
        shim_process(outbox, MJPROXY_REST__WORKERS=workers) as (shim, port),
    ):
        hook.open.clear()
        await outbox.put(delivery(hook.url()))
        await hook.came()
        idle, writer = await asyncio.open_connection("127.0.0.1", port)
        shim.send_signal(signal.SIGTERM)
        assert await idle.read() == b""  # It closes.
        writer.close()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(shim.wait(), 1)
        hook.open.set()
        await outbox.reported(1)
        assert await asyncio.wait_for(shim.wait(), 20) == 0
    assert len(hook.posted) == 1


async def test_callers_do_not_reach_this_machine_where_keys_are_configured() -> None:
    async with ScriptedOutbox.serve() as outbox, Hook.serve() as hook, shim_process(outbox, MJPROXY_API_SECRET="x"):
        await outbox.put(delivery(hook.url(), "1"), delivery(hook.url(), "2", trusted=True))
        await outbox.reported(2)
    assert outbox.delivered() == {"2-7-1"}
    assert [posted.headers["webhook-id"] for posted in hook.posted] == ["2-7"]
