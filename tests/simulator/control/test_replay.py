"""Scenarios are told to an account as if they happened now."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mjproxy.cli import main
from tests.simulator.discord_user import MIDJOURNEY, DiscordUser, Json
from tests.simulator.simulated_world import Play, World

START = {
    "id": "$ID1",
    "channel_id": "$CHANNEL",
    "guild_id": "$GUILD",
    "nonce": "$NONCE",
    "content": "**a cat** - <@$USER> (Waiting to start)",
    "author": {"id": "$BOT", "username": "Midjourney Bot", "bot": True},
    "flags": 0,
    "attachments": [],
    "components": [],
}
PROGRESS = {"id": "$ID1", "channel_id": "$CHANNEL", "content": "**a cat** - <@$USER> (50%) (fast)"}
FINAL = {
    **START,
    "id": "$ID2",
    "content": "**a cat** - <@$USER> (fast)",
    "attachments": [{"id": "$ID10", "filename": "$ID10_grid.png", "url": "https://example.com/$ID10_grid.png"}],
    "components": [{"type": 1, "components": [{"type": 2, "style": 2, "label": "U1", "custom_id": "MJ::none"}]}],
}
PLACE = {"id": "$ID1", "channel_id": "$CHANNEL", "guild_id": "$GUILD"}


def event(kind: str, data: Json, after: float = 0.0) -> Json:
    return {"after": after, "type": kind, "data": data}


def scenario(*events: Json) -> Json:
    return {"name": "a cat of 2023", "events": list(events)}


WHOLE = scenario(
    event("INTERACTION_SUCCESS", {"id": "$ID3", "nonce": "$NONCE"}),
    event("MESSAGE_CREATE", START),
    event("MESSAGE_UPDATE", PROGRESS, 2.5),
    event("MESSAGE_DELETE", PLACE, 20),
    event("MESSAGE_CREATE", FINAL),
)


async def replay(world: World, user: DiscordUser, body: object) -> Json:
    response = await world.http.post(f"/control/accounts/{user.id}/replay", json=body)
    assert response.status_code == 202, response.text
    answer: Json = response.json()
    return answer


async def last_nonce(user: DiscordUser) -> str:
    """Send an interaction of which nothing comes, and return its nonce."""
    nonce = await user.taken(user.command("a cat --foo"))
    await user.gateway.event("MESSAGE_CREATE")
    return nonce


async def test_events_are_told_in_order_with_what_the_placeholders_stand_for(
    world: World, connected_alice: DiscordUser
) -> None:
    alice = connected_alice
    nonce = await last_nonce(alice)
    answer = await replay(world, alice, WHOLE)
    told = [await alice.gateway.next() for _ in range(5)]
    ids = answer["ids"]
    assert (answer["name"], answer["events"]) == ("a cat of 2023", 5)
    assert [frame["t"] for frame in told] == [each["type"] for each in WHOLE["events"]]
    assert told[0]["d"] == {"id": ids["$ID3"], "nonce": nonce}
    assert told[1]["d"] == START | {
        "id": ids["$ID1"],
        "channel_id": alice.channel_id,
        "guild_id": alice.account["guild_id"],
        "nonce": nonce,
        "content": f"**a cat** - <@{alice.id}> (Waiting to start)",
        "author": {"id": MIDJOURNEY, "username": "Midjourney Bot", "bot": True},
    }
    assert told[4]["d"]["attachments"][0]["filename"] == f"{ids['$ID10']}_grid.png"
    assert list(ids) == ["$ID1", "$ID2", "$ID3", "$ID10"]
    assert sorted(ids.values(), key=int) == list(ids.values())


async def test_messages_of_a_scenario_are_in_the_history_without_what_the_gateway_alone_tells(
    world: World, connected_alice: DiscordUser
) -> None:
    alice = connected_alice
    await last_nonce(alice)
    create, update = event("MESSAGE_CREATE", START), event("MESSAGE_UPDATE", PROGRESS)
    answer = await replay(world, alice, scenario(create, update, event("MESSAGE_CREATE", FINAL)))
    final = await alice.gateway.event("MESSAGE_CREATE", lambda message: message["attachments"])
    newest, older = (await alice.history())[:2]
    assert newest == {key: final[key] for key in final if key not in {"nonce", "guild_id"}}
    assert (older["id"], older["content"]) == (answer["ids"]["$ID1"], f"**a cat** - <@{alice.id}> (50%) (fast)")
    assert older["author"]["id"] == MIDJOURNEY
    await replay(world, alice, scenario(event("MESSAGE_DELETE", PLACE | {"id": newest["id"]})))
    await alice.gateway.event("MESSAGE_DELETE")
    assert newest["id"] not in {message["id"] for message in await alice.history()}


async def test_button_of_a_message_of_a_scenario_reaches_the_bot(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await last_nonce(alice)
    await replay(world, alice, scenario(event("MESSAGE_CREATE", FINAL)))
    await alice.taken(alice.press(await alice.result(), "MJ::none"))
    assert (await alice.gateway.event("MESSAGE_CREATE"))["embeds"][0]["title"] == "Invalid request"


async def test_scenario_keeps_the_bots_time(play: Play) -> None:
    world = await play()
    alice = await world.user(0)
    async with alice.session() as gateway:
        await world.http.post("/control/pause")
        events = [event("INTERACTION_CREATE", {"id": str(n)}, after=3.0) for n in (1, 2, 3)]
        await replay(world, alice, scenario(*events))
        assert await gateway.quiet() == []
        stepped = await world.http.post("/control/step", json={"steps": 2})
        assert stepped.json() == {"jobs": ["a cat of 2023"] * 2}
        assert [frame["d"]["id"] for frame in await gateway.quiet()] == ["1", "2"]
        await world.http.post("/control/resume")
        assert (await gateway.next())["d"]["id"] == "3"


async def test_scenario_ends_with_a_reset(play: Play) -> None:
    world = await play(speed=0.001)
    alice = await world.user(0)
    async with alice.session() as gateway:
        await replay(world, alice, scenario(event("INTERACTION_CREATE", {"id": "1"}, after=3.0)))
        await world.http.post("/control/reset")
        assert (await world.http.post("/control/step")).json() == {"jobs": []}
        assert await gateway.quiet() == []


async def test_others_hear_nothing_of_a_scenario(world: World, connected_alice: DiscordUser) -> None:
    bruno = await world.user(1)
    async with bruno.session() as gateway:
        await replay(world, connected_alice, scenario(event("INTERACTION_CREATE", {"id": "1"})))
        await connected_alice.gateway.event("INTERACTION_CREATE")
        assert await gateway.quiet() == []


MALFORMED = [
    ({}, "name: is missing; events: is missing"),
    (scenario() | {"events": {}}, "events: must be a list"),
    (scenario(event("MESSAGE_CREATE", START, -1)), "events.0.after: must be at least 0, not -1"),
    (scenario(event("TYPING_START", {})), "events.0.type: must be 'MESSAGE_CREATE', "),
    (scenario(event("INTERACTION_CREATE", {"id": "1"}) | {"afer": 1}), "events.0.afer: is not known; known are after,"),
    (
        scenario(event("MESSAGE_DELETE", PLACE), event("MESSAGE_DELETE", {"id": "1"})),
        "events.1.data.channel_id: is mis",
    ),
    (scenario(event("MESSAGE_CREATE", PROGRESS)), "events.0.data.author: is missing"),
    (scenario(event("MESSAGE_UPDATE", PLACE | {"author": None})), "events.0.data.author: must be an object"),
    (scenario(event("INTERACTION_CREATE", {"id": "1", "x": 2**64})), "events.0.data: Integer exceeds 64-bit range"),
    (scenario(event("INTERACTION_CREATE", {"id": "$ID"})), "events.0.data.id: must be a whole number, not '$ID'"),
    (scenario(event("MESSAGE_DELETE", PLACE | {"channel_id": "1"})), "events.0.data.channel_id: must be a channel of"),
    (scenario(event("INTERACTION_CREATE", {"id": "1", "nonce": "$NONCE"})), "events.0.data: $NONCE stands for nothing"),
]


@pytest.mark.parametrize(("body", "complaint"), MALFORMED)
async def test_malformed_scenario_is_refused_with_the_place_of_the_mistake(
    world: World, alice: DiscordUser, body: Json, complaint: str
) -> None:
    response = await world.http.post(f"/control/accounts/{alice.id}/replay", json=body)
    assert response.status_code == 400
    assert complaint in response.json()["error"]


async def test_scenario_is_replayed_from_the_command_line(
    world: World, connected_alice: DiscordUser, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(scenario(event("INTERACTION_CREATE", {"id": "1"}))))
    address = world.url.removeprefix("http://")
    command = ["simulator", "replay", "--simulator", address, str(file), "--account", connected_alice.id]
    result = await asyncio.to_thread(CliRunner().invoke, main, command, catch_exceptions=False)
    assert result.stdout == f"replaying a cat of 2023 for {connected_alice.id}; events: 1\n"
    assert (await connected_alice.gateway.next())["d"] == {"id": "1"}
    file.write_text("{")
    result = await asyncio.to_thread(CliRunner().invoke, main, command, catch_exceptions=False)
    assert (result.exit_code, "is no JSON" in result.stderr) == (2, True)


async def test_command_tells_whoever_acted_last_if_nobody_is_named(world: World, tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(scenario(event("INTERACTION_CREATE", {"id": "1", "nonce": "$NONCE"}))))
    address = world.url.removeprefix("http://")
    command = ["simulator", "replay", "--simulator", address, str(file)]
    for user in (await world.user(1), await world.user(0)):
        await user.taken(user.command("a cat"))
        result = await asyncio.to_thread(CliRunner().invoke, main, command, catch_exceptions=False)
        assert result.stdout == f"replaying a cat of 2023 for {user.id}; events: 1\n"
