"""Durable submissions with 64 in flight, against one flush to the disk after the other, in the same run.

    python bench/store_submits.py [--seconds 3] [--rounds 3] [--folder DIR]

The second figure is what a store without group commit could do at most. The folder's disk decides both.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import uvloop

from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store import Capacity, SqliteStore, Submission, drawn_at, open_store

IN_FLIGHT = 64
# Each account takes few tasks, as in a real pool: the count of its queue is part of the cost.
PER_ACCOUNT = 15
PROMPT = "a lighthouse in fog, long exposure, muted colours, 35 mm, grain " * 3


def flushes_per_second(folder: Path, seconds: float) -> float:
    """Appends 4 KiB and flushes, again and again."""
    page = os.urandom(4096)
    with (folder / "raw").open("wb", buffering=0) as file:
        begin = time.perf_counter()
        done = 0
        while time.perf_counter() - begin < seconds:
            file.write(page)
            os.fdatasync(file.fileno())
            done += 1
        return done / (time.perf_counter() - begin)


async def submits_per_second(folder: Path, seconds: float) -> tuple[float, float]:
    """Submits with 64 callers at once; returns the rate and the 99th percentile of the latency in milliseconds."""
    store = await open_store(folder, now=lambda: time.time_ns() // 1_000_000)
    numbers = count()
    begin = time.perf_counter()
    callers = (_submit_until(store, numbers, begin + seconds) for _ in range(IN_FLIGHT))
    latencies = [latency for caller in await asyncio.gather(*callers) for latency in caller]
    elapsed = time.perf_counter() - begin
    await store.close()
    return len(latencies) / elapsed, statistics.quantiles(latencies, n=100)[-1] * 1000


async def _submit_until(store: SqliteStore, numbers: Iterator[int], end: float) -> list[float]:
    latencies: list[float] = []
    while (begin := time.perf_counter()) < end:
        await store.submit(_submission(next(numbers)))
        latencies.append(time.perf_counter() - begin)
    return latencies


def _submission(number: int) -> Submission:
    account_id = str(number // PER_ACCOUNT)

    def build(task_id: str) -> Task:
        return Task(
            id=task_id,
            account_id=account_id,
            action=Action.IMAGINE,
            command=Imagine(PROMPT),
            prompt=PROMPT,
            prompt_en=PROMPT,
            description=f"/imagine {PROMPT}",
            submitted_at=drawn_at(task_id),
        )

    return Submission(
        builds=(build,),
        account_id=account_id,
        capacity=Capacity(core_size=5, queue_size=10),
        caller="bench",
        request_id=None,
        digest=b"digest",
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=3.0, help="how long each measurement takes")
    arguments.add_argument("--rounds", type=int, default=3, help="how often both are measured")
    arguments.add_argument("--folder", type=Path, help="a folder on the disk to measure; by default the temporary one")
    options = arguments.parse_args()
    ratios: list[float] = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            flushes = flushes_per_second(Path(name), options.seconds)
            submits, p99 = uvloop.run(submits_per_second(Path(name) / "store", options.seconds))
        ratios.append(submits / flushes)
        print(f"{flushes:8.0f} flushes/s  {submits:8.0f} submits/s (p99 {p99:.1f} ms)  ratio {ratios[-1]:.1f}")
    print(f"median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
