"""A client under test: a process that reads commands and answers each, one line of JSON for one line of JSON.

A runner holds no knowledge of the cases. It opens clients, makes the calls it is told to, and tells what came of them,
as the README beside this file says. So a new case is a new case for every language.
"""

import asyncio
import json
import os
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from tests.conformance.case import Json
from tests.conformance.languages import Language

_LONGEST_LINE: Final = 16 * 1024 * 1024


class Runner:
    """A runner; one that has died of a case is started anew for the next."""

    def __init__(self, language: Language, complaints: Path) -> None:
        """Prepares a runner.

        Args:
            language: Whose.
            complaints: The file that its error output goes to.
        """
        self._language = language
        self._complaints = complaints
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await _ended(self._process)

    async def ready(self) -> None:
        """Starts it, unless it is at work."""
        if self._process is None:
            self._process = await self._started()

    async def ask(self, **command: object) -> Json:
        """Returns {"answer": ...} or {"error": ...}.

        Raises:
            AssertionError: The runner has died.
        """
        assert self._process is not None, "the runner is not ready"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        try:
            line = await self._process.stdout.readline()
        except asyncio.CancelledError:
            await self._discard()  # Its answer would be taken for that to the next command.
            raise
        if not line:
            await self._discard()
            raise AssertionError(f"the runner died of {command}; it said: {self._complaints.read_text()[-3000:]}")
        outcome: Json = json.loads(line)
        return outcome

    async def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _started(self) -> Process:
        with self._complaints.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                *self._language.run,
                cwd=self._language.folder,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=_environment(),
                limit=_LONGEST_LINE,
            )


async def _ended(process: Process) -> None:
    """Ends a runner: it is told by the end of its input."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """The environment without settings that would reach the client from outside the test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MJPROXY_")}
