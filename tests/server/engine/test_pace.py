"""The pace of an account: the distance between interactions, whoever sends them and however many want to at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.engine.pace import Pace
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.midjourney.custom_id import ButtonKind, parse
from mjproxy_server.model.command import Press
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot, Status
from tests.server.discord.discord_clock import VirtualClock
from tests.server.engine.engine_world import running_engine_world


class SkippingClock(VirtualClock):
    """A clock that can be moved on while some sleep and others run."""

    async def skip_if_asleep(self) -> None:
        for _ in range(10):  # Whoever has just been woken runs first.
            await asyncio.sleep(0)
        if self._sleepers:
            await self.skip()


seconds = st.integers(0, 5).map(float)


@given(st.floats(0, 10), st.lists(st.tuples(seconds, seconds), min_size=2, max_size=8))
def test_turns_keep_their_distance_and_their_order(interval: float, wishes: list[tuple[float, float]]) -> None:
    """Each wish is the time at which somebody comes, and how long the turn takes then."""

    async def turns() -> list[tuple[float, float, int]]:
        clock, taken = SkippingClock(), []
        pace = Pace(interval, clock)

        async def take(number: int, comes_at: float, lasts: float) -> None:
            await clock.sleep(comes_at)
            async with pace.turn():
                began = clock.monotonic()
                await clock.sleep(lasts)
                taken.append((began, clock.monotonic(), number))

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            takers = [group.create_task(take(number, *wish)) for number, wish in enumerate(wishes)]
            while not all(taker.done() for taker in takers):
                await clock.skip_if_asleep()
        return taken

    taken = asyncio.run(turns())
    assert len(taken) == len(wishes)
    for (_, ended, earlier), (began, _, later) in pairwise(taken):
        assert began >= ended + interval - 1e-6
        assert wishes[earlier][0] <= wishes[later][0]


async def test_interactions_of_every_kind_keep_their_distance(tmp_path: Path) -> None:
    """Tasks, the opening of a dialogue and its answer, questions to the bot, and a stop, many of them at once."""
    async with running_engine_world(tmp_path, speed=50, core_size=5, interval_seconds=0.3) as world:
        lane = world.engine.fleet.lanes[0]
        grid = await world.done(ImagineRequest("a cat"))
        syncing = asyncio.create_task(world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY))
        single = await world.done(Press(grid.id, custom_id_of(grid, ButtonKind.UPSAMPLE)))
        zoomed = asyncio.create_task(world.done(Press(single.id, custom_id_of(single, ButtonKind.CUSTOM_ZOOM))))
        drawn = asyncio.create_task(world.done(ImagineRequest("a dog")))
        (await world.control.post("/control/speed", json={"speed": 1})).raise_for_status()
        stopped = await world.submit(ImagineRequest("a bird"))
        await world.until(stopped.id, lambda known: known.trace.progress_message_id)
        await world.cancel(stopped.id)
        assert (await world.ended(stopped.id)).status is Status.CANCELLED
        (await world.control.post("/control/speed", json={"speed": 50})).raise_for_status()
        assert {(await drawn).status, (await zoomed).status} == {Status.SUCCESS}
        await syncing
        ledger = await world.ledger()
        assert {str(entry["kind"]) for entry in ledger} >= {"imagine", "info", "settings", "Cancel Job"}, ledger
        assert distances(ledger) >= 0.29


async def test_a_new_interval_holds_from_the_next_turn_on(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, interval_seconds=3600) as world:
        lane = world.engine.fleet.lanes[0]
        await world.done(ImagineRequest("a cat"))
        await world.engine.registry.update(
            lane.account.id, lambda now: replace(now, interval_seconds=0.0), restore=False
        )
        assert (await world.done(ImagineRequest("a dog"))).status is Status.SUCCESS


def custom_id_of(task: Task, kind: ButtonKind) -> str:
    assert task.result is not None, task.failure
    return next(button.custom_id for button in task.result.buttons if parse(button.custom_id).kind is kind)


def distances(ledger: list[dict[str, object]]) -> float:
    """The least distance between two interactions, in seconds."""
    times = [float(entry["time"]) for entry in ledger]  # type: ignore[arg-type]
    return min(later - earlier for earlier, later in pairwise(times))


async def test_a_pace_that_stops_lets_the_turn_end_and_gives_no_other() -> None:
    pace, taken = Pace(0.0, VirtualClock()), []

    async def take(number: int) -> None:
        async with pace.turn():
            taken.append(number)

    async with asyncio.timeout(5), pace.turn():
        waiting = [asyncio.create_task(take(number)) for number in range(2)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(pace.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
    await stopping
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not taken


async def test_a_respite_that_begins_while_somebody_waits_holds_for_them() -> None:
    clock = VirtualClock()
    pace = Pace(5.0, clock)
    async with pace.turn():
        ended_at = clock.monotonic()

    async def take() -> float:
        async with pace.turn():
            return clock.monotonic()

    taking = asyncio.create_task(take())
    await clock.until_asleep()
    pace.back_off(20.0, "Discord asks for it")
    pace.back_off(0.0, "the connection was cut")  # It is no reason to come sooner.
    while not taking.done():
        await clock.skip()
        await asyncio.sleep(0)
    assert await taking == ended_at + 20.0
