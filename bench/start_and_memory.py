"""How long `mjproxy up` takes until it answers, and what its parts hold in memory when idle.

The limit beside each figure is taken in the same run: a bare interpreter that does nothing but import the libraries
which the part cannot do without. What is above it is ours.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time

import psutil

ROUNDS = 3
AIM_SECONDS = 3.0
AIM_MB = 90
PARTS = {"server": "mjproxy server", "rest": "mjproxy rest worker 1"}
"""The processes whose memory is told, by their titles: of the shim's, one of those that serve."""
LIBRARIES = {
    "server": "grpc.aio, grpc_status, httpx, websockets, msgspec, orjson, pydantic_settings, uvloop",
    "rest": "grpc.aio, grpc_status, starlette.applications, uvicorn, httptools, orjson, pydantic_settings, uvloop",
}


async def main() -> None:
    starts: list[float] = []
    memory: dict[str, list[float]] = {"server": [], "rest": []}
    with tempfile.TemporaryDirectory() as data:
        for _ in range(ROUNDS + 1):
            seconds, held = await started_once(data)
            starts.append(seconds)
            for part, megabytes in held.items():
                memory[part].append(megabytes)
    warm = statistics.median(starts[1:])
    bare = statistics.median([await import_seconds() for _ in range(ROUNDS)])
    print(row("warm start to ready", warm, AIM_SECONDS, bare, "s"))
    for part, taken in memory.items():
        print(row(f"idle memory, {part}", statistics.median(taken), AIM_MB, await import_megabytes(part), "MB"))


def row(name: str, ours: float, aim: float, limit: float, unit: str) -> str:
    """Returns one line of the table."""
    return f"{name:22} {ours:7.2f} {unit:2}   aim {aim:3.0f}   bare imports {limit:6.2f}   ratio {ours / limit:.2f}"


async def started_once(data: str) -> tuple[float, dict[str, float]]:
    """Starts the service, and returns the seconds until it answered and the megabytes of its parts."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MJPROXY_")}
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mjproxy", "up", "--data", data),
        *("--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--simulator", "127.0.0.1:0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        cwd=data,
    )
    try:
        assert process.stdout is not None
        assert (await asyncio.wait_for(process.stdout.readline(), 60)).startswith(b"ready ")
        seconds = time.monotonic() - begun
        children = psutil.Process(process.pid).children(recursive=True)
        titles = {" ".join(child.cmdline()).strip(): child for child in children}
        held = {part: titles[title].memory_info().rss / 2**20 for part, title in PARTS.items()}
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
    return seconds, held


async def import_seconds() -> float:
    """Returns how long the bare imports of both parts take, one after the other as the parts start."""
    begun = time.monotonic()
    for libraries in LIBRARIES.values():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"import {libraries}")
        await process.wait()
    return time.monotonic() - begun


async def import_megabytes(part: str) -> float:
    """Returns what a bare interpreter with the part's libraries holds."""
    program = f"import {LIBRARIES[part]}, psutil; print(psutil.Process().memory_info().rss)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return int(out) / 2**20


if __name__ == "__main__":
    asyncio.run(main())
