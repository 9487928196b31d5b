"""A backup of a running service, and a service that goes on from it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import mjproxy
from tests.e2e.stack import running_stack


async def store(*arguments: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mjproxy", "store", *map(str, arguments)), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, arguments
    return output.decode()


async def test_a_service_goes_on_from_its_backup(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    async with running_stack(data) as stack, mjproxy.AsyncClient(stack.grpc) as client:
        kept = await client.wait((await client.imagine("a cat")).id, timeout=60)
        await store("backup", backup, "--data", data)
        assert await store("check", "--data", data) == "The store is sound.\n"
        lost = await client.wait((await client.imagine("a dog")).id, timeout=60)
    await store("restore", backup, "--data", data)
    async with running_stack(data) as stack, mjproxy.AsyncClient(stack.grpc) as client:
        assert [task.id async for task in client.tasks()] == [kept.id]
        assert lost.id != kept.id
        upscaled = await (await (await client.task(kept.id)).upscale(1)).wait(timeout=60)
        assert upscaled.message.image_url
