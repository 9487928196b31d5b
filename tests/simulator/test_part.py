"""The simulator as a process: its settings, its start, its end, and what is there afterwards."""

import asyncio
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from mjproxy_simulator.part import NAME, Settings, running, serve
from tests.simulator.discord_user import custom_id
from tests.simulator.simulated_world import Play, World


@asynccontextmanager
async def process(folder: Path, **variables: str) -> AsyncIterator[Process]:
    """Run `python -m mjproxy_simulator`; it is killed in the end, if it has not ended."""
    environment = os.environ | {f"MJPROXY_{name}": value for name, value in variables.items()}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mjproxy_simulator", env=environment, cwd=folder, stdout=PIPE, stderr=PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def url_of(started: Process) -> str:
    assert started.stdout is not None
    async with asyncio.timeout(10):
        line = (await started.stdout.readline()).decode()
    assert line.startswith(f"ready {NAME}=http://127.0.0.1:")
    return line.strip().partition("=")[2]


def test_environment_wins_and_other_parts_do_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_SPEED", "7")
    monkeypatch.setenv("MJPROXY_SIMULATOR__PROFILE", "2023")
    monkeypatch.setenv("MJPROXY_REST_LISTEN", "127.0.0.1:1")
    settings = Settings.model_validate({"speed": 3, "data": "there"})
    assert (settings.speed, settings.data, settings.simulator.profile) == (7, Path("there"), 2023)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"speeed": 2}, "speeed"),
        ({"speed": 0}, "speed"),
        ({"simulator_listen": "8090"}, "HOST:PORT"),
        ({"simulator_listen": "127.0.0.1:70000"}, "HOST:PORT"),
        ({"simulator": {"profile": 2024}}, "profile"),
        ({"simulator": {"acounts": 3}}, "acounts"),
        ({"simulator": {"limits": {"frames": 3}}}, "frames"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        Settings.model_validate(given)


def test_help_is_printed_and_nothing_is_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mjproxy_simulator", "--help"]
    told = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path, timeout=30).stdout.decode()
    assert told.startswith("usage: python -m mjproxy_simulator")
    assert "MJPROXY_SIMULATOR_LISTEN" in told
    assert list(tmp_path.iterdir()) == []


async def test_terminated_simulator_says_goodbye_to_its_clients_and_ends_quietly(tmp_path: Path) -> None:
    async with process(tmp_path, SIMULATOR_LISTEN="127.0.0.1:0") as started:
        async with World.visiting(await url_of(started)) as world, (await world.user(0)).session() as gateway:
            started.terminate()
            assert await gateway.close_code() == 1012
        _, log = await started.communicate()
    assert started.returncode == 0
    assert "Traceback" not in log.decode()


async def test_folder_is_private(tmp_path: Path) -> None:
    async with running(Settings(data=tmp_path / "data", simulator_listen="127.0.0.1:0")):
        assert stat.S_IMODE((tmp_path / "data" / "simulator").stat().st_mode) == 0o700


async def test_port_in_use_is_refused_with_advice(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        address = f"127.0.0.1:{occupied.getsockname()[1]}"
        settings = Settings(data=tmp_path, simulator_listen=address)
        with pytest.raises(OSError, match=rf"cannot listen on {address}.*simulator_listen"):
            await running(settings).__aenter__()
        async with process(tmp_path, SIMULATOR_LISTEN=address) as started:
            _, complaint = await started.communicate()
    assert started.returncode == 1
    assert complaint.decode().startswith("mjproxy simulator: ")
    assert "Traceback" not in complaint.decode()


async def test_setting_that_makes_no_sense_is_named_by_the_process(tmp_path: Path) -> None:
    async with process(tmp_path, SIMULATOR__ACOUNTS="3") as started:
        _, complaint = await started.communicate()
    assert started.returncode == 1
    assert complaint == b"mjproxy simulator: simulator.acounts: Extra inputs are not permitted\n"


async def test_process_says_when_it_is_ready_and_ends_when_asked(tmp_path: Path) -> None:
    async with process(tmp_path, SIMULATOR_LISTEN="127.0.0.1:0") as started:
        await url_of(started)
        started.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            rest, _ = await started.communicate()
    assert started.returncode == 0
    assert rest == b""


async def test_task_of_yesterday_can_be_upscaled_today(play: Play) -> None:
    world = await play(profile=2023)
    alice = await world.user(0)
    async with alice.session():
        grid = await alice.imagine("a cat")
        picture = await alice.download(grid)
    await world.close()
    today = await play(profile=2023)
    alice = await today.user(0)
    async with alice.session():
        (kept,) = await alice.history()
        await alice.taken(alice.press(kept, custom_id(kept, "U4")))
        await alice.gateway.event("MESSAGE_CREATE")
        single = await alice.result()
    assert [job["kind"] for job in await today.jobs()] == ["imagine", "upscale"]
    assert single["message_reference"]["message_id"] == grid["id"] == kept["id"]
    assert await alice.download(kept) == picture


async def test_job_goes_on_when_the_simulator_was_killed(tmp_path: Path, play: Play) -> None:
    variables = {"SIMULATOR_LISTEN": "127.0.0.1:0", "DATA": str(tmp_path), "SPEED": "20"}
    async with (
        process(tmp_path, SIMULATOR__CONCURRENCY="1", **variables) as started,
        World.visiting(await url_of(started)) as world,
    ):
        alice = await world.user(0)
        async with alice.session():
            await alice.taken(alice.command("a cat"))
            await alice.taken(alice.command("a dog"))
            start = await alice.gateway.event("MESSAGE_CREATE", lambda message: "cat" in message["content"])
            await alice.gateway.event("MESSAGE_UPDATE")
            started.kill()
            assert await alice.gateway.close_code() is None
    alice = await (await play(concurrency=1, speed=20.0)).user(0)
    async with alice.session():
        finals = [await alice.result() for _ in range(2)]
    assert finals[0]["message_reference"]["message_id"] == start["id"]
    assert ["a cat" in finals[0]["content"], "a dog" in finals[1]["content"]] == [True, True]


async def test_job_ends_unheard_when_its_account_is_gone(play: Play) -> None:
    world = await play(speed=0.001)
    alice = await world.user(0)
    await alice.taken(alice.command("a cat"))
    await world.close()
    elsewhere = await play(seed="another", speed=500.0)
    bruno = await elsewhere.user(1)
    async with bruno.session():
        assert await bruno.imagine("a dog")
    statuses = {str(job["prompt"]): job["status"] for job in (await elsewhere.http.get("/control/jobs")).json()}
    assert statuses == {"a cat --v 7.0": "finished", "a dog --v 7.0": "finished"}


async def test_bot_that_fails_ends_the_simulator(play: Play, tmp_path: Path) -> None:
    world = await play(speed=0.001)
    alice = await world.user(0)
    async with alice.session():
        await alice.taken(alice.command("a cat"))
        await alice.gateway.event("MESSAGE_CREATE")
    await world.close()
    with closing(sqlite3.connect(tmp_path / "simulator" / "simulator.sqlite3", isolation_level=None)) as database:
        database.execute("UPDATE messages SET record = '{}'")
    settings = Settings(data=tmp_path, simulator_listen="127.0.0.1:0", speed=1000.0)
    with pytest.raises(ExceptionGroup) as failure:
        await serve(settings, lambda _: None)
    assert failure.group_contains(ValidationError)


def test_painter_is_not_loaded_before_a_picture_is_asked_for(tmp_path: Path) -> None:
    code = "import sys, mjproxy_simulator.simulator; print({'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
