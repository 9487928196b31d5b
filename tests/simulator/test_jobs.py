"""The bot over real sockets: what a client sees of a job, from the command to the picture."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.simulator.discord_user import DiscordUser, buttons, custom_id
from tests.simulator.simulated_world import Play, World

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def part(pattern: str, text: str) -> str:
    """Return the group of a pattern that the whole text has to fit."""
    match = re.fullmatch(pattern, text)
    assert match, f"{text!r} does not fit {pattern!r}"
    return match[1]


async def test_imagine_of_2026_is_answered_started_shown_and_finished(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    nonce = await alice.taken(alice.command("a  cat — ar 3:2".replace("— ", "—")))
    created = await alice.gateway.next()
    succeeded = await alice.gateway.next()
    start = await alice.gateway.event("MESSAGE_CREATE")
    assert (created["t"], created["d"].keys()) == ("INTERACTION_CREATE", {"id", "nonce"})
    assert (succeeded["t"], succeeded["d"]) == ("INTERACTION_SUCCESS", created["d"])
    assert created["d"]["nonce"] == start["nonce"] == nonce
    assert start["content"] == f"**a cat --ar 3:2 --v 7.0** - <@{alice.id}> (Waiting to start)"
    assert start["interaction_metadata"]["id"] == start["interaction"]["id"] == created["d"]["id"]
    assert start["guild_id"] == alice.account["guild_id"]

    shown = rf"\*\*a cat --ar 3:2 --v 7\.0\*\* - <@{alice.id}> \((\d+)%\) \(fast\)"
    seen = []
    while (frame := await alice.gateway.next())["t"] == "MESSAGE_UPDATE":
        assert frame["d"]["id"] == start["id"]
        assert "nonce" not in frame["d"]
        percent = int(part(shown, frame["d"]["content"]))
        seen.append((percent, [each["filename"] for each in frame["d"]["attachments"]]))
    final = frame["d"]
    job = part(rf"{alice.name}_a_cat_({UUID})\.webp", final["attachments"][0]["filename"])
    assert [percent for percent, _ in seen] == sorted({percent for percent, _ in seen})
    assert all(names == ([f"{job}_grid_0.webp"] if percent >= 35 else []) for percent, names in seen)
    assert final["content"] == (
        f"**a cat --ar 3:2 --v 7.0** - <@{alice.id}> [(Open on website for full quality)]"
        f"(<https://midjourney.com/jobs/{job}>) (fast)"
    )
    assert final["message_reference"]["message_id"] == final["referenced_message"]["id"] == start["id"]
    assert "nonce" not in final
    assert "interaction_metadata" not in final
    assert [each["id"] for each in final["mentions"]] == [alice.id]
    rows = [[each.get("custom_id", each.get("url")) for each in row["components"]] for row in final["components"]]
    assert rows == [
        [*(f"MJ::JOB::upsample::{n}::{job}" for n in range(1, 5)), f"MJ::JOB::reroll::0::{job}::SOLO"],
        [*(f"MJ::JOB::variation::{n}::{job}" for n in range(1, 5)), f"https://www.midjourney.com/jobs/{job}"],
    ]


async def test_imagine_of_2023_deletes_its_progress_and_ends_without_reference(play: Play) -> None:
    alice = await (await play(profile=2023)).user(0)
    async with alice.session():
        await alice.taken(alice.command("a cat"))
        start = await alice.gateway.event("MESSAGE_CREATE")
        deleted = await alice.gateway.event("MESSAGE_DELETE")
        final = await alice.gateway.event("MESSAGE_CREATE")
        history = await alice.history()
    assert deleted == {"id": start["id"], "channel_id": alice.channel_id, "guild_id": alice.account["guild_id"]}
    assert final["content"] == f"**a cat --v 5.2** - <@{alice.id}> (fast)"
    assert re.fullmatch(rf"alice_a_cat_{UUID}\.png", final["attachments"][0]["filename"])
    assert "message_reference" not in final
    assert [each["id"] for each in history] == [final["id"]]


@pytest.mark.parametrize("profile", [2023, 2026])
async def test_upscale_crops_the_very_picture_that_was_pressed(play: Play, profile: int) -> None:
    alice = await (await play(profile=profile)).user(0)
    async with alice.session():
        grid = await alice.imagine("a cat")
        nonce = await alice.taken(alice.press(grid, custom_id(grid, "U3")))
        start = await alice.gateway.event("MESSAGE_CREATE")
        marked = await alice.gateway.event("MESSAGE_UPDATE", lambda message: message["id"] == grid["id"])
        final = await alice.result()
        whole, cell = await alice.download(grid), await alice.download(final)
    prompt = grid["content"].split("**")[1]
    cancel = buttons(start)[0]
    job = part(rf".*_({UUID})\.png", final["attachments"][0]["filename"])
    assert start["nonce"] == nonce
    assert start["content"] == f"Upscaling image #3 with **{prompt}** - <@{alice.id}> (Waiting to start)"
    assert (
        start["interaction_metadata"]["interacted_message_id"] == start["message_reference"]["message_id"] == grid["id"]
    )
    assert "interaction" not in start
    assert start["flags"] == (64 if profile == 2023 else 0)
    assert (cancel["custom_id"], cancel["style"]) == (f"MJ::CancelJob::ByJobid::{job}", 4)
    assert [each["custom_id"] for each in buttons(marked) if each["style"] == 1] == [custom_id(grid, "U3")]
    assert final["content"] == f"**{prompt}** - Image #3 <@{alice.id}>"
    assert final["message_reference"]["message_id"] == grid["id"]
    assert f"MJ::JOB::low_variation::1::{job}::SOLO" in [each.get("custom_id") for each in buttons(final)]
    if profile == 2023:  # WebP, which grids have since 2026, does not keep pixels.
        expected = Image.open(io.BytesIO(whole)).crop((0, 512, 512, 1024))
        assert np.array_equal(np.asarray(expected), np.asarray(Image.open(io.BytesIO(cell))))


@pytest.mark.parametrize(("profile", "action"), [(2023, "Variations by"), (2026, "Variations (Strong) by")])
async def test_variation_answers_the_grid_and_is_a_grid_itself(play: Play, profile: int, action: str) -> None:
    alice = await (await play(profile=profile)).user(0)
    async with alice.session():
        grid = await alice.imagine("a cat")
        await alice.taken(alice.press(grid, custom_id(grid, "V2")))
        start = await alice.gateway.event("MESSAGE_CREATE")
        shown = await alice.gateway.event("MESSAGE_UPDATE", lambda message: "%" in message["content"])
        final = await alice.result()
    prompt = grid["content"].split("**")[1]
    waiting = f"Making variations for image #2 with prompt **{prompt}** - <@{alice.id}> (Waiting to start)"
    assert start["content"] == waiting
    assert re.fullmatch(rf"{re.escape(f'**{prompt}** - {action} <@{alice.id}>')} \(\d+%\) \(fast\)", shown["content"])
    assert final["content"].startswith(f"**{prompt}** - {action} <@{alice.id}>")
    assert final["message_reference"]["message_id"] == grid["id"]
    assert {each.get("label") for each in buttons(final)} >= {"U1", "V4"}


async def test_reroll_draws_other_pictures_of_the_same_prompt(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    grid = await alice.imagine("a cat")
    await alice.taken(alice.press(grid, custom_id(grid, "🔄")))
    start = await alice.gateway.event("MESSAGE_CREATE")
    final = await alice.result()
    assert start["content"] == f"**a cat --v 7.0** - <@{alice.id}> (Waiting to start)"
    assert final["message_reference"]["message_id"] == grid["id"]
    assert await alice.download(final) != await alice.download(grid)


async def test_job_stops_when_cancelled(play: Play) -> None:
    world = await play(speed=20.0)
    alice = await world.user(0)
    async with alice.session():
        grid = await alice.imagine("a cat")
        await alice.taken(alice.press(grid, custom_id(grid, "V1")))
        start = await alice.gateway.event("MESSAGE_CREATE")
        await alice.taken(alice.press(start, custom_id(start, "Cancel Job")))
        stopped = await alice.gateway.event("MESSAGE_UPDATE", lambda message: "Stopped" in message["content"])
        again = await alice.interact(alice.press(stopped, custom_id(start, "Cancel Job")))
    assert stopped["content"] == f"**a cat --v 7.0** - Variations (Strong) by <@{alice.id}> (Stopped)"
    assert stopped["id"] == start["id"]
    assert again.status_code == 400, "the button is gone"
    assert [job["status"] for job in await world.jobs()] == ["finished", "stopped"]


async def test_job_that_is_over_cannot_be_cancelled(connected_alice: DiscordUser) -> None:
    alice = connected_alice
    grid = await alice.imagine("a cat")
    await alice.taken(alice.press(grid, custom_id(grid, "V1")))
    start = await alice.gateway.event("MESSAGE_CREATE")
    await alice.result()
    await alice.taken(alice.press(start, custom_id(start, "Cancel Job")))
    notice = await alice.gateway.event("MESSAGE_CREATE")
    assert (notice["embeds"][0]["title"], notice["flags"]) == ("Job action restricted", 64)


async def test_job_is_queued_when_as_many_run_as_may(play: Play) -> None:
    world = await play(concurrency=1)
    alice = await world.user(0)
    async with alice.session():
        await alice.taken(alice.command("a cat"))
        nonce = await alice.taken(alice.command("a dog"))
        notice = await alice.gateway.event("MESSAGE_CREATE", lambda message: message["embeds"])
        first = await alice.result()
        start = await alice.gateway.event("MESSAGE_CREATE")
        second = await alice.result()
    embed = notice["embeds"][0]
    assert (embed["title"], embed["color"]) == ("Job queued", 16776960)
    assert embed["footer"]["text"] == "/imagine a dog --v 7.0"
    assert (notice["nonce"], notice["flags"]) == (nonce, 64)
    assert "a cat" in first["content"]
    assert start["content"].endswith("(Waiting to start)")
    assert "nonce" not in start
    assert "a dog" in second["content"]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("a cat --foo 3", "Invalid parameter"),
        ("a cat --ar square", "Invalid parameter"),
        ("a nude cat", "Banned prompt detected"),
        ("https://pictures.invalid/cat.png a cat", "Invalid link"),
        ("--ar 3:2", "Empty prompt"),
    ],
)
async def test_prompt_is_refused_to_the_user_alone(connected_alice: DiscordUser, prompt: str, title: str) -> None:
    alice = connected_alice
    nonce = await alice.taken(alice.command(prompt))
    message = await alice.gateway.event("MESSAGE_CREATE")
    embed = message["embeds"][0]
    assert (message["nonce"], message["flags"], message["content"]) == (nonce, 64, "")
    assert (embed["title"], embed["color"], embed["footer"]["text"]) == (title, 16711680, f"/imagine {prompt}")
    assert "guild_id" not in message
    assert await alice.history() == []


async def test_equal_prompts_at_the_same_time_are_jobs_of_their_own(play: Play) -> None:
    world = await play(concurrency=12)
    alice = await world.user(0)
    async with alice.session():
        for _ in range(20):
            await alice.taken(alice.command("a cat"))
        finals = [await alice.result() for _ in range(20)]
    jobs = {part(rf".*_({UUID})\.webp", final["attachments"][0]["filename"]) for final in finals}
    assert jobs == {job["id"] for job in await world.jobs()}
    assert len(jobs) == 20


async def test_speed_changes_running_jobs(play: Play) -> None:
    world = await play(speed=0.001)
    alice = await world.user(0)
    async with alice.session():
        await alice.taken(alice.command("a cat"))
        await alice.gateway.event("MESSAGE_CREATE")
        answer = await world.http.post("/control/speed", json={"speed": 500})
        assert answer.json()["speed"] == 500
        assert "a cat" in (await alice.result())["content"]


async def test_messages_reach_only_the_owner_of_the_channel(world: World) -> None:
    alice, bruno = await world.user(0), await world.user(1)
    async with alice.session(), bruno.session() as other:
        await alice.imagine("a cat")
        assert await other.quiet() == []
