"""What carries events to the socket, through real ones."""

import json
import zlib

from tests.simulator.discord_user import DiscordUser, Gateway
from tests.simulator.simulated_world import World


async def say(alice: DiscordUser, content: str) -> None:
    answer = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json={"content": content})
    assert answer.status_code == 200


async def heard(gateway: Gateway, count: int) -> list[str]:
    return [(await gateway.event("MESSAGE_CREATE"))["content"] for _ in range(count)]


async def test_delayed_event_is_overtaken_by_others(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("delay_dispatch", account=connected_alice.id, seconds=2)
    for content in ("first", "second", "third"):
        await say(connected_alice, content)
    assert await heard(connected_alice.gateway, 3) == ["second", "third", "first"]


async def test_reordered_event_comes_after_the_next_one(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("reorder_dispatch", account=connected_alice.id, seconds=60)
    for content in ("first", "second", "third"):
        await say(connected_alice, content)
    assert await heard(connected_alice.gateway, 3) == ["second", "first", "third"]


async def test_reordered_event_comes_alone_when_no_other_follows(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("reorder_dispatch", account=connected_alice.id, seconds=0.1)
    await say(connected_alice, "first")
    assert await heard(connected_alice.gateway, 1) == ["first"]


async def test_latency_keeps_the_order(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("gateway_latency", account=connected_alice.id, seconds=0.2)
    for content in ("first", "second", "third"):
        await say(connected_alice, content)
    assert await heard(connected_alice.gateway, 3) == ["first", "second", "third"]


async def test_message_of_a_stream_comes_in_pieces(world: World, alice: DiscordUser) -> None:
    async with alice.session("encoding=json&v=9&compress=zlib-stream") as gateway:
        await world.fault("split_frames", account=alice.id, piece_bytes=10)
        await gateway.send(1, None)
        pieces = [await gateway.next_raw()]
        while not pieces[-1].endswith(b"\x00\x00\xff\xff"):  # type: ignore[arg-type]
            pieces.append(await gateway.next_raw())
        assert len(pieces) > 1
        assert gateway.inflate(b"".join(pieces))["op"] == 11  # type: ignore[arg-type]


async def test_frames_are_compressed_one_by_one_when_identify_asks_for_it(alice: DiscordUser) -> None:
    async with alice.connection() as gateway:
        await gateway.next()
        await gateway.send(2, {"token": alice.token, "compress": True})
        for event in ("READY", "READY_SUPPLEMENTAL"):
            data = await gateway.next_raw()
            assert isinstance(data, bytes)
            assert json.loads(zlib.decompress(data))["t"] == event


async def test_half_open_socket_is_silent_and_its_session_is_resumed_elsewhere(
    world: World, alice: DiscordUser
) -> None:
    async with alice.session() as frozen, alice.connection() as gateway:
        await world.fault("half_open", account=alice.id)
        await say(alice, "unheard")
        await frozen.send(1, None)
        await alice.resume(gateway, frozen.session_id, frozen.sequence)
        assert await heard(gateway, 1) == ["unheard"]
        await gateway.event("RESUMED")
        (session,) = (await world.http.get("/control/sessions", params={"account": alice.id})).json()
        assert (session["id"], session["connected"]) == (frozen.session_id, True)
