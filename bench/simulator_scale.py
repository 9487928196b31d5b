"""Whether one simulator carries 1,000 connected accounts with 5,000 jobs at work, and what that costs.

Every account has a gateway connection and five jobs at work. The simulator runs in a process of its own, and the load
comes from this one, so that processor time and memory are those of the simulator alone. Two things are measured:

- *Flat out*: the jobs are taken while the simulator stands still, and are then let go at a speed at which only its own
  work holds them up. It has to send more dispatches a second than the jobs need at the pace of life.
- *At the pace of life*: the accounts begin one after the other, and ask for a new job whenever one has ended. What is
  told of a job has to arrive when its timeline wants it: so long after the interaction was taken, which its id tells.

The environment makes it smaller: ACCOUNTS, SPEED (how many times faster than in life), and SECONDS of measuring.
"""

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

import httpx
import psutil
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from mjproxy_simulator.bot.timeline import timeline
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.model.snowflakes import created_ms

ACCOUNTS: Final = int(os.environ.get("ACCOUNTS", "1000"))
SPEED: Final = float(os.environ.get("SPEED", "1"))
SECONDS: Final = float(os.environ.get("SECONDS", "30"))
JOBS_OF_ONE: Final = 5
AT_ONCE: Final = 20
HASTE: Final = 10_000
SECONDS_OF_A_JOB: Final = 26.0
DISPATCHES_OF_A_JOB: Final = 8
BOT_LATENCY: Final = 0.1
NEEDED: Final = ACCOUNTS * JOBS_OF_ONE * DISPATCHES_OF_A_JOB / SECONDS_OF_A_JOB * SPEED

COMMAND: Final = {"id": "938956540159881230", "version": "1237876415471554623", "name": "imagine", "type": 1}
PROMPT: Final = re.compile(rb"a cat with (\d+) hats")
RESULT: Final = re.compile(rb"MJ::JOB::upsample::1::([0-9a-f-]{36})")
INTERACTION: Final = re.compile(rb'"interaction_metadata":\{"id":"(\d+)"')


async def main() -> None:
    _allow_files(ACCOUNTS + 200)
    async with contextlib.AsyncExitStack() as stack:
        process, url = await stack.enter_async_context(simulator())
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=120))
        print(f"memory at first      {megabytes(process):7.0f} MB")
        begun = time.monotonic()
        interactions = Interactions(url)
        artists = await arrived(stack, http, interactions)
        print(f"{len(artists)} accounts connected in {time.monotonic() - begun:.1f} s")
        print(f"memory when all came {megabytes(process):7.0f} MB")
        async with interactions.opened():
            await flat_out(process, http, artists)
        print(f"memory thereafter    {megabytes(process):7.0f} MB")
        async with interactions.opened():
            await at_the_pace_of_life(process, http, artists)
        print(f"memory thereafter    {megabytes(process):7.0f} MB")


async def flat_out(process: psutil.Process, http: httpx.AsyncClient, artists: list["Artist"]) -> None:
    """Play five jobs of each account at once, and print how many dispatches a second that gives."""
    await http.post("/control/pause")
    await http.post("/control/speed", json={"speed": HASTE})
    begun = time.monotonic()
    await asyncio.gather(*(artist.imagine() for artist in artists for _ in range(JOBS_OF_ONE)))
    seconds = time.monotonic() - begun
    print(f"{len(artists) * JOBS_OF_ONE} jobs taken in {seconds:.1f} s: {len(artists) * JOBS_OF_ONE / seconds:.0f}/s")
    with measured("flat out", process, artists) as measurement:
        await http.post("/control/resume")
        await asyncio.gather(*(artist.result() for artist in artists for _ in range(JOBS_OF_ONE)))
    print(f"needed at the pace of life {NEEDED:7.0f}/s, ratio {measurement.rate / NEEDED:.2f}")


