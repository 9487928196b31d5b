import pytest

from tests.simulator.discord_user import DiscordUser, Json
from tests.simulator.simulated_world import Play, World


async def test_simulator_is_healthy(world: World) -> None:
    assert (await world.http.get("/control/health")).status_code == 200


async def test_accounts_have_all_that_a_client_needs(play: Play) -> None:
    world = await play(accounts=2, profile=2023)
    accounts = (await world.http.get("/control/accounts")).json()
    assert len(accounts) == 2
    assert accounts[0].keys() >= {"guild_id", "channel_id", "user_token", "user_id", "username", "bot", "profile"}
    assert all(isinstance(accounts[0][key], str) for key in ("guild_id", "channel_id", "user_id", "bot"))
    assert accounts[0]["user_token"].startswith("sim.")
    assert accounts[0]["profile"] == 2023


async def test_profile_of_one_account_is_changed(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    changed = await world.http.patch(f"/control/accounts/{alice.channel_id}", json={"profile": 2023})
    grid = await alice.imagine("a cat")
    assert (changed.status_code, changed.json()["profile"]) == (200, 2023)
    assert "message_reference" not in grid


async def test_reset_forgets_jobs_messages_ledger_and_faults(play: Play) -> None:
    world = await play()
    alice = await world.user(0)
    async with alice.session():
        await alice.imagine("a cat")
        before = await world.jobs()
        await alice.taken(alice.command("a dog"))
        await world.fault("bot_silent")
        assert (await world.http.post("/control/reset")).status_code == 204
        assert await world.jobs() == await world.ledger() == await alice.history() == []
        assert (await world.http.get("/control/faults")).json() == []
        await alice.imagine("a cat")
        after = await world.jobs()
    assert len(after) == 1
    assert after[0]["id"] not in {job["id"] for job in before}


async def test_job_is_told(world: World, connected_alice: DiscordUser) -> None:
    grid = await connected_alice.imagine("a cat --seed 7")
    (job,) = await world.jobs()
    assert (await world.http.get(f"/control/jobs/{job['id']}")).json() == job
    assert (job["kind"], job["status"], job["seed"], job["final_id"]) == ("imagine", "finished", 7, grid["id"])
    assert (await world.http.get("/control/jobs/none")).status_code == 404


async def test_faults_are_listed_and_taken_down(world: World, alice: DiscordUser) -> None:
    posted = (await world.fault("bot_silent", account=alice.channel_id, count=3)).json()
    other = (await world.fault("no_heartbeat_ack", probability=0.5, count=None)).json()
    assert (posted["left"], posted["account"]) == (3, alice.channel_id)
    assert (await world.http.get("/control/faults")).json() == [posted, other]
    assert (await world.http.delete(f"/control/faults/{posted['id']}")).status_code == 204
    assert (await world.http.delete(f"/control/faults/{posted['id']}")).status_code == 404
    assert (await world.http.delete("/control/faults")).status_code == 204
    assert (await world.http.get("/control/faults")).json() == []


async def test_stranger_draws_in_the_same_channel(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("foreign_jobs", account=alice.id, prompt="a cat", jobs=2)
    starts = [await alice.gateway.event("MESSAGE_CREATE") for _ in range(2)]
    finals = [await alice.result() for _ in range(2)]
    strangers = {message["interaction"]["user"]["id"] for message in starts}
    assert len(strangers) == 1
    assert alice.id not in strangers
    assert all(f"<@{strangers.copy().pop()}>" in final["content"] for final in finals)
    assert await world.ledger() == []


async def test_what_the_bot_tells_a_stranger_is_not_heard_by_others(world: World, connected_alice: DiscordUser) -> None:
    await world.fault("foreign_jobs", account=connected_alice.id, prompt="a cat --foo")
    assert await connected_alice.gateway.quiet() == []


@pytest.mark.parametrize(
    ("route", "body", "status", "mentions"),
    [
        ("POST /control/faults", b"{", 400, "JSON"),
        (
            "POST /control/faults",
            b'{"name": "earthquake"}',
            400,
            "name: 'earthquake' is not known; known are bot_notice, bot_silent, ",
        ),
        ("POST /control/faults", b"{}", 400, "name: is missing; known are bot_notice, bot_silent, "),
        (
            "POST /control/faults",
            b'{"name": "op9", "resumable": "perhaps"}',
            400,
            "op9.resumable: must be true or false, not 'perhaps'",
        ),
        (
            "POST /control/faults",
            b'{"name": "op9", "probability": 2}',
            400,
            "op9.probability: must be at most 1, not 2",
        ),
        ("POST /control/faults", b'{"name": "op9", "answers": 1}', 400, "op9.answers: must be 'resume' or 'identify'"),
        (
            "POST /control/faults",
            b'{"name": "op9", "count": 18446744073709551616}',
            400,
            "op9.count: must be at most 1000000000",
        ),
        ("POST /control/faults", b"[]", 400, "must be an object"),
        ("POST /control/faults", b'{"name": "op7", "account": "1"}', 404, "/control/accounts"),
        (
            "POST /control/faults",
            b'{"name": "bot_silent", "cuont": 1}',
            400,
            "cuont: is not known; known are account, count",
        ),
        ("POST /control/faults", b'{"name": "bot_notice", "notice": "hello"}', 400, "banned_prompt"),
        ("POST /control/step", b'{"steps": 0}', 400, "steps: must be at least 1, not 0"),
        ("POST /control/seed", b"{}", 400, "seed: is missing"),
        ("GET /control/ledger?since=yesterday", b"", 400, "since: expected a number, not 'yesterday'"),
        ("GET /control/ledger?since=nan", b"", 400, "since: expected a number, not 'nan'"),
        ("GET /control/messages?limit=-1", b"", 400, "limit: expected a whole number from 0 on, not '-1'"),
        (f"GET /control/messages?channel={2**63}", b"", 400, "channel: expected a whole number from 0 on"),
        (f"GET /control/messages/{2**63}", b"", 404, "no such message"),
        ("GET /control/jobs?account=1", b"", 404, "/control/accounts"),
        ("GET /control/jobs?status=nonsense", b"", 400, "'nonsense' is not known; known are queued, running, finished"),
        ("GET /control/messages/1", b"", 404, "deleted"),
        ("POST /control/speed", b'{"speed": 0}', 400, "speed: must be greater than 0, not 0"),
        ("POST /control/speed", b'{"speed": 1e400}', 400, "speed: must be at most 1000000"),
        (
            "POST /control/faults",
            b'{"name": "interaction_status", "status": 429, "retry_after": 1e400}',
            400,
            "interaction_status.retry_after: must be at most 3600",
        ),
        ("POST /control/accounts", b'{"profile": 2024}', 400, "profile: must be 2023 or 2026, not 2024"),
        ("PATCH /control/accounts/1", b'{"profile": 2023}', 404, "/control/accounts"),
        ("GET /control/nothing", b"", 404, "Not Found"),
    ],
)
async def test_bad_request_is_refused_with_the_reason(
    world: World, route: str, body: bytes, status: int, mentions: str
) -> None:
    response = await world.http.request(*route.split(), content=body)
    assert response.status_code == status
    assert mentions in response.json()["error"]


@pytest.mark.parametrize("change", [{"fast_hours_used": 1e308}, {"queue": 2**64}, {"concurrency": 2**64}])
async def test_change_beyond_all_measure_is_refused_and_nothing_is_changed(
    world: World, alice: DiscordUser, change: Json
) -> None:
    path = f"/control/accounts/{alice.id}"
    before = (await world.http.get(path)).json()
    refused = await world.http.patch(path, json=change)
    assert (refused.status_code, "must be at most" in refused.json()["error"]) == (400, True)
    assert (await world.http.get(path)).json() == before


async def test_accounts_are_made_and_are_there_after_a_restart(play: Play) -> None:
    world = await play(accounts=1)
    made = await world.http.post("/control/accounts", json={"count": 2, "profile": 2023})
    assert (made.status_code, [account["profile"] for account in made.json()]) == (201, [2023, 2023])
    newcomer = DiscordUser(world.http, made.json()[1])
    async with newcomer.session():
        assert await newcomer.imagine("a cat")
    await world.http.post("/control/reset")
    await world.close()
    today = await play(accounts=1)
    tokens = [account["user_token"] for account in (await today.http.get("/control/accounts")).json()]
    assert tokens[1:] == [account["user_token"] for account in made.json()]


async def test_sessions_messages_and_channels_are_told(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    about = {"account": alice.id}
    (session,) = (await world.http.get("/control/sessions", params=about)).json()
    assert (session["id"], session["user_id"], session["connected"]) == (alice.session_id, alice.id, True)
    grid = await alice.imagine("a cat")
    await alice.taken(alice.command("a cat --foo"))
    refusal = await alice.gateway.event("MESSAGE_CREATE")
    messages = (await world.http.get("/control/messages", params=about)).json()
    assert [messages[0]["id"], messages[1]["id"]] == [refusal["id"], grid["id"]]
    assert (await world.http.get("/control/messages", params=about | {"limit": "1"})).json() == messages[:1]
    assert (await world.http.get(f"/control/messages/{grid['id']}")).json()["content"] == grid["content"]
    channels = {each["id"]: each for each in (await world.http.get("/control/channels", params=about)).json()}
    assert channels[alice.channel_id]["last_message_id"] == grid["id"]


async def test_kinds_of_faults_are_described(world: World) -> None:
    schema = (await world.http.get("/control/faults/kinds")).json()
    assert {"drop_socket", "http_status", "bot_silent"} <= schema["discriminator"]["mapping"].keys()


async def test_jobs_and_ledger_are_told_of_one_account(world: World, alice: DiscordUser) -> None:
    bruno = await world.user(1)
    await alice.taken(alice.command("a cat"))
    await bruno.taken(bruno.command("a dog"))
    jobs = (await world.http.get("/control/jobs", params={"account": bruno.channel_id})).json()
    assert [job["user_id"] for job in jobs] == [bruno.id]
    (entry,) = (await world.http.get("/control/ledger", params={"account": bruno.id})).json()
    after = {"account": bruno.id, "since": entry["time"]}
    assert (entry["job"], (await world.http.get("/control/ledger", params=after)).json()) == (jobs[0]["id"], [])
