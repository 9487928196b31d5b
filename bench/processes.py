"""Servers in processes of their own, so that the CPU time of one is not that of another, or of the load.

A program is an async function that takes a `Control`: it says its port, then answers orders, one line each way. It ends
when its standard input does, so that nothing outlives the benchmark, however that ends.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Concatenate

import psutil

from mjproxy.launcher import garbage

Program = Callable[Concatenate["Control", ...], Awaitable[None]]


class Control:
    """A program's line to the benchmark."""

    def __init__(self) -> None:
        self._lines = asyncio.StreamReader()

    async def open(self) -> None:
        """Begins to read orders."""
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self._lines), sys.stdin)

    def say_port(self, port: int | str) -> None:
        """Says that it answers, and settles, as the parts do."""
        print(port, flush=True)
        garbage.settle()

    def say(self, *words: object) -> None:
        """Writes one line."""
        print(*words, flush=True)

    async def orders(self) -> AsyncIterator[list[str]]:
        """Yields the words of each order, until there are no more."""
        while line := await self._lines.readline():
            yield line.decode().split()


@dataclass(frozen=True, slots=True)
class Running:
    """A program that runs.

    Attributes:
        port: Where it listens, on 127.0.0.1; 0 if it does not.
        process: Its process.
    """

    port: int
    process: psutil.Process
    _pipes: asyncio.subprocess.Process

    @property
    def target(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.port}"

    @property
    def cpu(self) -> float:
        """The CPU time that all its threads have taken so far, and those of its own processes, in seconds.

        The clock of a process has nanoseconds, where its statistics count in hundredths of a second. Its id is what
        clock_getcpuclockid(3) of Linux returns.
        """
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(time.clock_gettime(~process.pid << 3 | 2) for process in processes)

    @property
    def memory(self) -> int:
        """The bytes that it holds in memory."""
        return int(self.process.memory_info().rss)

    async def order(self, *words: object) -> list[str]:
        """Gives an order, and returns the words of the answer."""
        assert self._pipes.stdin
        self._pipes.stdin.write(f"{' '.join(map(str, words))}\n".encode())
        return await _answer(self._pipes)


@asynccontextmanager
async def running(program: Program, *arguments: object) -> AsyncIterator[Running]:
    """Runs a program of this package for the time of the block; its first answer is its port."""
    place = f"{program.__module__}:{program.__qualname__}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.program", place, *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        (port,) = await _answer(process)
        yield Running(int(port), psutil.Process(process.pid), process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answer(process: asyncio.subprocess.Process) -> list[str]:
    assert process.stdout
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("A server of the benchmark has ended; what it wrote above says why.")
    return line.decode().split()


async def until_closed(control: Control) -> None:
    """Takes no orders, and returns when there can be none any more."""
    async for order in control.orders():
        raise ValueError(f"unknown order: {' '.join(order)}")
