"""From what the bot said to a file, and from the file to the simulator, by the commands that people use."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.stack import Stack, running_stack

NEWS = {
    "name": "news",
    "events": [
        {
            "after": 0,
            "type": "MESSAGE_CREATE",
            "data": {
                "id": "$ID1",
                "channel_id": "$CHANNEL",
                "nonce": "$NONCE",
                "author": {"id": "$BOT", "username": "Midjourney Bot", "bot": True},
                "content": "Hello <@$USER>, from now on I speak in rhymes.",
            },
        }
    ],
}


@dataclass(frozen=True)
class Shell:
    """Runs commands against a stack."""

    stack: Stack
    folder: Path

    async def run(self, *arguments: str) -> tuple[str, str]:
        """Returns what a command that succeeds has printed, to stdout and to stderr."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mjproxy", *arguments, stdout=PIPE, stderr=PIPE, cwd=self.folder
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        return out.decode(), err.decode()

    async def unknown(self, *options: str) -> tuple[str, str]:
        return await self.run("unknown", "--server", self.stack.grpc, *options)

    async def play(self, file: str) -> None:
        """Plays a scenario; a picture drawn after it says that the server has heard it."""
        await self.run("simulator", "replay", file, "--simulator", urlsplit(self.stack.simulator).netloc)
        await self.draw()

    async def draw(self) -> None:
        await self.run("imagine", "a cat", "--quiet", "--server", self.stack.grpc)


async def test_what_the_server_exports_the_simulator_plays_and_the_server_does_not_understand_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "scenario.json").write_text(json.dumps(NEWS))
    async with running_stack(tmp_path / "data", config="[simulator]\naccounts = 1\n") as stack:
        shell = Shell(stack, tmp_path)
        await shell.draw()
        await shell.play("scenario.json")
        out, err = await shell.unknown()
        assert out.endswith(
            "\tMESSAGE_CREATE\tthe text has no known form\tHello <@$USER>, from now on I speak in rhymes.\n"
        )
        assert err == "1 of 1 that have come\n"
        assert (await shell.unknown("--export", "news.json"))[0] == "news.json\n"
        assert json.loads((tmp_path / "news.json").read_text()) == NEWS
        await shell.play("news.json")
        assert (await shell.unknown())[1].endswith("of 2 that have come\n")
