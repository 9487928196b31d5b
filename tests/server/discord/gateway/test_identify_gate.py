import asyncio

from mjproxy_server.discord.gateway.identify_gate import IDENTIFY_INTERVAL, IdentifyGate
from tests.server.discord.discord_clock import VirtualClock


async def test_callers_pass_more_than_five_seconds_apart_in_their_order(clock: VirtualClock) -> None:
    gate = IdentifyGate(clock)
    passed: list[tuple[str, float]] = []

    async def caller(name: str) -> None:
        await gate.turn()
        passed.append((name, clock.monotonic()))

    start = clock.monotonic()
    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(caller(name))
        assert await clock.skip() == IDENTIFY_INTERVAL
        assert await clock.skip() == IDENTIFY_INTERVAL
    assert passed == [("a", start), ("b", start + IDENTIFY_INTERVAL), ("c", start + 2 * IDENTIFY_INTERVAL)]


async def test_the_first_waits_until_the_gate_opens(clock: VirtualClock) -> None:
    waiting = asyncio.create_task(IdentifyGate(clock, clock.monotonic() + 3).turn())
    assert await clock.skip() == 3
    await asyncio.wait_for(waiting, 1)


async def test_caller_that_gives_up_does_not_hold_up_the_next(clock: VirtualClock) -> None:
    gate = IdentifyGate(clock)
    await gate.turn()
    waiting = asyncio.create_task(gate.turn())
    following = asyncio.create_task(gate.turn())
    await asyncio.sleep(0)
    waiting.cancel()
    assert await clock.skip() <= IDENTIFY_INTERVAL
    await asyncio.wait_for(following, 1)
