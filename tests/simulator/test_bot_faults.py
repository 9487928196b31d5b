"""What is made to go wrong with the bot and its jobs."""

import pytest

from tests.simulator.discord_user import DiscordUser
from tests.simulator.simulated_world import World


async def test_job_is_stopped_after_some_steps(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("stop_job", account=alice.id, steps=2)
    await alice.taken(alice.command("a cat"))
    stopped = await alice.gateway.event("MESSAGE_UPDATE", lambda message: "Stopped" in message["content"])
    assert stopped["components"] == []
    (job,) = await world.jobs()
    assert (job["status"], job["final_id"], job["progress_id"]) == ("stopped", None, stopped["id"])


@pytest.mark.parametrize("steps", [0, 3])
async def test_job_falls_silent_after_some_steps(world: World, connected_alice: DiscordUser, steps: int) -> None:
    alice = connected_alice
    await world.fault("stop_job", account=alice.id, steps=steps, outcome="silent")
    await alice.taken(alice.command("a cat"))
    assert await alice.imagine("a dog"), "the fault hits one job only"
    cat, dog = await world.jobs()
    assert [cat["status"], dog["status"]] == ["running", "finished"]
    assert (cat["progress_id"] is None) is (steps == 0)


async def test_account_draws_by_another_program_as_well(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await world.fault("foreign_jobs", account=alice.id, prompt="a cat", own=True)
    start = await alice.gateway.event("MESSAGE_CREATE")
    assert start["interaction"]["user"]["id"] == alice.id
    assert f"<@{alice.id}>" in (await alice.result())["content"]
    assert await world.ledger() == []


async def test_result_is_lost_while_its_client_is_away(world: World, alice: DiscordUser) -> None:
    await world.fault("lose_while_away", account=alice.id, event="MESSAGE_CREATE", count=None)
    async with alice.session() as gateway:
        await alice.taken(alice.command("a cat"))
        await gateway.event("MESSAGE_CREATE")
        gateway.cut()
    while not (job := (await world.jobs())[0])["final_id"]:
        await world.http.get("/control/health")
    async with alice.connection() as again:
        await alice.resume(again, gateway.session_id, gateway.sequence)
        resumed = await again.until(lambda frame: frame["t"] in {"RESUMED", "MESSAGE_CREATE"})
        assert resumed["t"] == "RESUMED"
    assert job["final_id"] in {message["id"] for message in await alice.history()}


async def test_bot_answers_with_the_notice_that_a_fault_names(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    assert "queue_full" in (await world.http.get("/control/notices")).json()
    await world.fault("bot_notice", account=alice.id, notice="queue_full")
    await alice.taken(alice.command("a cat"))
    notice = await alice.gateway.event("MESSAGE_CREATE")
    assert notice["embeds"][0]["title"] == "Queue full"
    assert await alice.imagine("a dog"), "the fault hits one interaction only"
    assert [entry["refused"] for entry in await world.ledger()] == ["Queue full", None]