async def at_the_pace_of_life(process: psutil.Process, http: httpx.AsyncClient, artists: list["Artist"]) -> None:
    """Keep five jobs of each account at work, and print how late is what is told of them."""
    await http.post("/control/speed", json={"speed": SPEED})
    for artist in artists:
        artist.forget()
    seats = [artist for _ in range(JOBS_OF_ONE) for artist in artists]
    stagger = SECONDS_OF_A_JOB / SPEED / len(seats)
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(artist.work(number * stagger)) for number, artist in enumerate(seats)]
        await asyncio.sleep(SECONDS_OF_A_JOB / SPEED + 1)
        with measured("at the pace of life", process, artists):
            await asyncio.sleep(SECONDS)
        for task in working:
            task.cancel()
    late = [1000 * each for artist in artists for each in artist.lateness()]
    centiles = statistics.quantiles(late, n=100)
    print(f"dispatches late by {centiles[49]:.0f} ms (p50), {centiles[98]:.0f} ms (p99), {max(late):.0f} ms at most")


@dataclass
class Measurement:
    """What was measured; the rate is in dispatches a second."""

    rate: float = 0.0


@contextlib.contextmanager
def measured(name: str, process: psutil.Process, artists: list["Artist"]) -> Iterator[Measurement]:
    """Measure and print how many dispatches come while the context is open, and what they cost the simulator."""
    measurement = Measurement()
    heard, spent, begun = sum(artist.heard for artist in artists), _processor_seconds(process), time.monotonic()
    yield measurement
    seconds = time.monotonic() - begun
    spent, heard = _processor_seconds(process) - spent, sum(artist.heard for artist in artists) - heard
    measurement.rate = heard / seconds
    print(
        f"{name}: {heard} dispatches in {seconds:.1f} s: {measurement.rate:.0f}/s;"
        f" processor {spent / seconds:.0%}, {1000 * spent / heard:.3f} s per 1000"
    )


