"""What Discord makes of an interaction before, and after, the bot has it."""

import json

import httpx
import pytest

from tests.simulator.discord_user import IMAGINE, DiscordUser, Json, custom_id
from tests.simulator.simulated_world import Play, World


def error(response: httpx.Response) -> tuple[int, int, str]:
    body = response.json()
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["code"], body["message"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"guild_id": None}, (400, 10003, "Unknown Channel")),
        ({"guild_id": "1"}, (400, 10003, "Unknown Channel")),
        ({"channel_id": "1"}, (404, 10003, "Unknown Channel")),
        ({"application_id": "1"}, (400, 10005, "Unknown Integration")),
        ({"nonce": "1" * 26}, (400, 50035, "Invalid Form Body")),
        ({"type": 4}, (400, 50035, "Invalid Form Body")),
        ({"data": IMAGINE | {"id": "1"}}, (400, 50035, "Invalid Form Body")),
        ({"data": IMAGINE | {"version": "1"}}, (400, 50035, "Invalid Form Body")),
        ({"data": IMAGINE | {"options": []}}, (400, 50035, "Invalid Form Body")),
        ({"data": "imagine"}, (400, 50035, "Invalid Form Body")),
    ],
)
async def test_command_is_refused(
    world: World, alice: DiscordUser, changes: Json, expected: tuple[int, int, str]
) -> None:
    assert error(await alice.interact(alice.command("a cat", **changes))) == expected
    (entry,) = await world.ledger()
    assert (entry["status"], entry["refused"], entry["job"]) == (expected[0], expected[2], None)
    assert await world.jobs() == []


async def test_outdated_version_of_a_command_is_named(alice: DiscordUser) -> None:
    stale = await alice.interact(alice.command("a cat", data=IMAGINE | {"version": "1"}))
    (outdated,) = stale.json()["errors"]["data"]["_errors"]
    assert outdated["code"] == "INTERACTION_APPLICATION_COMMAND_INVALID_VERSION"


@pytest.mark.parametrize(
    ("path", "body", "field", "expected"),
    [
        ("interactions", {"type": 2}, "data", ("BASE_TYPE_REQUIRED", "This field is required")),
        ("interactions", {"type": []}, "type", ("BASE_TYPE_CHOICES", "Value must be one of {2, 3, 5}.")),
        (
            "interactions",
            {"type": 2, "nonce": "1" * 26},
            "nonce",
            ("BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."),
        ),
        (
            "interactions",
            {"type": 2, "channel_id": 2**63},
            "channel_id",
            ("NUMBER_TYPE_COERCE", f'Value "{2**63}" is not snowflake.'),
        ),
        (
            "attachments/refresh-urls",
            {"attachment_urls": []},
            "attachment_urls",
            ("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 50 in length."),
        ),
    ],
)
async def test_field_that_is_wrong_is_named_in_the_words_of_discord(
    alice: DiscordUser, path: str, body: Json, field: str, expected: tuple[str, str]
) -> None:
    refused = await alice.request("POST", f"/{path}", json=body)
    assert error(refused) == (400, 50035, "Invalid Form Body")
    (told,) = refused.json()["errors"][field]["_errors"]
    assert (told["code"], told["message"]) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"message_id": "1"}, (404, 10008, "Unknown Message")),
        ({"message_flags": 64}, (400, 50035, "Invalid Form Body")),
        ({"application_id": "1022952195194359889"}, (400, 10005, "Unknown Integration")),
        ({"data": {"component_type": 2, "custom_id": "MJ::JOB::upsample::5::x"}}, (400, 50035, "Invalid Form Body")),
    ],
)
async def test_press_of_a_button_is_refused(
    connected_alice: DiscordUser, message: Json, expected: tuple[int, int, str]
) -> None:
    alice = connected_alice
    grid = await alice.imagine("a cat")
    assert error(await alice.interact(alice.press(grid, custom_id(grid, "U1"), **message))) == expected


async def test_form_that_is_not_open_is_unknown(alice: DiscordUser) -> None:
    data = {"id": "1", "custom_id": "MJ::RemixModal::x", "components": []}
    response = await alice.interact(alice.command("", type=5, data=data))
    assert error(response) == (404, 10062, "Unknown interaction")


async def test_body_that_is_no_json_is_refused(alice: DiscordUser, world: World) -> None:
    response = await alice.request("POST", "/interactions", content=b"{")
    assert error(response) == (400, 50109, "The request body contains invalid JSON.")
    assert len(await world.ledger()) == 1


async def test_token_and_channel_of_others_are_refused(world: World, alice: DiscordUser) -> None:
    bruno = await world.user(1)
    nobody = await alice.request("POST", "/interactions", headers={"Authorization": "x"}, json=alice.command("a cat"))
    foreign = await alice.interact(alice.command("a cat", channel_id=bruno.channel_id))
    assert error(nobody) == (401, 0, "401: Unauthorized")
    assert error(foreign) == (403, 50001, "Missing Access")


async def test_interaction_may_come_as_a_form(world: World, alice: DiscordUser) -> None:
    body = json.dumps(alice.command("a cat ☕"), ensure_ascii=False).encode()
    response = await alice.request("POST", "/interactions", files={"payload_json": (None, body, "application/json")})
    assert response.status_code == 204
    assert [entry["prompt"] for entry in await world.ledger()] == ["a cat ☕"]


