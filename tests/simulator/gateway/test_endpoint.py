import json
import zlib

import pytest

from tests.simulator.discord_user import MIDJOURNEY, DiscordUser
from tests.simulator.simulated_world import Play, World


@pytest.mark.parametrize("query", ["encoding=json&v=9", "encoding=json&v=10", "encoding=json&v=9&compress=zlib-stream"])
async def test_events_arrive_with_and_without_compression(alice: DiscordUser, query: str) -> None:
    async with alice.session(query) as gateway:
        assert gateway.sequence == 2
        assert "a cat" in (await alice.imagine("a cat"))["content"]


async def test_zlib_stream_is_one_context_for_the_connection(alice: DiscordUser) -> None:
    async with alice.connection("encoding=json&v=9&compress=zlib-stream") as gateway:
        await gateway.send(1, None)
        frames = [await gateway.next_raw() for _ in range(2)]
    assert isinstance(frames[0], bytes)
    assert isinstance(frames[1], bytes)
    assert frames[0][0] == 0x78
    with pytest.raises(zlib.error):
        zlib.decompressobj().decompress(frames[1])
    inflater = zlib.decompressobj()
    assert [json.loads(inflater.decompress(frame))["op"] for frame in (frames[0], frames[1])] == [10, 11]


async def test_identify_before_hello_in_a_binary_frame_is_understood(alice: DiscordUser) -> None:
    async with alice.connection() as gateway:
        await gateway.send_raw(json.dumps({"op": 2, "d": {"token": alice.token}}).encode())
        assert [(await gateway.next())["op"] for _ in range(2)] == [10, 0]


async def test_ready_has_what_strict_clients_insist_on(alice: DiscordUser) -> None:
    async with alice.connection() as gateway:
        await gateway.send(2, {"token": alice.token})
        ready = await gateway.event("READY")
        supplement = await gateway.event("READY_SUPPLEMENTAL")
    known = {user["id"] for user in ready["users"]}
    (guild,) = ready["guilds"]
    assert ready["user"]["id"] == alice.id
    assert ready["resume_gateway_url"].startswith("ws://127.0.0.1:")
    assert [channel["id"] for channel in guild["channels"]] == [alice.channel_id]
    assert guild["properties"]["name"] == guild["name"]
    assert {entry["user_id"] for members in ready["merged_members"] for entry in members} == {alice.id} <= known
    assert all(set(channel["recipient_ids"]) <= known for channel in ready["private_channels"])
    assert len(supplement["guilds"]) == len(supplement["merged_members"]) == len(ready["guilds"])
    assert isinstance(supplement["merged_presences"]["guilds"], list)
    assert "auth_token" not in ready
    lists = ("relationships", "sessions", "connected_accounts", "geo_ordered_rtc_regions")
    assert all(isinstance(ready[name], list) for name in lists)
    assert None not in (ready["consents"], ready["read_state"], guild["threads"], supplement["lazy_private_channels"])


async def test_members_of_the_guild_are_the_user_and_the_bots(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    for guild_id in ("1", alice.account["guild_id"]):
        await alice.gateway.send(8, {"guild_id": [guild_id], "query": "", "limit": 0, "nonce": f"n{guild_id}"})
    chunk = await alice.gateway.event("GUILD_MEMBERS_CHUNK")
    members = [member["user"]["id"] for member in chunk["members"]]
    assert members == [alice.id, MIDJOURNEY, "1022952195194359889", "1090660574196674713"]
    assert (chunk["chunk_index"], chunk["chunk_count"]) == (0, 1)
    assert chunk["nonce"] == f"n{alice.account['guild_id']}"


@pytest.mark.parametrize(("query", "code"), [("v=3", 4012), ("v=nine", 4012), ("v=9&encoding=etf", 4002)])
async def test_connection_is_closed_when_it_asks_for_what_is_not_played(
    alice: DiscordUser, query: str, code: int
) -> None:
    async with alice.connection(query) as gateway:
        assert await gateway.close_code() == code


async def test_client_resumes_and_hears_what_it_missed(alice: DiscordUser) -> None:
    async with alice.session() as gateway:
        session_id, sequence = gateway.session_id, gateway.sequence
        gateway.cut()
    await alice.taken(alice.command("a cat"))
    async with alice.connection() as gateway:
        await alice.resume(gateway, session_id, sequence)
        events = [await gateway.until(lambda frame: frame["op"] == 0) for _ in range(3)]
        alice.gateway = gateway
        assert (await alice.result())["attachments"]
    assert [event["s"] for event in events] == [3, 4, 5]
    assert [event["t"] for event in events] == ["INTERACTION_CREATE", "INTERACTION_SUCCESS", "MESSAGE_CREATE"]


async def test_session_is_gone_when_the_simulator_was_started_again(play: Play) -> None:
    world = await play()
    alice = await world.user(0)
    async with alice.session() as gateway:
        await world.close()
        assert await gateway.close_code() == 1012
        session_id = gateway.session_id
    alice = await (await play()).user(0)
    async with alice.connection() as gateway:
        await alice.resume(gateway, session_id, 2)
        refused = await gateway.until(lambda frame: frame["op"] == 9)
        assert refused["d"] is False
        assert (await alice.identify(gateway))["session_id"] != session_id


async def test_socket_is_closed_when_heartbeats_stay_out(play: Play) -> None:
    world = await play(limits={"heartbeat_interval": 0.1, "patience": 1.5})
    async with (await world.user(0)).session() as gateway:
        assert await gateway.close_code() == 4009


async def test_sockets_are_cut_without_a_close_frame(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("drop_socket", account=connected_alice.id)
    assert await connected_alice.gateway.close_code() is None


async def test_sockets_are_closed_with_the_code_wanted(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("close_code", code=4000, account=connected_alice.channel_id)
    assert await connected_alice.gateway.close_code() == 4000
    async with connected_alice.connection() as gateway:
        await connected_alice.resume(gateway, connected_alice.gateway.session_id, 2)
        await gateway.event("RESUMED")


@pytest.mark.parametrize(("name", "op", "data"), [("op1", 1, None), ("op7", 7, None), ("invalidate_session", 9, False)])
async def test_client_is_told_to_act(
    world: World, connected_alice: DiscordUser, name: str, op: int, data: object
) -> None:
    await world.fault(name, account=connected_alice.id)
    frame = await connected_alice.gateway.next()
    assert frame == {"t": None, "s": None, "op": op, "d": data}


async def test_events_come_twice_when_a_fault_says_so(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("duplicate_dispatch", event="INTERACTION_SUCCESS")
    await connected_alice.taken(connected_alice.command("a cat"))
    events = [await connected_alice.gateway.next() for _ in range(4)]
    assert [event["t"] for event in events[:3]] == ["INTERACTION_CREATE", "INTERACTION_SUCCESS", "INTERACTION_SUCCESS"]
    assert events[1]["d"] == events[2]["d"]
    assert [event["s"] for event in events] == [3, 4, 5, 6]


async def test_client_that_reads_too_slowly_is_cut_off(play: Play) -> None:
    world = await play(limits={"outbound_frames": 1, "identify_window": 0})
    alice = await world.user(0)
    async with alice.connection() as gateway:
        await gateway.next()
        await gateway.send(2, {"token": alice.token})  # READY and READY_SUPPLEMENTAL are two at once.
        assert await gateway.close_code() is None
