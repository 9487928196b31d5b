"""The npm package `midjourney`, which nobody here wrote, uses the simulator as if it were Discord."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any, Final

import pytest

from tests.simulator.simulated_world import Play, World

Json = dict[str, Any]

VERSION: Final = "4.3.18"
TOOLS: Final = Path(__file__).parents[3] / ".tools"
SCRIPT: Final = Path(__file__).with_name("midjourney_client.js")
STEPS: Final = (
    "settings",
    "info",
    "imagine",
    "upscale",
    "variation",
    "reroll",
    "custom zoom",
    "describe",
    "shorten",
)


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder into which the package is installed; it stays there for the next run."""
    folder = TOOLS / f"midjourney-{VERSION}"
    if not (folder / "node_modules" / "midjourney").is_dir():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _do_without("there is no npm or no node to run the package midjourney with")
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(folder)]
    command.append(f"midjourney@{VERSION}")
    installed = subprocess.run(command, capture_output=True, check=False, text=True, timeout=100)
    if installed.returncode != 0:
        shutil.rmtree(folder)
        _do_without(f"npm cannot install the package midjourney: {installed.stderr.strip()[:300]}")


def _do_without(reason: str) -> None:
    if os.environ.get("MJPROXY_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def world(play: Play, request: pytest.FixtureRequest) -> World:
    """A simulator in which a grid takes a second: the package waits 0.3 s after each result as it is.

    It has one bot, since of two commands of one name the package calls the last, and hears Midjourney alone. The bot
    takes its time to answer, since the package listens only after the answer to its request. The package names a
    session of its own making, as was good enough in its days.
    """
    limits = {"strict_sessions": False}
    return await play(accounts=1, bots=["midjourney"], profile=request.param, limits=limits, speed=25.0)


@pytest.mark.parametrize("world", [2023, 2026], indirect=True)
async def test_package_midjourney_gets_all_that_it_asks_for(package: Path, world: World) -> None:
    alice = await world.user(0)
    options = {
        "ServerId": alice.account["guild_id"],
        "ChannelId": alice.channel_id,
        "SalaiToken": alice.token,
        "DiscordBaseUrl": world.url,
        "WsBaseUrl": f"{world.url.replace('http', 'ws')}/?encoding=json&v=9",
        "Ws": True,
        "ApiInterval": 1,
    }
    done = await _run(package, options)
    assert tuple(done) == STEPS
    _check_texts(done)
    await _check_pictures(done, world)
    kinds = [entry["kind"] for entry in await world.ledger()]
    assert kinds[:4] == ["settings", "settings", "info", "imagine"]
    assert all(entry["status"] == 204 and entry["refused"] is None for entry in await world.ledger())


def _check_texts(done: dict[str, Json]) -> None:
    labels = [option.get("label") for option in done["settings"]["result"]["options"]]
    assert "Remix mode" in labels
    assert done["info"]["result"]["subscription"]
    assert done["info"]["result"]["fastTimeRemaining"]
    assert len(done["describe"]["result"]["descriptions"]) == 4
    assert done["shorten"]["result"]["prompts"]


async def _check_pictures(done: dict[str, Json], world: World) -> None:
    jobs = {job["id"]: job for job in await world.jobs()}
    grid = jobs[done["imagine"]["result"]["hash"]]
    assert any(re.fullmatch(r"\d+%", each["percent"]) for each in done["imagine"]["progress"])
    for step, kind, index in (("upscale", "upscale", 2), ("variation", "variation", 3), ("reroll", "reroll", 0)):
        job = jobs[done[step]["result"]["hash"]]
        assert (job["kind"], job["index"], job["parent"]) == (kind, index, grid["id"])
    zoomed = jobs[done["custom zoom"]["result"]["hash"]]
    assert zoomed["parent"] == done["upscale"]["result"]["hash"]


async def _run(package: Path, options: Json) -> dict[str, Json]:
    """Run the script to its end; return its lines by step."""
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), str(package), json.dumps(options), stdout=PIPE, stderr=PIPE
    )
    late = asyncio.get_running_loop().call_later(60, process.kill)
    printed, complaint = await process.communicate()
    late.cancel()
    told = (line for line in printed.decode().splitlines() if line.startswith('{"step"'))
    lines = {line["step"]: line for line in map(json.loads, told)}
    assert process.returncode == 0, f"after {tuple(lines)}: {complaint.decode()}"
    return lines
