import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

import pytest
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import AuthenticationFailed, GatewayFatal
from mjproxy_server.discord.gateway.client import MOST_AT_ONCE, GatewayClient
from mjproxy_server.discord.gateway.identify_gate import IDENTIFY_INTERVAL, IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus, ResumePoint
from tests.server.discord.discord_clock import Record, VirtualClock
from tests.server.discord.discord_gateway import HEARTBEAT, IDENTIFY, RESUME, Peer, ScriptedGateway

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0) Chrome/136.0.0.0 Safari/537.36"
# Nobody listens on port 1, which only the superuser could open.
DEAD = "ws://127.0.0.1:1"
SEED = 3

Taker = Callable[[Dispatch], Awaitable[None]]


def one_by_one(take: Taker) -> Callable[[Sequence[Dispatch]], Awaitable[None]]:
    async def take_all(dispatches: Sequence[Dispatch]) -> None:
        for dispatch in dispatches:
            await take(dispatch)

    return take_all


class World:
    """A client, the clock it lives by, and what it told."""

    def __init__(
        self,
        endpoints: Endpoints,
        token: SecretStr,
        clock: VirtualClock,
        resume: ResumePoint | None,
        on_dispatches: Callable[[Sequence[Dispatch]], Awaitable[None]] | None,
    ) -> None:
        self.clock = clock
        self.dispatches: Record[Dispatch] = Record()
        self.statuses: Record[GatewayStatus] = Record()
        self.client = GatewayClient(
            token=token,
            user_agent=USER_AGENT,
            endpoints=endpoints,
            identify_gate=IdentifyGate(clock),
            clock=clock,
            rng=random.Random(SEED),
            on_dispatches=on_dispatches or one_by_one(self.dispatches.take),
            on_status=self.statuses,
            resume=resume,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.client.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def until(self, phase: GatewayPhase, session_id: str | None = None) -> GatewayStatus:
        return await self.statuses.until(
            lambda status: status.phase is phase and (session_id is None or status.session_id == session_id)
        )

    async def until_dispatch(self, name: str) -> Dispatch:
        return await self.dispatches.until(lambda dispatch: dispatch.type == name)

    async def until_disconnected(self) -> GatewayStatus:
        return await self.until(GatewayPhase.DISCONNECTED)

    async def reconnect(self) -> None:
        """Let the pause after a connection's end pass."""
        await self.until_disconnected()
        self.statuses.facts.clear()
        await self.clock.skip()


class NewWorld(Protocol):
    def __call__(
        self, resume: ResumePoint | None = None, *, on_dispatch: Taker | None = None, **hosts: str
    ) -> World: ...


@pytest.fixture
def world(gateway: ScriptedGateway, token: SecretStr, clock: VirtualClock) -> NewWorld:
    def new(resume: ResumePoint | None = None, *, on_dispatch: Taker | None = None, **hosts: str) -> World:
        return World(
            Endpoints(**{"gateway": gateway.url, **hosts}),
            token,
            clock,
            resume,
            on_dispatch and one_by_one(on_dispatch),
        )

    return new


async def serve_resume(peer: Peer) -> None:
    await peer.hello()
    await peer.resumed()
    await peer.until_closed()


async def serve_session(peer: Peer) -> None:
    await peer.hello()
    await peer.ready("s1")
    await peer.until_closed()


def ended_by(end: Callable[[Peer], Awaitable[object]]) -> Callable[[Peer], Awaitable[object]]:
    async def script(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0)
        await peer.dispatch(1, "ONE")
        result = end(peer)
        if asyncio.iscoroutine(result):
            await result

    return script


async def test_ready_when_discord_accepts_identify(gateway: ScriptedGateway, world: NewWorld) -> None:
    async def script(peer: Peer) -> None:
        assert peer.query == {"encoding": "json", "v": "9", "compress": "zlib-stream"}
        assert peer.headers["User-Agent"] == USER_AGENT
        assert peer.headers["Origin"] == "https://discord.com"
        await peer.hello()
        identify = await peer.ready("s1")
        assert identify["token"] == "the-secret-token"
        assert identify["properties"]["browser"] == "Chrome"
        assert await peer.until_closed() == 4000

    gateway.play(script)
    a = world()
    assert a.client.session_id is None
    async with a.running():
        ready = await a.until(GatewayPhase.READY)
        assert (ready.session_id, ready.attempt, ready.last_error) == ("s1", 0, None)
        assert a.client.session_id == "s1"
        assert [status.phase.value for status in a.statuses.facts] == ["connecting", "identifying", "ready"]
    assert a.client.status.phase is GatewayPhase.DISCONNECTED
    assert a.client.session_id == "s1"
    await gateway.played()


async def test_text_split_and_large_frames_are_understood(gateway: ScriptedGateway, world: NewWorld) -> None:
    async def script(peer: Peer) -> None:
        await peer.send_raw('{"op":10,"d":{"heartbeat_interval":41250}}')
        await peer.expect(IDENTIFY)
        ready = peer.compressed({"op": 0, "t": "READY", "s": 1, "d": {"session_id": "s1"}})
        for byte in ready:
            await peer.send_raw(bytes([byte]))
        await peer.send_raw('{"op":0,"t":"LARGE","s":2,"d":{"padding":"' + "x" * 3_000_000 + '"}}')
        await peer.until_closed()

    gateway.play(script)
    a = world()
    async with a.running():
        assert len(str((await a.until_dispatch("LARGE")).data["padding"])) == 3_000_000


async def test_dispatches_are_handed_over_in_order_and_the_resume_point_follows(
    gateway: ScriptedGateway, world: NewWorld
) -> None:
    async def script(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0, resume_url="wss://resume.example")
        for sequence in range(1, 50):
            await peer.dispatch(sequence, f"N{sequence}", {"n": sequence})
        await peer.until_closed()

    gateway.play(script)
    a = world()
    async with a.running():
        await a.until_dispatch("N49")
        assert [dispatch.sequence for dispatch in a.dispatches.facts] == list(range(50))
    assert a.client.resume_point == ResumePoint("s1", "wss://resume.example", 49)


async def test_what_came_while_the_reader_was_busy_is_handed_over_together(
    gateway: ScriptedGateway, token: SecretStr, clock: VirtualClock
) -> None:
    """Those that a heartbeat's answer came behind are handed over before it counts, and never too many at once."""
    groups: Record[list[int]] = Record()
    first_may_go_on = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0)
        await groups.until(lambda group: group == [0])
        for number in range(1, 40):
            await peer.dispatch(number, f"N{number}")
        await peer.expect(HEARTBEAT)
        await peer.send(op=11)
        for number in range(40, 43):
            await peer.dispatch(number, f"N{number}")
        await peer.send(op=1)
        await peer.expect(HEARTBEAT)
        first_may_go_on.set()
        await peer.until_closed()

    async def take(dispatches: Sequence[Dispatch]) -> None:
        heard_until.append(a.client.heard_until)
        groups([dispatch.sequence for dispatch in dispatches])
        if dispatches[0].sequence:
            await first_may_go_on.wait()

    heard_until: list[float] = []
    gateway.play(script)
    a = World(Endpoints(gateway=gateway.url), token, clock, None, take)
    async with a.running():
        await groups.until(lambda group: group[-1] > 0)
        clock.move(1.0)
        asked_at = clock.monotonic()
        hearing = asyncio.create_task(a.client.hear_out())
        await groups.until(lambda group: group[-1] == 42)
        await hearing
    sizes = [len(group) for group in groups.facts]
    assert [number for group in groups.facts for number in group] == list(range(43))
    assert max(sizes) <= MOST_AT_ONCE
    assert len(sizes) <= 7
    assert groups.facts[-1] == [40, 41, 42]
    assert heard_until[-1] == asked_at
    assert set(heard_until[:-1]) == {-math.inf}


