"""Tasks as they usually look, and the load that several rows share."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial, reduce

from bench.measure import Sample
from bench.processes import Running
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Fact, Finished, Progressed, Sending, Started, Taken
from mjproxy_server.model.task import Button, Picture, Result, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store import Capacity, Store, Submission, drawn_at

PROMPT = "a lighthouse in fog, long exposure, muted colours, 35 mm, grain --ar 3:2 --v 7"
ACCOUNT = "1"
JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
CDN = "https://cdn.discordapp.com/attachments/1502243953687265485"
ROOMY = Capacity(core_size=10_000_000, queue_size=0)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def new_task(task_id: str, account_id: str = ACCOUNT, notify_hook: str = "") -> Task:
    return Task(
        id=task_id,
        account_id=account_id,
        action=Action.IMAGINE,
        command=Imagine(PROMPT),
        prompt=PROMPT,
        prompt_en=PROMPT,
        description=f"/imagine {PROMPT}",
        notify_hook=notify_hook,
        submitted_at=drawn_at(task_id),
    )


def finished_task() -> Task:
    """A task that has ended well, as old as the program."""
    return reduce(transition, (*begun(0), finished(0)), new_task(f"{now_ms()}000"))


def submission(
    account_id: str = ACCOUNT, capacity: Capacity = ROOMY, notify_hook: str = "", count: int = 1
) -> Submission:
    return Submission(
        builds=(partial(new_task, account_id=account_id, notify_hook=notify_hook),) * count,
        account_id=account_id,
        capacity=capacity,
        caller="",
        request_id=None,
        digest=b"",
    )


def begun(number: int) -> tuple[Fact, ...]:
    """The facts of a job under way; the number makes its ids."""
    nonce, message = str(10**18 + number), str(2 * 10**18 + number)
    return Sending(now_ms(), nonce), Taken(now_ms(), nonce, nonce), Started(now_ms(), message, nonce)


def progressed(number: int, change: int) -> Progressed:
    """A report that changes the task, whatever came before."""
    return Progressed(now_ms(), str(2 * 10**18 + number), 31, picture(number, change))


def finished(number: int) -> Finished:
    message = str(3 * 10**18 + number)
    buttons = tuple(
        Button(
            custom_id=f"MJ::JOB::{kind}::{index}::{JOB}", emoji="", label=f"{kind[0].upper()}{index}", type=2, style=2
        )
        for kind in ("upsample", "variation")
        for index in range(1, 5)
    )
    content = f"**{PROMPT}** - <@1> (fast)"
    return Finished(now_ms(), Result(message, content, 0, "", PROMPT, picture(number, 0), JOB, buttons))


def picture(number: int, change: int) -> Picture:
    return Picture(f"{CDN}/{2 * 10**18 + number}/{change:08}.png?ex=6a20034b&is=6a1eb1cb&hm=02bb&", 1024, 1024)


async def filled(store: Store, count: int, *, ended: bool) -> list[str]:
    """Stores so many tasks that are at work, or have ended well; returns their ids."""
    ids: list[str] = []
    for first in range(0, count, 500):
        numbers = range(first, min(first + 500, count))
        tasks = (await store.submit(submission(count=len(numbers)))).tasks
        facts = [(*begun(number), finished(number)) if ended else begun(number) for number in numbers]
        await asyncio.gather(*(store.record(task.id, *what) for task, what in zip(tasks, facts, strict=True)))
        ids += [task.id for task in tasks]
    return ids


async def flooded(call: Callable[[int], Awaitable[object]], in_flight: int, seconds: float) -> tuple[int, float]:
    """Makes calls with so many under way, for some seconds; returns how many were made, and the seconds it took."""
    begin = time.perf_counter()
    end = begin + seconds

    async def caller(first: int) -> int:
        number = first
        while time.perf_counter() < end:
            await call(number)
            number += in_flight
        return (number - first) // in_flight

    counts = await asyncio.gather(*map(caller, range(in_flight)))
    return sum(counts), time.perf_counter() - begin


async def cpu_per_call(
    server: Running, call: Callable[[int], Awaitable[object]], in_flight: int, seconds: float
) -> Sample:
    """Returns the microseconds of the server's CPU that a call takes, with so many under way."""
    before = server.cpu
    count, elapsed = await flooded(call, in_flight, seconds)
    return Sample((server.cpu - before) / count * 1e6, count / elapsed)
