"""What is made to go wrong with requests, on every host."""

import time

import httpx
import pytest

from tests.simulator.discord_user import DiscordUser
from tests.simulator.simulated_world import World


async def test_route_is_refused_as_often_as_the_fault_says(world: World, alice: DiscordUser) -> None:
    await world.fault(
        "http_status", account=alice.id, method="GET", route="/channels/*/messages", status=503, code=130000, count=2
    )
    path = f"/channels/{alice.channel_id}/messages"
    assert (await alice.request("GET", "/users/@me")).status_code == 200
    refused = [await alice.request("GET", path) for _ in range(3)]
    assert [answer.status_code for answer in refused] == [503, 503, 200]
    assert refused[0].json() == {"message": "503: Service Unavailable", "code": 130000}


@pytest.mark.parametrize(
    ("scope", "told"),
    [("user", "You are being"), ("shared", "The resource is being"), ("global", "You are being")],
)
async def test_rate_limit_is_told_as_discord_tells_it(world: World, alice: DiscordUser, scope: str, told: str) -> None:
    await world.fault("http_status", account=alice.id, status=429, retry_after=1.5, scope=scope)
    answer = await alice.request("GET", "/users/@me")
    is_global = scope == "global"
    assert answer.status_code == 429
    assert answer.json() == {
        "message": f"{told} rate limited.",
        "code": 0,
        "retry_after": 1.5,
        "global": is_global,
    }
    assert (answer.headers["retry-after"], answer.headers["x-ratelimit-scope"]) == ("2", scope)
    of_bucket = {"limit", "remaining", "reset", "reset-after", "bucket"}
    expected = {"global", "scope"} if is_global else of_bucket | {"scope"}
    assert {name.removeprefix("x-ratelimit-") for name in answer.headers if "ratelimit" in name} == expected


async def test_interaction_refused_by_its_route_is_in_the_ledger(world: World, alice: DiscordUser) -> None:
    await world.fault("http_status", account=alice.id, route="/interactions", status=500)
    body = alice.command("a cat")
    assert (await alice.interact(body)).status_code == 500
    (entry,) = await world.ledger()
    assert (entry["status"], entry["nonce"], entry["job"]) == (500, body["nonce"], None)


async def test_interaction_cut_off_is_in_the_ledger_without_a_status(world: World, alice: DiscordUser) -> None:
    await world.fault("http_cut", account=alice.id, route="/interactions")
    with pytest.raises(httpx.RemoteProtocolError):
        await alice.interact(alice.command("a cat"))
    (entry,) = await world.ledger()
    assert (entry["status"], entry["refused"], await world.jobs()) == (None, "the connection was cut", [])


async def test_request_is_taken_late(world: World, alice: DiscordUser) -> None:
    await world.fault("http_latency", account=alice.id, seconds=0.2)
    begun = time.monotonic()
    assert (await alice.request("GET", "/users/@me")).status_code == 200
    assert time.monotonic() - begun >= 0.2


async def slot(alice: DiscordUser, size: int) -> str:
    files = [{"id": "0", "filename": "cat.png", "file_size": size}]
    answer = await alice.request("POST", f"/channels/{alice.channel_id}/attachments", json={"files": files})
    return str(answer.json()["attachments"][0]["upload_url"])


async def test_upload_is_cut_off_half_way_and_can_be_repeated(world: World, alice: DiscordUser) -> None:
    url = await slot(alice, 400_000)
    await world.fault("http_cut", account=alice.id, method="PUT", route="/upload/*", after_bytes=100_000)
    with pytest.raises(httpx.HTTPError):
        await world.http.put(url, content=bytes(400_000))
    assert (await world.http.put(url, content=bytes(400_000))).status_code == 200


async def test_picture_is_not_had_when_a_fault_says_so(world: World, connected_alice: DiscordUser) -> None:
    grid = await connected_alice.imagine("a cat")
    await world.fault("http_status", account=connected_alice.id, route="/attachments/*", status=502)
    url = grid["attachments"][0]["url"]
    assert [(await world.http.head(url)).status_code for _ in range(2)] == [502, 200]


async def test_fault_of_one_account_spares_the_others(world: World, alice: DiscordUser) -> None:
    bruno = await world.user(1)
    await world.fault("http_status", account=bruno.id, status=500)
    assert (await alice.request("GET", "/users/@me")).status_code == 200
    assert (await bruno.request("GET", "/users/@me")).status_code == 500


async def test_link_is_written_expired_and_can_be_refreshed(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("expired_links", account=alice.id, count=None)
    url = (await alice.imagine("a cat"))["attachments"][0]["url"]
    assert (await world.http.head(url)).status_code == 404
    refreshed = await alice.request("POST", "/attachments/refresh-urls", json={"attachment_urls": [url]})
    assert (await world.http.head(refreshed.json()["refreshed_urls"][0]["refreshed"])).status_code == 200
