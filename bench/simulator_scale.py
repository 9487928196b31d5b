"""How many dispatches a second the simulator sends with 1,000 accounts connected and 5,000 jobs at work.

Every account has a gateway connection and five jobs. The jobs are taken while the simulator stands still, and are then
let go at a speed at which only its own work holds them up. The limit beside the figure is taken in the same run: a bare
WebSocket server that sends the very same frames to as many connections, and does nothing else.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect

ACCOUNTS = int(os.environ.get("ACCOUNTS", "1000"))
JOBS_OF_ONE = 5
AT_ONCE = 20
HASTE = 10_000
LIFELIKE_SECONDS = 26.0

COMMAND = {"id": "938956540159881230", "version": "1237876415471554623", "name": "imagine", "type": 1}
BARE_SERVER = """
import asyncio, json, sys
from websockets.asyncio.server import serve

async def answer(socket):
    frames = json.loads(await socket.recv())
    await socket.recv()
    for frame in frames:
        await socket.send(frame)
    await socket.wait_closed()

async def main():
    async with serve(answer, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def main() -> None:
    _allow_files(ACCOUNTS + 200)
    async with simulator() as (process, url), httpx.AsyncClient(base_url=url, trust_env=False, timeout=120) as http:
        accounts = (await http.get("/control/accounts")).json()
        async with contextlib.AsyncExitStack() as stack:
            begun = time.monotonic()
            sockets = await connected(stack, url.replace("http", "ws") + "/?encoding=json&v=9")
            sessions = [await identify(*pair) for pair in zip(sockets, accounts, strict=True)]
            print(f"{len(sockets)} accounts connected in {time.monotonic() - begun:.1f} s")
            await http.post("/control/pause")
            await submit(http, accounts, sessions)
            megabytes = psutil.Process(process.pid).memory_info().rss / 2**20
            await http.post("/control/speed", json={"speed": HASTE})
            begun = time.monotonic()
            await http.post("/control/resume")
            told = await asyncio.gather(*(until_finished(socket) for socket in sockets))
            seconds = time.monotonic() - begun
            peak = max(megabytes, psutil.Process(process.pid).memory_info().rss / 2**20)
    ours = sum(map(len, told)) / seconds
    bare = await bare_rate(told)
    needed = sum(map(len, told)) / LIFELIKE_SECONDS
    print(f"{ACCOUNTS * JOBS_OF_ONE} jobs at work, {sum(map(len, told))} dispatches in {seconds:.1f} s")
    print(f"dispatches a second {ours:7.0f}   life-like {needed:5.0f}   bare server {bare:7.0f}")
    print(f"ratio to the bare server {ours / bare:.2f}")
    print(f"memory       {peak:7.0f} MB   per job {peak * 1024 / (ACCOUNTS * JOBS_OF_ONE):6.1f} KB")


@contextlib.asynccontextmanager
async def simulator() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Runs a simulator in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MJPROXY_DATA": folder,
            "MJPROXY_SIMULATOR_LISTEN": "127.0.0.1:0",
            "MJPROXY_SIMULATOR__ACCOUNTS": str(ACCOUNTS),
            "MJPROXY_SIMULATOR__LIMITS__HEARTBEAT_INTERVAL": "600",
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
            yield process, line.strip().partition("=")[2]
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def connected(stack: contextlib.AsyncExitStack, url: str) -> list[ClientConnection]:
    """Opens as many connections as there are accounts."""
    options = {"compression": None, "ping_interval": None, "max_size": None, "proxy": None, "max_queue": None}
    sockets: list[ClientConnection] = []
    for _ in range(0, ACCOUNTS, AT_ONCE):
        opened = await asyncio.gather(*(connect(url, **options) for _ in range(AT_ONCE)))  # type: ignore[arg-type]
        for socket in opened:
            stack.push_async_callback(socket.close)
        sockets += opened
    return sockets


async def identify(socket: ClientConnection, account: dict[str, str]) -> str:
    """Opens a session; returns its id."""
    await socket.send(json.dumps({"op": 2, "d": {"token": account["user_token"], "capabilities": 16381}}))
    while b"READY" not in (frame := await socket.recv(decode=False)):
        pass
    return frame.partition(b'"session_id":"')[2].partition(b'"')[0].decode()


async def submit(http: httpx.AsyncClient, accounts: list[dict[str, str]], sessions: list[str]) -> None:
    """Has the jobs of all accounts taken."""
    begun = time.monotonic()
    turns = asyncio.Semaphore(AT_ONCE)

    async def imagine(account: dict[str, str], session_id: str, number: int) -> None:
        data = COMMAND | {"options": [{"type": 3, "name": "prompt", "value": f"a cat with {number} hats"}]}
        body = {"type": 2, "application_id": account["bot"], "session_id": session_id, "nonce": str(number)}
        place = {"guild_id": account["guild_id"], "channel_id": account["channel_id"], "data": data}
        async with turns:
            headers = {"Authorization": account["user_token"]}
            answer = await http.post("/api/v9/interactions", headers=headers, json=body | place)
        assert answer.status_code == 204, answer.text

    pairs = list(zip(accounts, sessions, strict=True))
    await asyncio.gather(*(imagine(*pair, number) for pair in pairs for number in range(JOBS_OF_ONE)))
    seconds = time.monotonic() - begun
    print(
        f"{len(pairs) * JOBS_OF_ONE} interactions taken in {seconds:.1f} s: {len(pairs) * JOBS_OF_ONE / seconds:.0f}/s"
    )


async def until_finished(socket: ClientConnection) -> list[bytes]:
    """Returns what is told of an account's jobs until the last of them has a result."""
    frames: list[bytes] = []
    finished = 0
    while finished < JOBS_OF_ONE:
        frame = await socket.recv(decode=False)
        if b'"MESSAGE_' in frame[:64]:
            frames.append(frame)
            finished += b"upsample" in frame and b'"t":"MESSAGE_CREATE"' in frame[:64]
    return frames


async def bare_rate(told: list[list[bytes]]) -> float:
    """Returns how many frames a second a bare server sends when they are the very same."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BARE_SERVER, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        async with contextlib.AsyncExitStack() as stack:
            sockets = await connected(stack, f"ws://127.0.0.1:{port}")
            for socket, frames in zip(sockets, told, strict=True):
                await socket.send(f"[{','.join(quoted(frame) for frame in frames)}]")
            begun = time.monotonic()
            await asyncio.gather(*(exchange(socket, len(frames)) for socket, frames in zip(sockets, told, strict=True)))
            return sum(map(len, told)) / (time.monotonic() - begun)
    finally:
        process.kill()
        await process.wait()


async def exchange(socket: ClientConnection, count: int) -> None:
    await socket.send("go")
    for _ in range(count):
        await socket.recv(decode=False)


def quoted(frame: bytes) -> str:
    return orjson.dumps(frame.decode()).decode()


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


if __name__ == "__main__":
    asyncio.run(main())
