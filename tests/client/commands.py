"""Runs the `mjproxy` command as its users do: as a process, with or without a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
import termios
import threading
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Terminal:
    """A terminal that keeps what is written to it."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (40, 120))
        self._shown = b""
        # A daemon: a test that fails before it reads leaves it waiting.
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    async def read(self) -> str:
        """All that was written, once nobody writes any more."""
        os.close(self.slave)
        await asyncio.to_thread(self._reading.join, 10)
        return self._shown.decode()

    def _read(self) -> None:
        # Linux ends a terminal that nobody has open for writing with EIO.
        with suppress(OSError):
            while chunk := os.read(self._master, 4096):
                self._shown += chunk
        os.close(self._master)


@dataclass
class Commands:
    """Runs commands in a folder of their own."""

    target: str
    folder: Path

    async def start(
        self,
        *arguments: str,
        environment: dict[str, str] | None = None,
        stdin: int | None = None,
        stdout: int = PIPE,
        stderr: int = PIPE,
    ) -> asyncio.subprocess.Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MJPROXY_")}
        plain = {"MJPROXY_GRPC_TARGET": self.target, "TERM": "xterm", "COLUMNS": "120", "TZ": "UTC"}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mjproxy",
            *arguments,
            cwd=self.folder,
            env=inherited | plain | (environment or {}),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    async def run(self, *arguments: str, **environment: str) -> Ended:
        return await self.end(await self.start(*arguments, environment=environment))

    async def end(self, process: asyncio.subprocess.Process) -> Ended:
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        assert process.returncode is not None
        ended = Ended(process.returncode, (out or b"").decode(), (err or b"").decode())
        assert "Traceback" not in ended.err, ended.err
        return ended
