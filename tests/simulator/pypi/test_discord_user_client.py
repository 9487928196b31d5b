"""The library discord.py-self, which parses strictly what a user account is told, draws with the simulator."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any, Final

import pytest

from tests.simulator.simulated_world import Play

VERSION: Final = "2.1.0"
FOLDER: Final = Path(__file__).parents[3] / ".tools" / f"discord.py-self-{VERSION}"
SCRIPT: Final = Path(__file__).with_name("discord_user_client.py")
PYTHON: Final = FOLDER / "bin" / "python"


@pytest.fixture(scope="session")
def library() -> None:
    """Installs the library, in an environment of its own that stays there for the next run."""
    if PYTHON.exists():
        return
    commands = (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [str(PYTHON), "-m", "pip", "install", "--quiet", f"discord.py-self=={VERSION}"],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=100)
        if done.returncode != 0:
            shutil.rmtree(FOLDER, ignore_errors=True)
            _do_without(f"discord.py-self cannot be installed: {done.stderr.strip()[-300:]}")


def _do_without(reason: str) -> None:
    if os.environ.get("MJPROXY_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.usefixtures("library")
async def test_library_for_user_accounts_draws(play: Play) -> None:
    world = await play(accounts=1, speed=50.0)
    alice = await world.user(0)
    arguments = (world.url, alice.token, alice.channel_id, "a red fox")
    # It asks elsewhere which browser is the newest, and does without when nobody answers.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), str(SCRIPT), *arguments, env=os.environ | nowhere, stdout=PIPE, stderr=PIPE
    )
    late = asyncio.get_running_loop().call_later(60, process.kill)
    printed, complaint = await process.communicate()
    late.cancel()
    told: list[dict[str, Any]] = [json.loads(line) for line in printed.decode().splitlines()]
    assert process.returncode == 0, complaint.decode()
    heard = {each["event"]: each for each in told}
    (job,) = await world.jobs()
    assert heard["ready"] == {"event": "ready", "user": alice.id, "guilds": [alice.account["guild_id"]]}
    assert heard["interaction"] == {"event": "interaction", "id": job["interaction_id"], "successful": True}
    assert heard["message"]["id"] == job["final_id"]
    assert heard["message"]["buttons"] >= 9
    assert heard["picture"]["bytes"] > 1000