async def test_body_survives_an_offer_to_upgrade_to_http2(alice: DiscordUser) -> None:
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    response = await alice.request("POST", "/interactions", headers=offer, json=alice.command("a cat"))
    assert response.status_code == 204


@pytest.mark.parametrize("nonce", ["1251469216000000000", 1251469216000000000, "n-1", None])
async def test_nonce_is_repeated_verbatim_as_a_string(connected_alice: DiscordUser, nonce: object) -> None:
    alice = connected_alice
    await alice.taken(alice.command("a cat", nonce=nonce))
    created = await alice.gateway.event("INTERACTION_CREATE")
    start = await alice.gateway.event("MESSAGE_CREATE")
    assert created["nonce"] == start.get("nonce") == (None if nonce is None else str(nonce))


async def test_events_of_an_interaction_go_to_its_session_alone(alice: DiscordUser) -> None:
    async with alice.session() as other, alice.session() as own:
        await alice.taken(alice.command("a cat"))
        assert [(await own.next())["t"] for _ in range(2)] == ["INTERACTION_CREATE", "INTERACTION_SUCCESS"]
        assert (await other.next())["t"] == "MESSAGE_CREATE"


async def test_message_comes_even_when_the_session_is_none(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await alice.taken(alice.command("a cat", session_id="f1a313a09ce079ce252459dc70231f30"))
    assert (await alice.gateway.next())["t"] == "MESSAGE_CREATE"


async def test_command_works_in_the_private_channel(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    private = alice.account["private_channel_id"]
    await alice.taken(alice.command("a cat", channel_id=private, guild_id=None))
    start = await alice.gateway.event("MESSAGE_CREATE")
    assert (start["channel_id"], start["channel_type"]) == (private, 1)
    assert "guild_id" not in start


async def test_ledger_tells_what_came_of_each_interaction(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    grid = await alice.imagine("a cat")
    pressed = custom_id(grid, "U1")
    await alice.taken(alice.press(grid, pressed))
    await alice.taken(alice.command("a cat --foo"))
    entries = await world.ledger()
    jobs = [job["id"] for job in await world.jobs()]
    assert [(entry["kind"], entry["job"], entry["refused"]) for entry in entries] == [
        ("imagine", jobs[0], None),
        ("upscale", jobs[1], None),
        ("imagine", None, "Invalid parameter"),
    ]
    assert {(entry["user_id"], entry["channel_id"], entry["status"]) for entry in entries} == {
        (alice.id, alice.channel_id, 204)
    }
    assert [(entry["custom_id"], entry["prompt"]) for entry in entries] == [
        (None, "a cat"),
        (pressed, None),
        (None, "a cat --foo"),
    ]


async def test_too_many_interactions_are_refused_and_not_taken(play: Play) -> None:
    world = await play(limits={"interactions_per_second": 2})
    alice = await world.user(0)
    responses = [await alice.interact(alice.command("a cat")) for _ in range(3)]
    limited = responses[2]
    assert [response.status_code for response in responses] == [204, 204, 429]
    assert error(limited) == (429, 0, "You are being rate limited.")
    assert limited.json()["global"] is False
    assert 0 < limited.json()["retry_after"] <= 1
    assert limited.headers["retry-after"] == "1"
    assert limited.headers["x-ratelimit-scope"] == "user"
    assert "x-ratelimit-global" not in limited.headers
    assert len(await world.jobs()) == 2


async def test_fault_answers_as_told_and_takes_nothing(world: World, alice: DiscordUser) -> None:
    await world.fault("interaction_status", status=429, retry_after=64.57, account=alice.id)
    await world.fault("interaction_status", status=500, count=2)
    await world.fault("interaction_status", status=400, code=50035, message="Invalid Form Body")
    limited, *others = [await alice.interact(alice.command("a cat")) for _ in range(5)]
    assert (limited.status_code, limited.json()["retry_after"], limited.headers["retry-after"]) == (429, 64.57, "65")
    assert [response.status_code for response in others] == [500, 500, 400, 204]
    assert len(await world.jobs()) == 1
    assert [entry["status"] for entry in await world.ledger()] == [429, 500, 500, 400, 204]


async def test_interaction_is_taken_though_its_answer_is_cut(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("interaction_lost_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        await alice.interact(alice.command("a cat"))
    assert (await alice.result())["attachments"]
    assert [(entry["status"], entry["job"] is None) for entry in await world.ledger()] == [(None, False)]


async def test_interaction_is_taken_though_its_answer_is_an_error(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("interaction_lost_answer", status=502)
    assert (await alice.interact(alice.command("a cat"))).status_code == 502
    assert (await alice.result())["attachments"]


async def test_interaction_fails_when_the_bot_stays_silent(play: Play) -> None:
    world = await play(limits={"interaction_deadline": 0.05})
    alice = await world.user(0)
    await world.fault("bot_silent")
    async with alice.session() as gateway:
        nonce = await alice.taken(alice.command("a cat"))
        created, failed = await gateway.next(), await gateway.next()
    assert (created["t"], failed["t"]) == ("INTERACTION_CREATE", "INTERACTION_FAILURE")
    assert failed["d"] == {"id": created["d"]["id"], "nonce": nonce, "reason_code": 2}
    assert await world.jobs() == []
