"""`mjproxy up` as a user starts it: real processes on free ports, ended by the end of the block."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60
DRAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Stack:
    """The addresses of a running service, and the process that supervises it."""

    rest: str
    grpc: str
    simulator: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def running_stack(data: Path, *, speed: float = 200, config: str = "") -> AsyncIterator[Stack]:
    """Starts `mjproxy up` on free ports; raises with its last words if it does not come up."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "mjproxy.toml").write_text(config)
    with (data / "up.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "mjproxy", "up", "--config", str(data / "mjproxy.toml"), "--data", str(data)),
            *("--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--speed", str(speed)),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=_environment(),
        )
    try:
        yield _stack(await _ready_line(process, data / "up.log"), process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), DRAIN_SECONDS)


@contextmanager
def standing_stack(data: Path, *, speed: float = 200, config: str = "") -> Iterator[Stack]:
    """A running stack for fixtures that outlive the event loop of a single test."""
    with asyncio.Runner() as runner:
        stack = running_stack(data, speed=speed, config=config)
        yield runner.run(stack.__aenter__())
        runner.run(stack.__aexit__(None, None, None))


def _environment() -> Mapping[str, str]:
    """The environment without settings that would reach the service from outside the test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MJPROXY_")}


async def _ready_line(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)).decode()
    assert line.startswith("ready "), f"mjproxy up did not come up:\n{log.read_text()[-4000:]}"
    return line


def _stack(line: str, process: asyncio.subprocess.Process) -> Stack:
    words = dict(word.split("=", 1) for word in line.split()[1:])
    return Stack(words["rest"], words["grpc"], words.get("simulator", ""), process)
