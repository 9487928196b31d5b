from tests.simulator.discord_user import DiscordUser
from tests.simulator.simulated_world import Play, World


async def test_answers_tell_of_limits_only_when_they_are_asked_to(play: Play, alice: DiscordUser) -> None:
    silent = await alice.request("GET", "/users/@me")
    assert not [name for name in silent.headers if name.startswith("x-ratelimit")]
    world = await play(limits={"rate_limit_headers": True, "route_requests_per_second": 2})
    bruno = await world.user(0)
    path = f"/channels/{bruno.channel_id}/messages"
    first, second, third = [await bruno.request("GET", path) for _ in range(3)]
    left = [
        (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) for answer in (first, second)
    ]
    assert left == [("2", "1"), ("2", "0")]
    assert 0 < float(first.headers["x-ratelimit-reset-after"]) <= 1
    assert (third.status_code, third.json()["global"], third.headers["x-ratelimit-scope"]) == (429, False, "user")
    assert first.headers["x-ratelimit-bucket"] == third.headers["x-ratelimit-bucket"]


async def test_interactions_tell_of_the_limit_by_which_they_are_refused(play: Play) -> None:
    limits = {"rate_limit_headers": True, "interactions_per_second": 2, "route_requests_per_second": 1}
    world = await play(limits=limits)
    alice = await world.user(0)
    answers = [await alice.interact(alice.command("a cat")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert len({answer.headers["x-ratelimit-bucket"] for answer in answers}) == 1
    assert [entry["status"] for entry in await world.ledger()] == [204, 204, 429]


async def test_limit_of_a_route_is_that_of_one_channel(play: Play) -> None:
    world = await play(limits={"route_requests_per_second": 1})
    alice = await world.user(0)
    paths = [f"/channels/{alice.account[key]}/messages" for key in ("channel_id", "private_channel_id")]
    statuses = [(await alice.request("GET", path)).status_code for path in (*paths, *paths)]
    assert statuses == [200, 200, 429, 429]


async def test_address_with_too_many_refused_requests_is_shut_out(play: Play) -> None:
    world = await play(limits={"invalid_requests": 3})
    alice, bruno = await world.user(0), await world.user(1)
    for _ in range(2):
        await alice.request("GET", "/users/@me", headers={"Authorization": "nobody"})
    await world.fault("http_status", account=alice.id, status=429, scope="shared")
    assert (await alice.request("GET", "/users/@me")).status_code == 429
    assert (await alice.request("GET", "/users/@me")).status_code == 200, "what others spend is not counted"
    assert (await alice.request("GET", f"/channels/{bruno.channel_id}/messages")).status_code == 403
    banned = await bruno.request("GET", "/users/@me")
    assert (banned.status_code, banned.text) == (429, "error code: 1015")
    assert 0 < int(banned.headers["retry-after"]) <= 600
    assert banned.headers["content-type"].startswith("text/plain")


async def test_gateway_is_told_to_anybody_and_its_limits_to_users(world: World, alice: DiscordUser) -> None:
    told = await world.http.get("/api/v10/gateway")
    assert told.json()["url"] == world.url.replace("http", "ws")
    limits = (await alice.request("GET", "/gateway/bot")).json()["session_start_limit"]
    assert limits == {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    assert (await world.http.get("/api/v9/gateway/bot")).status_code == 401