async def test_resume_point_waits_for_a_slow_reader_while_the_heart_goes_on(
    gateway: ScriptedGateway, token: SecretStr, clock: VirtualClock, world: NewWorld
) -> None:
    reader_may_go_on = asyncio.Event()
    beats: Record[int] = Record()

    async def script(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0)
        await a.until_dispatch("READY")
        await peer.dispatch(1, "ONE")
        while True:
            beats(await peer.expect(HEARTBEAT))
            await peer.send(op=11)

    async def slow(dispatch: Dispatch) -> None:
        if dispatch.type == "ONE":
            await reader_may_go_on.wait()
        await a.dispatches.take(dispatch)

    async def script_until_closed(peer: Peer) -> None:
        with pytest.raises(Exception, match="4000"):
            await script(peer)

    gateway.play(script_until_closed)
    a = world(on_dispatch=slow)
    async with a.running():
        await a.until_dispatch("READY")
        for count in range(1, 4):
            await clock.skip()
            await beats.until_there_are(count)
        assert set(beats.facts) == {1}
        assert a.client.resume_point == ResumePoint("s1", gateway.url, 0)
        reader_may_go_on.set()
        await a.until_dispatch("ONE")
    assert a.client.resume_point == ResumePoint("s1", gateway.url, 1)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda peer: peer.cut(), id="cut"),
        pytest.param(lambda peer: peer.close(4000), id="unknown error"),
        pytest.param(lambda peer: peer.close(1001), id="going away"),
        pytest.param(lambda peer: peer.send(op=7, d=None), id="reconnect"),
        pytest.param(lambda peer: peer.send(op=9, d=True), id="invalid but resumable"),
        pytest.param(lambda peer: peer.send_raw(b"nonsense\x00\x00\xff\xff"), id="undecodable"),
        pytest.param(lambda peer: peer.send_raw("[]"), id="no frame"),
    ],
)
async def test_session_is_resumed_without_gap_or_repeat(
    end: Callable[[Peer], Awaitable[object]], gateway: ScriptedGateway, world: NewWorld
) -> None:
    async def resumed(peer: Peer) -> None:
        await peer.hello()
        resume = await peer.resumed((2, "TWO"))
        assert resume == {"token": "the-secret-token", "session_id": "s1", "seq": 1}
        await peer.until_closed()

    gateway.play(ended_by(end), resumed)
    a = world()
    async with a.running():
        await a.reconnect()
        status = await a.until(GatewayPhase.READY, "s1")
        assert (status.attempt, status.last_error) == (0, None)
        await a.until_dispatch("RESUMED")
    assert [dispatch.type for dispatch in a.dispatches.facts] == ["READY", "ONE", "TWO", "RESUMED"]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda peer: peer.close(4007), id="invalid sequence"),
        pytest.param(lambda peer: peer.close(4009), id="session timed out"),
        pytest.param(lambda peer: peer.send(op=9, d=False), id="invalid"),
        pytest.param(lambda peer: peer.send(op=9), id="invalid without a word"),
    ],
)
async def test_new_session_begins_when_the_old_one_is_gone(
    end: Callable[[Peer], Awaitable[None]], gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    identified_at = []

    async def begin(peer: Peer, session_id: str) -> None:
        await peer.hello()
        await peer.ready(session_id)
        identified_at.append(clock.monotonic())

    async def first(peer: Peer) -> None:
        await begin(peer, "s1")
        await end(peer)

    async def second(peer: Peer) -> None:
        await begin(peer, "s2")
        await peer.until_closed()

    gateway.play(first, second)
    a = world()
    async with a.running():
        await a.reconnect()
        await a.until(GatewayPhase.IDENTIFYING)
        await clock.skip()
        await a.until(GatewayPhase.READY, "s2")
    assert identified_at[1] - identified_at[0] == IDENTIFY_INTERVAL


async def test_pause_after_an_invalid_session_is_one_to_five_seconds(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.hello()
        await peer.expect(RESUME)
        await peer.send(op=9, d=True)

    gateway.play(refuse, serve_resume)
    a = world(ResumePoint("s1", gateway.url, 5))
    async with a.running():
        await a.until_disconnected()
        assert 1.0 <= await clock.skip() <= 5.0
        await a.until(GatewayPhase.READY, "s1")


async def test_pause_is_longer_after_discord_found_us_too_fast(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    gateway.play(ended_by(lambda peer: peer.close(4008)), serve_resume)
    a = world()
    async with a.running():
        await a.until_disconnected()
        assert await clock.skip() >= 5.0
        a.statuses.facts.clear()
        await a.until(GatewayPhase.READY, "s1")


async def test_new_session_begins_when_the_server_keeps_dropping_us_while_we_resume(
    gateway: ScriptedGateway, world: NewWorld
) -> None:
    async def drop(peer: Peer) -> None:
        await peer.hello()
        await peer.expect(RESUME)
        await peer.close(4000)

    gateway.play(drop, drop, drop, serve_session)
    a = world(ResumePoint("s0", gateway.url, 5))
    async with a.running():
        for _ in range(3):
            await a.reconnect()
        await a.until(GatewayPhase.READY, "s1")


async def test_zombie_is_left_with_a_resumable_code_and_resumed(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    beaten: Record[int] = Record()

    async def half_open(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0)
        beaten(await peer.expect(HEARTBEAT))
        assert await peer.until_closed() == 4000

    gateway.play(half_open, serve_resume)
    a = world()
    async with a.running():
        await a.until(GatewayPhase.READY)
        a.statuses.facts.clear()
        assert await clock.skip() == pytest.approx(41.25 * random.Random(SEED).random())
        await beaten.until(lambda sequence: sequence == 0)
        assert await clock.skip() == pytest.approx(41.25)
        status = await a.until_disconnected()
        assert "heartbeat" in str(status.last_error)
        await a.until(GatewayPhase.READY)


async def test_what_was_heard_is_told_by_a_hastened_heartbeat_and_only_when_it_was_handed_over(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    reader_may_go_on = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1", sequence=0)
        await peer.expect(HEARTBEAT)
        await peer.dispatch(1, "ONE")
        await peer.send(op=11)
        await peer.dispatch(2, "TWO")
        await peer.until_closed()

    async def slow(dispatch: Dispatch) -> None:
        await a.dispatches.take(dispatch)
        if dispatch.type == "ONE":
            await reader_may_go_on.wait()

    gateway.play(answer)
    a = world(on_dispatch=slow)
    async with a.running():
        await a.until_dispatch("READY")
        assert a.client.heard_until == -math.inf
        clock.move(1.0)
        asked_at = clock.monotonic()
        hearing = asyncio.create_task(a.client.hear_out())
        await a.until_dispatch("ONE")
        assert (hearing.done(), a.client.heard_until) == (False, -math.inf)
        reader_may_go_on.set()
        await hearing
        assert a.client.heard_until == asked_at
        await a.until_dispatch("TWO")


async def test_heart_begins_in_time_when_hello_comes_late(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    async def late(peer: Peer) -> None:
        await clock.until_asleep()
        await serve_session(peer)

    gateway.play(late)
    a = world()
    async with a.running():
        await a.until(GatewayPhase.READY)
        assert await clock.skip() == pytest.approx(41.25 * random.Random(SEED).random())


async def test_next_try_comes_at_once_when_the_last_one_lasted(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    end = asyncio.Event()

    async def lasting(peer: Peer) -> None:
        await peer.hello()
        await peer.ready("s1")
        await end.wait()
        await peer.send(op=7)

    gateway.play(lasting, serve_resume)
    a = world()
    async with a.running():
        await a.until(GatewayPhase.READY)
        a.statuses.facts.clear()
        clock.move(40.0)
        end.set()
        await a.until(GatewayPhase.READY)


async def test_pauses_do_not_grow_when_each_connection_becomes_ready(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    async def resume_and_drop(peer: Peer) -> None:
        await peer.hello()
        await peer.resumed()
        peer.cut()

    gateway.play(*[resume_and_drop] * 5)
    a = world(ResumePoint("s1", gateway.url, 5))
    async with a.running():
        for _ in range(5):
            await a.until_disconnected()
            a.statuses.facts.clear()
            assert 0.5 <= await clock.skip() <= 1.0


def _was_lost(attempt: int, status: GatewayStatus) -> bool:
    return status.phase is GatewayPhase.DISCONNECTED and status.attempt == attempt


async def test_pauses_grow_while_nobody_listens(world: NewWorld, clock: VirtualClock) -> None:
    a = world(gateway=DEAD)
    async with a.running():
        pauses = []
        for attempt in range(1, 9):
            status = await a.statuses.until(partial(_was_lost, attempt))
            assert "cannot connect" in str(status.last_error)
            pauses.append(await clock.skip())
    assert pauses[0] <= 1.0
    assert pauses[5] >= 16.0
    assert max(pauses) <= 60.0


async def test_session_is_resumed_at_the_main_gateway_when_its_resume_url_is_dead(
    gateway: ScriptedGateway, world: NewWorld
) -> None:
    gateway.play(serve_resume)
    a = world(ResumePoint("s1", DEAD, 5))
    async with a.running():
        await a.reconnect()
        await a.until(GatewayPhase.READY, "s1")


async def test_new_session_begins_when_the_main_gateway_does_not_know_the_old_one_either(
    gateway: ScriptedGateway, world: NewWorld
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.hello()
        await peer.expect(RESUME)
        await peer.send(op=9, d=False)

    gateway.play(refuse, serve_session)
    a = world(ResumePoint("s0", DEAD, 5))
    async with a.running():
        await a.reconnect()
        await a.reconnect()
        await a.until(GatewayPhase.READY, "s1")


async def test_next_session_is_resumed_at_its_own_address_after_another_was_dead(
    gateway: ScriptedGateway, world: NewWorld
) -> None:
    async with ScriptedGateway.serve() as resume_gateway:

        async def begin(peer: Peer) -> None:
            await peer.hello()
            await peer.expect(RESUME)
            await peer.dispatch(9, "READY", {"session_id": "s1", "resume_gateway_url": resume_gateway.url})
            peer.cut()

        gateway.play(begin)
        resume_gateway.play(serve_resume)
        a = world(ResumePoint("s0", DEAD, 5))
        async with a.running():
            await a.reconnect()
            await a.reconnect()
            await a.until(GatewayPhase.READY, "s1")


async def test_configured_host_replaces_the_resume_url(gateway: ScriptedGateway, world: NewWorld) -> None:
    gateway.play(serve_resume)
    a = world(ResumePoint("s1", "wss://resume.invalid", 5), gateway=DEAD, resume_gateway=gateway.url)
    async with a.running():
        await a.until(GatewayPhase.READY, "s1")


async def test_bad_token_fails_for_good(gateway: ScriptedGateway, world: NewWorld) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.hello()
        await peer.expect(IDENTIFY)
        await peer.close(4004)

    gateway.play(refuse)
    a = world()
    with pytest.raises(AuthenticationFailed) as failure:
        await a.client.run()
    assert failure.value.close_code == 4004
    assert a.client.status.phase is GatewayPhase.FAILED
    assert "authentication failed" in str(a.client.status.last_error)


async def test_other_fatal_codes_fail_for_good(gateway: ScriptedGateway, world: NewWorld) -> None:
    gateway.play(lambda peer: peer.close(4012))
    with pytest.raises(GatewayFatal, match="4012: invalid API version"):
        await world().client.run()


async def test_attempts_count_up_while_connections_close_before_ready(
    gateway: ScriptedGateway, world: NewWorld, clock: VirtualClock
) -> None:
    async def slam(peer: Peer) -> None:
        await peer.hello()
        await peer.expect(IDENTIFY)
        await peer.close(4000)

    gateway.play(slam, slam)
    a = world()
    async with a.running():
        first = await a.until_disconnected()
        await a.reconnect()
        await a.until(GatewayPhase.IDENTIFYING)
        await clock.skip()
        second = await a.until_disconnected()
    assert (first.attempt, second.attempt) == (1, 2)
    assert "4000" in str(second.last_error)


async def test_failure_to_take_a_dispatch_ends_the_client(gateway: ScriptedGateway, world: NewWorld) -> None:
    async def fail(_: Dispatch) -> None:
        raise OSError("the disk is full")

    gateway.play(serve_session)
    a = world(on_dispatch=fail)
    with pytest.raises(OSError, match="disk is full"):
        await a.client.run()
    assert a.client.resume_point is None


async def test_token_is_never_logged(
    gateway: ScriptedGateway, world: NewWorld, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.play(ended_by(lambda peer: peer.close(4000)), serve_resume)
    a = world()
    with caplog.at_level(logging.DEBUG):
        async with a.running():
            await a.reconnect()
            await a.until(GatewayPhase.READY, "s1")
    assert "Gateway connection ended" in caplog.text
    client_lines = [record.getMessage() for record in caplog.records if record.name.startswith("mjproxy_server")]
    assert "the-secret-token" not in "\n".join(client_lines)
    assert all(record.name != "websockets.client" for record in caplog.records)