class Artist:
    """An account with a session, which notes what it is told of its jobs, and when."""

    def __init__(
        self, interactions: "Interactions", account: dict[str, str], socket: ClientConnection, session_id: str
    ) -> None:
        self.heard = 0
        self._interactions = interactions
        self._account = account
        self._socket = socket
        self._session_id = session_id
        self._asked = 0
        self._results = asyncio.Semaphore(0)
        self.forget()

    @classmethod
    async def identified(
        cls, interactions: "Interactions", account: dict[str, str], socket: ClientConnection
    ) -> "Artist":
        """Open a session."""
        await socket.send(json.dumps({"op": 2, "d": {"token": account["user_token"], "capabilities": 16381}}))
        while b'"READY"' not in (frame := await socket.recv(decode=False)):
            pass
        return cls(interactions, account, socket, frame.partition(b'"session_id":"')[2].partition(b'"')[0].decode())

    def forget(self) -> None:
        """Forget all jobs."""
        self._told: defaultdict[bytes, list[float]] = defaultdict(list)
        self._done: list[tuple[str, float, list[float]]] = []

    async def imagine(self) -> None:
        """Ask for a job."""
        self._asked += 1
        account = self._account
        data = COMMAND | {"options": [{"type": 3, "name": "prompt", "value": f"a cat with {self._asked} hats"}]}
        body = {"type": 2, "application_id": account["bot"], "session_id": self._session_id, "nonce": str(self._asked)}
        place = {"guild_id": account["guild_id"], "channel_id": account["channel_id"], "data": data}
        await self._interactions.post(self._account["user_token"], body | place)

    async def result(self) -> None:
        """Wait for the result of a job."""
        await self._results.acquire()

    async def work(self, delay: float) -> None:
        """Ask for one job after the other, the first one after a delay in seconds."""
        await asyncio.sleep(delay)
        while True:
            await self.imagine()
            await self.result()

    async def listen(self) -> None:
        """Hear what is told until the socket is closed."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._hear(await self._socket.recv(decode=False), time.time())

    def _hear(self, frame: bytes, now: float) -> None:
        if b'"MESSAGE_' not in frame[:64] or (prompt := PROMPT.search(frame)) is None:
            return
        self.heard += 1
        self._told[prompt[0]].append(now)
        interaction, result = INTERACTION.search(frame), RESULT.search(frame)
        if interaction and result:  # A result repeats the message that it answers, and with it the interaction.
            self._done.append((result[1].decode(), created_ms(int(interaction[1])) / 1000, self._told.pop(prompt[0])))
            self._results.release()

    def lateness(self) -> Iterator[float]:
        """Yield by how many seconds each dispatch about a job that is done came too late."""
        for job_id, taken, told in self._done:
            for due, time_told in zip(_due_times(job_id), told, strict=True):
                yield time_told - (taken + BOT_LATENCY + due / SPEED)


class Interactions:
    """Posts interactions on a few connections, with less work than a full HTTP client takes: the load has to be light.

    Args:
        url: The simulator's.
    """

    def __init__(self, url: str) -> None:
        self._host = url.removeprefix("http://")
        self._idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep the connections open; they are closed by the simulator when they are not used for a minute."""
        host, _, port = self._host.partition(":")
        for _ in range(AT_ONCE):
            self._idle.put_nowait(await asyncio.open_connection(host, int(port)))
        yield
        while not self._idle.empty():
            _, writer = self._idle.get_nowait()
            writer.close()

    async def post(self, token: str, body: dict[str, object]) -> None:
        """Post one, which has to be taken."""
        content = json.dumps(body).encode()
        headers = f"Host: {self._host}\r\nAuthorization: {token}\r\nContent-Length: {len(content)}"
        reader, writer = await self._idle.get()
        writer.write(f"POST /api/v9/interactions HTTP/1.1\r\n{headers}\r\n\r\n".encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 204"), answer
        self._idle.put_nowait((reader, writer))


def _due_times(job_id: str) -> Iterator[float]:
    """Yield when the steps of a job are due, in seconds of life after its beginning."""
    job = Job(job_id, 1, Kind.IMAGINE, 1, 1, Profile.OF_2026, "a cat", "fast", 1, (1, 1), Invocation(1, 2, 1), 0)
    return accumulate(beat.delay for beat in timeline(job))


@contextlib.asynccontextmanager
async def simulator() -> AsyncIterator[tuple[psutil.Process, str]]:
    """Run a simulator in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MJPROXY_DATA": folder,
            "MJPROXY_SIMULATOR_LISTEN": "127.0.0.1:0",
            "MJPROXY_SIMULATOR__ACCOUNTS": str(ACCOUNTS),
            "MJPROXY_SIMULATOR__LIMITS__HEARTBEAT_INTERVAL": "600",
            "MJPROXY_SIMULATOR__LIMITS__BOT_LATENCY": str(BOT_LATENCY),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mjproxy_simulator"),
            env=os.environ | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=(Path(folder) / "log").open("wb"),
        )
        try:
            assert process.stdout is not None
            line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
            yield psutil.Process(process.pid), line.strip().partition("=")[2]
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def arrived(
    stack: contextlib.AsyncExitStack, http: httpx.AsyncClient, interactions: Interactions
) -> list[Artist]:
    """Open a session of each account; it listens until the stack is closed."""
    accounts = (await http.get("/control/accounts")).json()
    url = str(http.base_url).replace("http", "ws", 1) + "?encoding=json&v=9"
    listeners = await stack.enter_async_context(asyncio.TaskGroup())
    artists: list[Artist] = []
    for account in accounts:
        socket = await connect(url, compression=None, ping_interval=None, max_size=None, proxy=None, max_queue=None)
        stack.push_async_callback(socket.close)
        artists.append(await Artist.identified(interactions, account, socket))
        listeners.create_task(artists[-1].listen())
    return artists


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


if __name__ == "__main__":
    uvloop.run(main())
