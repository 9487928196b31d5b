"""A shim of several processes: one address, one promise to its callers, and each process replaced when it dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self

import httpx
import orjson
import psutil
import pytest

from mjproxy_rest.part import Settings
from mjproxy_rest.workers import Worker, variables
from tests.rest.rest_cdn import Cdn
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer, running

NAMES = ["mjproxy rest worker 1", "mjproxy rest worker 2"]
SECONDS = 20
LIST = "POST /mj/task/list-by-ids"
IDS = b'{"ids": ["nobody-s"]}'


class Client:
    """One connection to one worker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int, worker: str, parent: int | None = None) -> Self:
        """Connects to a worker: the others are stopped for so long, so that none but it can take the connection."""
        with stopped(*(process for name, process in workers(parent).items() if name != worker)):
            client = cls(*await asyncio.open_connection("127.0.0.1", port))
            assert await client.ask("GET /healthz") == {"status": "ok"}
        return client

    async def ask(self, request: str) -> dict[str, object]:
        """Sends a request without a body; returns the answer's JSON."""
        answer: dict[str, object] = orjson.loads(await self.read(request))
        return answer

    async def read(self, request: str) -> bytes:
        """Sends a request without a body; returns the answer's body."""
        self._writer.write(f"{request} HTTP/1.1\r\nHost: shim\r\nContent-Length: 0\r\n\r\n".encode())
        return await self._answer()

    async def begin(self, request: str, length: int) -> None:
        """Sends the head of a request; returns when the worker waits for its body."""
        self._writer.write(
            f"{request} HTTP/1.1\r\nHost: shim\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        async with asyncio.timeout(SECONDS):
            assert await self._reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"

    async def end(self, body: bytes) -> bytes:
        """Sends the body of a request that has begun; returns the answer's."""
        self._writer.write(body)
        return await self._answer()

    async def _answer(self) -> bytes:
        async with asyncio.timeout(SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.startswith("http/1.1 200 "), head
            return await self._reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))

    async def progress(self, task_id: str) -> object:
        return (await self.ask(f"GET /mj/task/{task_id}/fetch"))["progress"]

    def close(self) -> None:
        self._writer.close()


def workers(parent: int | None = None) -> dict[str, psutil.Process]:
    """Returns the workers that a process has started, by default this one, by their titles.

    Only its own: below this process other shims may run, for other tests.
    """
    found = {}
    for child in psutil.Process(parent).children():
        with suppress(psutil.NoSuchProcess):
            found[" ".join(child.cmdline()).strip()] = child
    return {title: child for title, child in found.items() if title in NAMES}


@contextmanager
def stopped(*processes: psutil.Process) -> Iterator[None]:
    for process in processes:
        process.suspend()
        while process.status() != psutil.STATUS_STOPPED:
            os.sched_yield()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


