"""What a client sees when the bot does not draw: moderation, plans, hours, the queue, and jobs that are given up."""

import pytest

from mjproxy_simulator.bot.notices import NOTICES, Moment
from tests.simulator.bot_user import BotUser
from tests.simulator.discord_user import DiscordUser, Json, buttons
from tests.simulator.simulated_world import Play, World

AT_ONCE = [name for name, notice in NOTICES.items() if notice.moment is Moment.AT_ONCE]
LATER = [name for name, notice in NOTICES.items() if notice.moment is not Moment.AT_ONCE]


@pytest.fixture
async def user(connected_alice: DiscordUser) -> BotUser:
    return BotUser(connected_alice)


async def imagine(user: BotUser, prompt: str) -> str:
    return await user.command("imagine", options=[{"type": 3, "name": "prompt", "value": prompt}])


def title(message: Json) -> str:
    return str(message["embeds"][0]["title"]) if message["embeds"] else str(message["content"])


@pytest.mark.parametrize("name", AT_ONCE)
async def test_notice_comes_instead_of_a_job_when_the_prompt_asks_for_it(
    world: World, user: BotUser, name: str
) -> None:
    nonce = await imagine(user, f"a cat simulate:{name}")
    message = await user.start()
    notice = NOTICES[name]
    assert title(message) == (notice.title or "Failed to process your command :c")
    assert (message["nonce"], message["flags"]) == (nonce, 64)
    if notice.title:
        assert message["embeds"][0]["color"] == 16711680
        assert message["embeds"][0]["footer"]["text"].startswith("/imagine a cat")
    assert await world.jobs() == []


@pytest.mark.parametrize("name", LATER)
async def test_job_that_has_begun_is_given_up(world: World, user: BotUser, name: str) -> None:
    await imagine(user, f"a cat simulate:{name}")
    start = await user.start()
    if NOTICES[name].moment is Moment.REPLY:
        message = await user.start()
        assert message["message_reference"]["message_id"] == start["id"]
    else:
        message = await user.gateway.event("MESSAGE_UPDATE", lambda message: message["embeds"])
        assert message["id"] == start["id"]
    assert title(message) == NOTICES[name].title
    assert message["embeds"][0]["footer"]["text"].startswith("decline-") is (name == "output_filters")
    await user.gateway.quiet()
    assert [job["status"] for job in await world.jobs()] == ["failed"]


async def test_notice_comes_when_a_fault_names_it(world: World, user: BotUser) -> None:
    await world.fault("bot_notice", notice="queue_full", account=user.id)
    await user.command("settings")
    await user.gateway.event("MESSAGE_UPDATE")
    await imagine(user, "a cat")
    assert title(await user.start()) == "Queue full"
    assert "a cat" in (await user.imagine("a cat"))["content"]


async def test_appeal_is_heard_and_the_job_begins(user: BotUser) -> None:
    await imagine(user, "a cat simulate:action_needed")
    notice = await user.start()
    assert buttons(notice)[0]["custom_id"].startswith("MJ::Prompts::Appeal::")
    nonce = await user.press(notice, "Appeal")
    start = await user.start()
    final = await user.result()
    assert start["nonce"] == nonce
    assert final["content"].startswith("**a cat simulate:action_needed --v 7.0** - ")
    assert final["message_reference"]["message_id"] == start["id"]


async def test_appeal_of_a_button_does_what_the_button_does(world: World, user: BotUser) -> None:
    grid = await appealed_grid(user)
    await user.press(grid, "U2")
    notice = await user.start()
    assert title(notice) == "Action needed to continue"
    nonce = await user.press(notice, "Appeal")
    start = await user.start()
    final = await user.result()
    assert (start["nonce"], start["message_reference"]["message_id"]) == (nonce, grid["id"])
    assert final["content"].endswith(f"- Image #2 <@{user.id}>")
    assert [job["kind"] for job in await world.jobs()] == ["imagine", "upscale"]


async def test_appeal_of_a_form_sends_it_in_again(world: World, user: BotUser) -> None:
    await user.command("prefer", options=[{"type": 1, "name": "remix", "options": []}])
    await user.start()
    modal = await user.open(await user.imagine("a cat"), "V1")
    await user.submit(modal, "a dog simulate:action_needed")
    await user.press(await user.start(), "Appeal")
    assert "**a dog simulate:action_needed --v 7.0** - Remix (Strong) by" in (await user.result())["content"]
    assert [job["kind"] for job in await world.jobs()] == ["imagine", "variation"]


async def test_appeal_that_is_refused_can_be_made_again(world: World, user: BotUser) -> None:
    grid = await appealed_grid(user)
    await user.press(grid, "V3")
    first = await user.start()
    await world.fault("bot_notice", notice="action_needed", account=user.id)
    await user.press(first, "Appeal")
    await user.press(await user.start(), "Appeal")
    assert "- Variations (Strong) by" in (await user.result())["content"]


