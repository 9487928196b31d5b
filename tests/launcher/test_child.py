import asyncio
import signal

import psutil
import pytest

from mjproxy.launcher import child
from mjproxy.launcher.address import Address
from mjproxy.launcher.child import Child
from mjproxy.launcher.launch import Launch

FREE = Address("127.0.0.1", 0)


@pytest.fixture(autouse=True)
def _module_path(module_path: str, workdir: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", module_path)


def only_child() -> psutil.Process:
    (process,) = (each for each in psutil.Process().children() if "simulator" in " ".join(each.cmdline()))
    return process


async def answering(process: Child) -> psutil.Process:
    assert await process.ready() is not None
    return only_child()


async def test_a_part_is_drained_on_leaving() -> None:
    async with child.running(Launch("simulator", FREE)) as process:
        running = await answering(process)
    assert not running.is_running()


async def test_a_part_that_does_not_close_in_time_is_killed() -> None:
    stubborn = Launch("simulator", FREE, patience=0.2, environment={"FAKE_STUBBORN": "simulator"})
    async with child.running(stubborn) as process:
        running = await answering(process)
    assert not running.is_running()


async def test_a_wait_that_is_cut_short_kills_the_part() -> None:
    reached = asyncio.Event()

    async def drain() -> None:
        async with child.running(Launch("simulator", FREE, environment={"FAKE_STUBBORN": "simulator"})) as process:
            await answering(process)
            reached.set()

    drained = asyncio.create_task(drain())
    await reached.wait()  # It goes on to the drain before this returns.
    running = only_child()
    drained.cancel()
    await asyncio.wait({drained})
    assert not running.is_running()


async def test_the_exit_status_is_told() -> None:
    async with child.running(Launch("simulator", FREE)) as process:
        (await answering(process)).send_signal(signal.SIGKILL)
        assert await process.ended() == -signal.SIGKILL


async def test_a_part_that_ends_without_an_answer_is_not_ready() -> None:
    async with child.running(Launch("simulator", FREE, options=("--speed", "0"))) as process:
        assert await process.ready() is None
        assert await process.ended() == 2
