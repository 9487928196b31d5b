import pytest

from tests.simulator.discord_user import MIDJOURNEY, DiscordUser
from tests.simulator.simulated_world import Play, World

NIJI = "1022952195194359889"


async def test_user_sees_itself(alice: DiscordUser) -> None:
    response = await alice.request("GET", "/users/@me")
    assert response.headers["content-type"] == "application/json"
    expected = {"id": alice.id, "username": alice.name, "discriminator": "0", "avatar": None}
    assert {key: response.json()[key] for key in expected} == expected


@pytest.mark.parametrize("token", ["", "x", "Bot x"])
async def test_unknown_token_is_refused(world: World, token: str) -> None:
    response = await world.http.get("/api/v9/users/@me", headers={"Authorization": token})
    assert (response.status_code, response.json()) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_version_10_is_played_too(world: World, alice: DiscordUser) -> None:
    for version, status in ((9, 200), (10, 200), (8, 404)):
        response = await world.http.get(f"/api/v{version}/users/@me", headers={"Authorization": alice.token})
        assert response.status_code == status


@pytest.mark.parametrize("path", ["/api/v8/users/@me", "/api/users/@me", "/api/v9000"])
async def test_other_versions_are_missed_in_discords_form(world: World, path: str) -> None:
    response = await world.http.get(path)
    assert (response.status_code, response.json()) == (404, {"message": "404: Not Found", "code": 0})


async def test_routes_that_do_not_exist_say_so_in_discords_form(alice: DiscordUser) -> None:
    missing = await alice.request("GET", "/users/@me/friends")
    wrong = await alice.request("DELETE", "/users/@me")
    assert (missing.status_code, missing.json()) == (404, {"message": "404: Not Found", "code": 0})
    assert (wrong.status_code, wrong.json()) == (405, {"message": "405: Method Not Allowed", "code": 0})


@pytest.mark.parametrize(
    "place", ["guilds/{guild_id}", "channels/{channel_id}", "channels/{private_channel_id}", "users/@me"]
)
async def test_command_index_lists_all_bots_and_two_with_an_imagine(alice: DiscordUser, place: str) -> None:
    index = (await alice.request("GET", f"/{place.format(**alice.account)}/application-command-index")).json()
    owners = [each["application_id"] for each in index["application_commands"] if each["name"] == "imagine"]
    (imagine,) = [
        each
        for each in index["application_commands"]
        if (each["application_id"], each["name"]) == (MIDJOURNEY, "imagine")
    ]
    assert owners == [NIJI, MIDJOURNEY]
    assert [each["id"] for each in index["applications"]] == [MIDJOURNEY, NIJI, "1090660574196674713"]
    assert (imagine["id"], imagine["version"], imagine["type"]) == ("938956540159881230", "1237876415471554623", 1)
    assert imagine["options"] == [
        {"type": 3, "name": "prompt", "description": "The prompt to imagine", "required": True}
    ]


async def test_command_index_of_others_is_refused(alice: DiscordUser) -> None:
    assert (await alice.request("GET", "/guilds/1/application-command-index")).json()["code"] == 10004
    assert (await alice.request("GET", "/channels/1/application-command-index")).json()["code"] == 10003


async def test_commands_are_found_by_their_beginning(alice: DiscordUser) -> None:
    query = {"type": 1, "query": "imag", "limit": 1, "include_applications": "false"}
    path = f"/channels/{alice.channel_id}/application-commands/search"
    found = (await alice.request("GET", path, params=query)).json()
    assert [each["name"] for each in found["application_commands"]] == ["imagine"]
    assert found["applications"] == []
    assert found["cursor"]["repaired"] is False


async def test_private_channel_with_the_bot_is_opened(alice: DiscordUser) -> None:
    opened = await alice.request("POST", "/users/@me/channels", json={"recipients": [MIDJOURNEY]})
    listed = await alice.request("GET", "/users/@me/channels")
    other = await alice.request("POST", "/users/@me/channels", json={"recipients": ["1"]})
    assert (opened.json()["id"], opened.json()["type"]) == (alice.account["private_channel_id"], 1)
    assert [each["id"] for each in opened.json()["recipients"]] == [MIDJOURNEY]
    assert listed.json()[0] == opened.json()
    assert [each["recipients"][0]["id"] for each in listed.json()] == [MIDJOURNEY, NIJI]
    assert (other.status_code, other.json()["code"]) == (404, 10013)


async def test_gateway_is_at_the_same_address(world: World, alice: DiscordUser) -> None:
    url = (await alice.request("GET", "/gateway")).json()["url"]
    assert url == world.url.replace("http", "ws")


async def test_too_many_requests_are_refused_over_all_routes(play: Play) -> None:
    world = await play(limits={"requests_per_second": 3})
    alice, bruno = await world.user(0), await world.user(1)
    paths = ("/users/@me", "/users/@me/channels", "/users/@me", "/users/@me/channels")
    *admitted, refused = [await alice.request("GET", path) for path in paths]
    assert [response.status_code for response in admitted] == [200, 200, 200]
    assert (refused.status_code, refused.json()["global"]) == (429, True)
    assert refused.headers["x-ratelimit-global"] == "true"
    assert (await bruno.request("GET", "/users/@me")).status_code == 200
