"""`mjproxy simulator ...` against a simulator that runs."""

import asyncio
import json

from click.testing import CliRunner, Result

from mjproxy.cli import main
from tests.simulator.simulated_world import World


async def run(world: World, *arguments: str) -> Result:
    address = world.url.removeprefix("http://")
    command = ["simulator", arguments[0], "--simulator", address, *arguments[1:]]
    return await asyncio.to_thread(CliRunner().invoke, main, command, catch_exceptions=False)


async def lines(world: World, *arguments: str) -> list[dict[str, object]]:
    result = await run(world, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


async def test_accounts_are_listed_with_their_tokens(world: World) -> None:
    alice = await world.user(0)
    assert alice.account in await lines(world, "accounts")
    row = next(row for row in (await run(world, "accounts")).stdout.splitlines() if row.startswith(alice.id))
    assert row.split("\t")[-1] == alice.token


async def test_ledger_and_jobs_of_one_account_are_listed(world: World) -> None:
    alice = await world.user(0)
    await alice.taken(alice.command("a cat"))
    (entry,) = await lines(world, "ledger", "--account", alice.channel_id)
    (job,) = await lines(world, "jobs", "--account", alice.id)
    assert (entry["job"], entry["prompt"]) == (job["id"], "a cat")
    assert await lines(world, "ledger", "--account", alice.id, "--since", str(entry["time"])) == []


async def test_fault_is_armed_listed_and_taken_down(world: World) -> None:
    alice = await world.user(0)
    armed = await run(world, "fault", "http_status", "status=503", f"account={alice.id}", "route=/users/@me")
    assert armed.stdout.startswith("armed as ")
    (posted,) = [each for each in await lines(world, "faults") if each["account"] == alice.id]
    assert (posted["name"], posted["status"], posted["route"]) == ("http_status", 503, "/users/@me")
    assert (await alice.request("GET", "/users/@me")).status_code == 503
    assert (await run(world, "fault", "op7", f"account={alice.id}")).stdout == "done\n"


async def test_fault_that_does_not_exist_is_refused_with_those_that_do(world: World) -> None:
    refused = await run(world, "fault", "nope")
    assert refused.exit_code == 3
    assert refused.stderr.startswith("Error: name: 'nope' is not known; known are bot_notice, bot_silent, close_code, ")


async def test_fault_that_makes_no_sense_is_refused_with_the_reason(world: World) -> None:
    refused = await run(world, "fault", "op9", "resumable=perhaps")
    assert (refused.exit_code, "resumable" in refused.stderr) == (3, True)
    assert (await run(world, "fault", "op9", "resumable")).exit_code == 2


def test_absent_simulator_is_told_with_advice() -> None:
    result = CliRunner().invoke(main, ["simulator", "--simulator", "127.0.0.1:1", "jobs"])
    assert result.exit_code == 7
    assert "no simulator answers at 127.0.0.1:1" in result.stderr