@pytest.fixture
async def shim(server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    """A shim whose two workers both watch."""
    async with running_shim(f"127.0.0.1:{server.port}", rest={"workers": 2}) as client:
        await server.watched(2)
        yield client


@asynccontextmanager
async def one_client_each(shim: httpx.AsyncClient) -> AsyncIterator[tuple[Client, Client]]:
    first, second = [await Client.connect(shim.base_url.port or 0, name) for name in NAMES]
    try:
        yield first, second
    finally:
        first.close()
        second.close()


@asynccontextmanager
async def one_behind(
    server: ScriptedServer, shim: httpx.AsyncClient, ahead: int = 0
) -> AsyncIterator[tuple[Client, Client]]:
    """Yields a client of the worker `ahead`, which knows no task, and one of the other, which holds task 1 at 10 %.

    Their watches lag behind from here on, for as long as the test likes.
    """
    await server.put(running("1", 10))
    async with one_client_each(shim) as clients:
        await until_served_from_memory(server, clients[1 - ahead], "1")
        server.hold_watches()
        yield clients[ahead], clients[1 - ahead]


async def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110 - processes do not tell what becomes of them
            await asyncio.sleep(0)


async def until_replaced(server: ScriptedServer, dead: psutil.Process) -> None:
    """Returns when a worker that was told to end has ended, and another watches in its place."""
    await asyncio.to_thread(dead.wait, SECONDS)
    await until(lambda: server.calls.count("WatchTasks") == 3 and server.watchers == 2)
    assert dead not in workers().values()


async def until_served_from_memory(server: ScriptedServer, client: Client, task_id: str) -> None:
    """Returns when the client's worker holds the task, and its watch has told it of all that was before."""
    async with asyncio.timeout(SECONDS):
        while True:
            calls = len(server.calls)
            await client.progress(task_id)
            if len(server.calls) == calls:
                return


async def test_every_worker_serves_and_keeps_its_own_memory(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1", 10))
    async with one_client_each(shim) as (first, second):
        for client in (first, second):
            await until_served_from_memory(server, client, "1")
        assert server.calls.count("GetTask") == 2


@pytest.mark.parametrize("shown_by", [0, 1])
async def test_no_worker_shows_less_than_another_has_shown(
    server: ScriptedServer, shim: httpx.AsyncClient, shown_by: int
) -> None:
    async with one_behind(server, shim, ahead=shown_by) as (ahead, behind):
        await server.put(running("1", 20))
        assert await behind.progress("1") == "10%", "it cannot know"
        assert await ahead.progress("1") == "20%"
        assert await behind.progress("1") == "20%"
        await server.release_watches()
        await until_served_from_memory(server, behind, "1")
        assert await behind.progress("1") == "20%"


async def test_what_was_cancelled_by_one_worker_is_cancelled_for_all(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    async with one_behind(server, shim) as (first, second):
        await first.ask("POST /mj/task/1/cancel")
        assert (await second.ask("GET /mj/task/1/fetch"))["status"] == "CANCEL"


async def test_a_worker_that_dies_is_replaced_and_what_it_had_shown_holds(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    async with one_behind(server, shim) as (first, second):
        await server.put(running("1", 20))
        assert await first.progress("1") == "20%"
        dead = workers()[NAMES[0]]
        dead.kill()
        assert await second.progress("1") == "20%"
        assert (await shim.get("/healthz")).status_code == 200
        await server.release_watches()
        await until_replaced(server, dead)
        again = await Client.connect(shim.base_url.port or 0, NAMES[0])
        assert await again.progress("1") == "20%"
        again.close()


async def test_a_worker_that_has_not_heard_from_the_server_leaves_callers_to_the_others(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    server.hold_watches()
    dead = workers()[NAMES[0]]
    dead.kill()
    await until(lambda: server.calls.count("WatchTasks") == 3)
    assert (await shim.get("/healthz")).status_code == 200
    with stopped(workers()[NAMES[1]]):
        connecting = asyncio.create_task(Client.connect(shim.base_url.port or 0, NAMES[0]))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(connecting), 3)
        await server.release_watches()
        (await connecting).close()


async def test_a_worker_that_has_not_heard_from_the_server_ends_when_it_is_told_to(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    server.hold_watches()
    workers()[NAMES[0]].kill()
    await until(lambda: server.calls.count("WatchTasks") == 3)
    assert (await shim.get("/healthz")).status_code == 200
    told = workers()[NAMES[0]]
    told.terminate()
    await asyncio.to_thread(told.wait, SECONDS)


async def test_a_worker_that_is_told_to_end_finishes_its_request_and_is_replaced(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    async with one_client_each(shim) as (first, _):
        await first.begin(LIST, len(IDS))
        told = workers()[NAMES[0]]
        told.terminate()
        assert (await shim.get("/healthz")).status_code == 200
        assert await first.end(IDS) == b"[]"
        await until_replaced(server, told)


async def test_a_picture_whose_link_one_worker_has_shown_is_had_from_the_other(server: ScriptedServer) -> None:
    """Also when the task has a newer one by then, so that the server does not know the link any more."""
    images: dict[str, object] = {"workers": 2, "images": "proxy", "public_url": "https://mj.example"}
    async with Cdn.serve() as cdn, running_shim(f"127.0.0.1:{server.port}", rest=images) as shim:
        await server.watched(2)
        async with one_client_each(shim) as (first, second):

            async def draw(number: int) -> None:
                task = running("1", number)
                task.image_url = cdn.put(f"/a/{number}/a_grid_0.webp", b"preview %d" % number, "image/webp")
                await server.put(task)

            await draw(0)
            shown = await first.ask("GET /mj/task/1/fetch")
            await draw(1)
            link = str(shown["imageUrl"]).removeprefix("https://mj.example")
            await until_served_from_memory(server, second, "1")
            assert await second.read(f"GET {link}") == b"preview 0"


async def test_a_worker_that_is_busy_does_not_keep_callers_waiting(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    for name in NAMES:
        with stopped(workers()[name]):
            async with httpx.AsyncClient(base_url=shim.base_url, trust_env=False, timeout=SECONDS) as client:
                assert (await client.get("/healthz")).status_code == 200
    assert server.watchers == 2


@asynccontextmanager
async def shim_process(server: ScriptedServer, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a shim with two workers as a process of its own."""
    places = {"MJPROXY_REST_LISTEN": "127.0.0.1:0", "MJPROXY_GRPC_TARGET": f"127.0.0.1:{server.port}"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mjproxy_rest"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | places | environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def started(process: asyncio.subprocess.Process) -> int:
    """Waits for the ready line; returns the port."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
    return int(line.rpartition(b":")[2])


async def test_a_process_manager_may_tell_all_of_them_to_end(server: ScriptedServer) -> None:
    """As systemd does, for the whole group of processes; what is under way is not cut off by the supervisor's word."""
    async with shim_process(server) as process:
        port = await started(process)
        await server.watched(2)
        client = await Client.connect(port, NAMES[1], process.pid)
        await client.begin(LIST, len(IDS))
        both = workers(process.pid)
        for each in both.values():
            each.terminate()
        process.terminate()
        await asyncio.to_thread(both[NAMES[0]].wait, SECONDS)
        assert await client.end(IDS) == b"[]"
        assert await asyncio.wait_for(process.wait(), SECONDS) == 0
        client.close()


async def test_a_worker_that_dies_at_its_start_is_started_again(server: ScriptedServer) -> None:
    """Nobody is refused meanwhile: the first one serves."""
    async with shim_process(server) as process:
        port = await started(process)
        first = workers(process.pid)[NAMES[0]]
        await until(lambda: len(psutil.Process(process.pid).children()) == 2)
        (second,) = {*psutil.Process(process.pid).children()} - {first}
        second.kill()
        await asyncio.to_thread(second.wait, SECONDS)
        await server.watched(2)
        client = await Client.connect(port, NAMES[1], process.pid)
        client.close()
        assert first.is_running()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_the_workers_end_with_the_shim(server: ScriptedServer, end: signal.Signals) -> None:
    async with shim_process(server) as process:
        port = await started(process)
        await server.watched(2)
        both = list(workers(process.pid).values())
        assert len(both) == 2
        process.send_signal(end)
        assert await asyncio.wait_for(process.wait(), SECONDS) == (-end if end == signal.SIGKILL else 0)
        assert psutil.wait_procs(both, timeout=SECONDS)[1] == []
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_what_keeps_it_from_starting_is_told_once(server: ScriptedServer, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    async with shim_process(server, MJPROXY_REST__IMAGE_STORE=str(file)) as process:
        _, errors = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 1
    cause, end = errors.decode().splitlines()
    assert cause.startswith("Error: mjproxy rest worker 1 could not start: ")
    assert str(file) in cause
    assert end == "mjproxy_rest: mjproxy rest worker 1 could not be started: it ended with exit status 1"


def test_a_worker_reads_the_settings_of_its_shim_but_no_caller_s_key(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(
        {
            "rest_listen": "0.0.0.0:8080",
            "drain_seconds": 7,
            "grpc_target": "[::1]:9",
            "rest": {"images": "proxy", "public_url": "https://mj.example", "workers": 3},
            "discord": {"proxy": "socks5h://user:s3cret@127.0.0.1:1080"},
            "callbacks": {"secret": "whsec_" + "YWJj" * 8, "allow_hosts": ["hooks.internal", "10.0.0.0/8"]},
            "translate": {"timeout_seconds": 2.5},
            "service_key": '{"a key": "that looks like JSON"}',
            "api_secret": "a-caller-s",
            "keys": [{"name": "ann", "key": "a-caller-s", "role": "user"}],
        }
    )
    written = variables(settings)
    assert "a-caller-s" not in " ".join(written.values())
    for name, value in written.items():
        monkeypatch.setenv(name, value)
    read = Settings()
    assert read.has_keys
    unkeyed = {"api_secret": None, "keys": ()}
    assert read.model_copy(update=unkeyed) == settings.model_copy(update=unkeyed)


def test_a_worker_takes_no_settings_from_elsewhere() -> None:
    inherited = {"MJPROXY_REST__IMAGES": "proxy", "mjproxy_grpc_target": "elsewhere", "SSL_CERT_FILE": "kept"}
    environment = Worker(0, Settings(grpc_target="here:1"), 3, 4, 1.0).environment_over(inherited)
    assert environment["MJPROXY_GRPC_TARGET"] == "here:1"
    assert environment["SSL_CERT_FILE"] == "kept"
    assert not inherited.keys() & {"MJPROXY_REST__IMAGES", "mjproxy_grpc_target"} & environment.keys()


def test_settings_without_keys_stay_without() -> None:
    assert "MJPROXY_API_SECRET" not in variables(Settings())
    assert variables(Settings())["MJPROXY_KEYS"] == "[]"