async def test_appeal_of_a_button_whose_message_is_gone_is_refused(user: BotUser) -> None:
    grid = await appealed_grid(user)
    await user.press(grid, "U1")
    notice = await user.start()
    await user.request("DELETE", f"/channels/{user.channel_id}/messages/{grid['id']}")
    await user.press(notice, "Appeal")
    assert title(await user.start()) == "Sorry, something went wrong"


async def appealed_grid(user: BotUser) -> Json:
    """Let the bot draw a prompt that it refuses at first, every time."""
    await imagine(user, "a cat simulate:action_needed")
    await user.press(await user.start(), "Appeal")
    return await user.result()


async def test_account_is_held_until_the_action_that_it_has_to_take_is_confirmed(world: World, user: BotUser) -> None:
    await imagine(user, "a cat simulate:action_required")
    notice = await user.start()
    await user.press(notice, "Continue")
    frame = await user.gateway.event("INTERACTION_IFRAME_MODAL_CREATE")
    page = await world.http.get(frame["iframe_path"])
    assert (frame["title"], page.status_code) == ("Action required to continue", 200)
    assert frame["custom_id"].startswith("MJ::iframe::")
    await imagine(user, "a dog")
    assert title(await user.start()) == "Action required to continue"
    assert (await world.change(user.id, hold=None))["hold"] is None
    assert "a dog" in (await user.imagine("a dog"))["content"]


async def test_button_of_another_notice_does_not_let_a_held_account_go(world: World, user: BotUser) -> None:
    await imagine(user, "a cat simulate:pending_mod_message")
    pending = await user.start()
    await world.change(user.id, hold="action_required")
    await user.press(pending, "Acknowledge")
    await user.gateway.event("MESSAGE_UPDATE")
    await imagine(user, "a dog")
    assert title(await user.start()) == "Action required to continue"


async def test_pending_message_is_acknowledged(user: BotUser) -> None:
    await imagine(user, "a cat simulate:pending_mod_message")
    notice = await user.start()
    await user.press(notice, "Acknowledge")
    done = await user.gateway.event("MESSAGE_UPDATE")
    assert (done["id"], done["embeds"][0]["color"], done["components"]) == (notice["id"], 65280, [])


async def test_user_without_a_plan_cannot_draw(play: Play) -> None:
    world = await play(plan="none")
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        await imagine(user, "a cat")
        assert title(await user.start()) == "Subscription required"
        await user.command("info")
        told = await user.gateway.event("MESSAGE_UPDATE")
        assert "**Subscription**: None" in told["embeds"][0]["description"]


async def test_plan_without_relaxed_mode_and_stealth_says_so(play: Play) -> None:
    world = await play(plan="basic")
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        for command in ("relax", "stealth"):
            await user.command(command)
            assert title(await user.start()) == "Job action restricted"


async def test_fast_hours_run_out_and_relaxed_jobs_go_on(play: Play) -> None:
    world = await play(plan="standard", speed=1000.0, limits={"interactions_per_second": 1000})
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        solo = await user.solo("a cat")
        await world.change(user.id, fast_hours_used=14.9)
        await user.press(solo, "Animate (Low motion)")
        if (await user.start())["content"]:
            await user.result()
        await user.press(solo, "Animate (Low motion)")
        message = await user.start()
        assert title(message) == "Credits exhausted"
        await user.command("info")
        told = await user.gateway.event("MESSAGE_UPDATE", lambda each: each["embeds"])
        assert "**Fast Time Remaining**: 0.00/15.0 hours (0.00%)" in told["embeds"][0]["description"]
        await user.command("relax")
        await user.press(solo, "Animate (Low motion)")
        assert "(relaxed)" in (await user.result())["content"]


async def test_queue_that_is_full_refuses_even_before_the_bot_has_answered(play: Play) -> None:
    world = await play(concurrency=1, queue=1, speed=0.01, limits={"bot_latency": 0.2})
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        for _ in range(3):
            await imagine(user, "a cat")
        titles = [title(await user.start()) for _ in range(3)]
    assert titles[0].endswith("(Waiting to start)")
    assert titles[1:] == ["Job queued", "Queue full"]


async def test_plan_says_how_many_jobs_run_at_once(play: Play) -> None:
    world = await play(plan="basic", speed=0.01)
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        for _ in range(4):
            await imagine(user, "a cat")
        titles = [title(await user.start()) for _ in range(4)]
    assert titles[3] == "Job queued"
    assert all(each.endswith("(Waiting to start)") for each in titles[:3])
