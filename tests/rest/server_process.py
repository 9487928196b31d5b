"""A scripted server in a process of its own, which can be stopped: it keeps its connections, and says nothing."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskResponse
from tests.rest.rest_server import ScriptedServer, running

_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that accepts one submission, as task 1."""

    target: str
    process: asyncio.subprocess.Process

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def server_process() -> AsyncIterator[ServerProcess]:
    """Runs the server for so long."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rest.server_process"), cwd=_ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 30))
        yield ServerProcess(f"127.0.0.1:{port}", process)
    finally:
        process.kill()
        await process.wait()


async def _serve() -> None:
    async with ScriptedServer.serve() as server:
        server.answers.append(SubmitTaskResponse(tasks=[running("1")], code=SUBMIT_CODE_SUCCESS))
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
