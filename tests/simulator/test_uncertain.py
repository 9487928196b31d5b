"""What is uncertain about the real ones is played as the switches say: what a client sees with each value of each.

Every check looks at one point with the values in the order in which `Uncertain` lists them, the usual one first.
"""

import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from mjproxy_simulator.settings import Settings
from mjproxy_simulator.uncertain import USUAL, Uncertain
from tests.simulator.bot_user import BotUser
from tests.simulator.discord_user import MIDJOURNEY, DiscordUser, Json, buttons, custom_id
from tests.simulator.simulated_world import Play, World

Check = Callable[[World, BotUser], Awaitable[object]]
CHECKS: dict[str, tuple[Check, Sequence[object]]] = {}


def values_of(name: str) -> tuple[object, ...]:
    """Return the values that a switch can have, the usual one first."""
    annotation = Uncertain.model_fields[name].annotation
    usual = getattr(USUAL, name)
    return (usual, not usual) if annotation is bool else get_args(annotation)


def seen(*expected: object) -> Callable[[Check], Check]:
    """Make a function the check of the switch of its name; this is what it returns with each of the values."""

    def register(check: Check) -> Check:
        CHECKS[check.__name__] = (check, expected)
        return check

    return register


CASES = [
    pytest.param(name, value, place, id=f"{name}={value}")
    for name in Uncertain.model_fields
    for place, value in enumerate(values_of(name))
]


@pytest.fixture
async def user(world: World, connected_alice: DiscordUser) -> AsyncIterator[BotUser]:
    yield BotUser(connected_alice)
    await world.http.delete("/control/uncertain")


async def switch(world: World, **changes: object) -> Json:
    response = await world.http.patch("/control/uncertain", json=changes)
    response.raise_for_status()
    switched: Json = response.json()
    return switched


@pytest.mark.parametrize(("name", "value", "place"), CASES)
async def test_point_is_played_as_the_switch_says(
    world: World, user: BotUser, name: str, value: object, place: int
) -> None:
    check, expected = CHECKS[name]
    assert (await switch(world, **{name: value}))[name] == value
    assert await check(world, user) == expected[place]


def test_every_point_has_a_check_that_tells_all_its_values_apart() -> None:
    assert list(CHECKS) == list(Uncertain.model_fields)
    for name, (_, expected) in CHECKS.items():
        assert len(set(map(repr, expected))) == len(expected) == len(values_of(name)), name
        assert getattr(USUAL, name) == values_of(name)[0]


def test_documentation_lists_every_point_with_its_values() -> None:
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    for name in Uncertain.model_fields:
        values = ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values_of(name))
        assert f"| `{name}` | {values} |" in text, name


def prompt(text: str) -> list[Json]:
    return [{"type": 3, "name": "prompt", "value": text}]


def echo(message: Json) -> str:
    """Return what the bot has made of a prompt."""
    return str(message["content"].removeprefix("**").partition("** - ")[0])


def notice_title(message: Json) -> str:
    return str(message["embeds"][0]["title"])


async def events(user: BotUser, last: str) -> list[str]:
    """Return the types of the events up to one."""
    told: list[str] = []
    while not told or told[-1] != last:
        told.append(str((await user.gateway.next())["t"]).removeprefix("INTERACTION_"))
    return told


def mask() -> str:
    file = io.BytesIO()
    Image.new("L", (64, 64), 255).save(file, "WEBP")
    return base64.b64encode(file.getvalue()).decode()


# Interactions


@seen(["CREATE", "SUCCESS", "MESSAGE_CREATE"], ["CREATE", "MESSAGE_CREATE", "SUCCESS"])
async def success_event(world: World, user: BotUser) -> object:
    await user.command("fast")
    return [str((await user.gateway.next())["t"]).removeprefix("INTERACTION_") for _ in range(3)]


@seen(["CREATE", "SUCCESS", "MODAL_CREATE"], ["CREATE", "MODAL_CREATE", "SUCCESS"], ["CREATE", "MODAL_CREATE"])
async def form_success(world: World, user: BotUser) -> object:
    solo = await user.solo("a cat")
    await user.gateway.quiet()
    await user.press(solo, "Custom Zoom")
    first = await events(user, "MODAL_CREATE")
    return first + [str(frame["t"]).removeprefix("INTERACTION_") for frame in await user.gateway.quiet()]


@seen({"id", "nonce", "reason_code"}, {"id", "nonce"})
async def failure_reason(world: World, user: BotUser) -> object:
    await world.fault("bot_silent", account=user.id)
    await user.command("fast")
    return set(await user.gateway.event("INTERACTION_FAILURE"))


@seen(192, 64)
async def deferred_answers(world: World, user: BotUser) -> object:
    await user.command("info")
    return (await user.start())["flags"]


@seen((400, 50035), (404, 10008))
async def unknown_component(world: World, user: BotUser) -> object:
    answer = await user.interact(user.pressing(await user.imagine("a cat"), "MJ::none"))
    return answer.status_code, answer.json()["code"]


@seen(400, 204)
async def other_message_flags(world: World, user: BotUser) -> object:
    grid = await user.imagine("a cat")
    return (await user.interact(user.pressing(grid, custom_id(grid, "U1"), message_flags=64))).status_code


@seen("INTERACTION_APPLICATION_COMMAND_INVALID_VERSION", "APPLICATION_COMMAND_UNKNOWN")
async def outdated_command(world: World, user: BotUser) -> object:
    answer = await user.interact(user.call(await user.described("fast") | {"version": "1"}, []))
    found = answer.json()["errors"]["data"]
    return found.get("id", found)["_errors"][0]["code"]


@seen(MIDJOURNEY, "1090660574196674713")
async def command_order(world: World, user: BotUser) -> object:
    index = await user.request("GET", "/users/@me/application-command-index")
    return index.json()["application_commands"][-1]["application_id"]


# The form of messages


@seen({"interaction", "interaction_metadata"}, {"interaction_metadata"}, {"interaction"})
async def interaction_fields(world: World, user: BotUser) -> object:
    await user.command("fast")
    return {key for key in await user.start() if key.startswith("interaction")}


@seen(20, 0)
async def command_message_type(world: World, user: BotUser) -> object:
    await user.command("fast")
    return (await user.start())["type"]


@seen(False, True)
async def message_updates(world: World, user: BotUser) -> object:
    await user.command("imagine", options=prompt("a cat"))
    update = await user.edited("%")
    return set(update) == {"id", "channel_id", "guild_id", "content", "edited_timestamp"}


# Prompts


@seen("a cat --ar 3:2 --v 7.0", "a  cat —ar 3:2")
async def prompt_echo(world: World, user: BotUser) -> object:
    return echo(await user.imagine("a  cat —ar 3:2"))


@seen("a cat --ar 3:2 --s 50 --v 7.0", "a cat --s 50 --ar 3:2 --v 7.0")
async def parameter_order(world: World, user: BotUser) -> object:
    return echo(await user.imagine("a cat --s 50 --ar 3:2"))


@seen("a cat --v 7.0", "a cat --q 1 --v 7.0")
async def default_values(world: World, user: BotUser) -> object:
    return echo(await user.imagine("a cat --q 1"))


@seen("a cat --v 7.0", "a cat --v 7.0 --turbo")
async def mode_parameters(world: World, user: BotUser) -> object:
    return echo(await user.imagine("a cat --turbo"))


@seen("a *cat* --v 7.0", r"a \*cat\* --v 7.0")
async def markdown(world: World, user: BotUser) -> object:
    return echo(await user.imagine("a *cat*"))


@seen(True, False)
async def film_prompt(world: World, user: BotUser) -> object:
    await user.press(await user.solo("a cat"), "Animate (Low motion)")
    return "s.mj.run" in (await user.result())["content"]


# Jobs and their messages


@seen([0, 64], [0, 0], [64, 64])
async def button_progress(world: World, user: BotUser) -> object:
    flags = []
    for profile in (2026, 2023):
        await world.change(user.id, profile=profile)
        await user.press(await user.imagine("a cat"), "V1")
        flags.append((await user.start())["flags"])
        await user.result()
    return flags


@seen(False, True)
async def upscale_start(world: World, user: BotUser) -> object:
    await user.press(await user.imagine("a cat"), "U1")
    frame = await user.gateway.until(
        lambda frame: frame["t"] == "MESSAGE_DELETE" or "- Image #1" in frame["d"].get("content", "")
    )
    return frame["t"] == "MESSAGE_DELETE"


@seen("%", "paused")
async def relaxed_wait(world: World, user: BotUser) -> object:
    await world.change(user.id, mode="relaxed")
    await user.command("imagine", options=prompt("a cat"))
    await user.start()
    update = await user.gateway.event("MESSAGE_UPDATE")
    await world.http.post("/control/step", json={"steps": 20})
    return "paused" if update["content"].endswith("> (paused) (relaxed)") else "%"


@seen(("MESSAGE_CREATE", False), ("MESSAGE_CREATE", True), ("MESSAGE_UPDATE", False))
async def queued_start(world: World, user: BotUser) -> object:
    await world.change(user.id, concurrency=1)
    for text in ("a cat", "a dog"):
        await user.command("imagine", options=prompt(text))
    frame = await user.gateway.until(lambda frame: frame["d"].get("content", "").startswith("**a dog"))
    assert "(Waiting to start)" in frame["d"]["content"]
    await user.gateway.event("MESSAGE_CREATE", lambda message: "a dog" in message["content"] and message["attachments"])
    return frame["t"], "nonce" in frame["d"]


@seen(True, False)
async def previews(world: World, user: BotUser) -> object:
    await user.command("imagine", options=prompt("a cat"))
    updates = []
    while (frame := await user.gateway.next())["t"] != "MESSAGE_CREATE" or not frame["d"]["attachments"]:
        updates.append(frame["d"])
    return any(update.get("attachments") for update in updates)


@seen(["reply", "edit"], ["reply", "reply"], ["edit", "edit"])
async def give_up(world: World, user: BotUser) -> object:
    ways = []
    for name in ("could_not_complete", "went_wrong_in_progress"):
        await user.command("imagine", options=prompt(f"a cat simulate:{name}"))
        frame = await user.gateway.until(lambda frame: frame["d"].get("embeds"))
        ways.append("reply" if frame["t"] == "MESSAGE_CREATE" else "edit")
    return ways


async def marked(world: World, user: BotUser) -> tuple[object, Json]:
    """Mark a region; return what the page is answered, and the start message."""
    await user.press(await user.solo("a cat"), "Vary (Region)")
    frame = await user.gateway.event("INTERACTION_IFRAME_MODAL_CREATE")
    token = frame["custom_id"].removeprefix("MJ::iframe::")
    body = {"mask": mask(), "prompt": "a red hat"}
    answer = await world.http.post(f"/.proxy/inpaint/api/submit-job/{token}", json=body)
    return answer.json(), await user.start()


@seen({"success": True}, {})
async def region_answer(world: World, user: BotUser) -> object:
    return (await marked(world, user))[0]


@seen(True, False)
async def region_metadata(world: World, user: BotUser) -> object:
    return "interaction_metadata" in (await marked(world, user))[1]


@seen(False, True)
async def final_metadata(world: World, user: BotUser) -> object:
    return "interaction_metadata" in await user.imagine("a cat")


@seen("source", "progress", "none")
async def button_result_reference(world: World, user: BotUser) -> object:
    grid = await user.imagine("a cat")
    await user.press(grid, "V1")
    start, final = await user.start(), await user.result()
    reference = final.get("message_reference", {}).get("message_id")
    return {grid["id"]: "source", start["id"]: "progress", None: "none"}[reference]


@seen(1, 2)
async def reroll_mark(world: World, user: BotUser) -> object:
    grid = await user.imagine("a cat")
    await user.press(grid, "🔄")
    await user.result()
    (now,) = [message for message in await user.history() if message["id"] == grid["id"]]
    return next(each["style"] for each in buttons(now) if "reroll" in each.get("custom_id", ""))


@seen("turbo", "fast")
async def follow_up_mode(world: World, user: BotUser) -> object:
    grid = await user.imagine("a cat")
    await world.change(user.id, mode="turbo")
    await user.press(grid, "V1")
    return (await user.result())["content"].rpartition("(")[2].removesuffix(")")


@seen("> [(Open on website for full quality)](<", "> (Open on website for full quality) (fast)", "> (fast)")
async def website_link(world: World, user: BotUser) -> object:
    content = (await user.imagine("a cat"))["content"]
    return content[content.index("> ") :].partition("https")[0]


async def enlarged(user: BotUser) -> str:
    await user.press(await user.solo("a cat"), "Upscale (Subtle)")
    return str((await user.result())["content"])


@seen("- Upscaled (Subtle) by", "- Upscaled by")
async def upscale_variant_named(world: World, user: BotUser) -> object:
    return (await enlarged(user)).partition("** ")[2].partition(" <@")[0]


@seen(False, True)
async def upscale_footer(world: World, user: BotUser) -> object:
    return "\n-# Create, explore" in await enlarged(user)


@seen([2, 3, 3, 4, 4], [5, 5, 5, 1])
async def solo_rows(world: World, user: BotUser) -> object:
    return [len(row["components"]) for row in (await user.solo("a cat"))["components"]]


# What else the bot says


@seen([0, 0], [64, 64])
async def words_visibility(world: World, user: BotUser) -> object:
    await user.command("shorten", options=prompt("a cat in the hat"))
    start = await user.start()
    return [start["flags"] & 64, (await user.gateway.event("MESSAGE_UPDATE"))["flags"]]


@seen(0, 64)
async def bookmark_visibility(world: World, user: BotUser) -> object:
    await user.press(await user.solo("a cat"), "❤️")
    return (await user.start())["flags"]


@seen("MESSAGE_CREATE", "MESSAGE_UPDATE")
async def show_result(world: World, user: BotUser) -> object:
    job_id = custom_id(await user.imagine("a cat"), "U1").rpartition("::")[2]
    await user.command("show", options=[{"type": 3, "name": "job_id", "value": job_id}])
    frame = await user.gateway.until(lambda frame: frame["d"].get("attachments") and frame["d"]["components"])
    return frame["t"]


@seen(1, 0)
async def seed_envelope(world: World, user: BotUser) -> object:
    await user.react(await user.imagine("a cat"))
    return len([frame for frame in await user.gateway.quiet() if frame["t"] == "MESSAGE_CREATE"])


@seen("1092492867185950852", MIDJOURNEY)
async def ephemeral_attachments(world: World, user: BotUser) -> object:
    await user.command("describe", images=[await user.upload("a.png")])
    url = (await user.gateway.event("MESSAGE_UPDATE"))["embeds"][0]["image"]["url"]
    assert (await user.http.get(url)).status_code == 200
    return url.removeprefix(f"{world.url}/ephemeral-attachments/").partition("/")[0]


@seen(("MJ::Job::PromptAnalyzerExtended", True), ("MJ::Job::PromptAnalyzerExtended::", True))
async def details_custom_id(world: World, user: BotUser) -> object:
    await user.command("shorten", options=prompt("a cat in the hat"))
    shortened = await user.gateway.event("MESSAGE_UPDATE")
    (job,) = await world.jobs()
    await user.press(shortened, "Show Details")
    details = await user.gateway.event("MESSAGE_UPDATE")
    return custom_id(shortened, "Show Details").removesuffix(job["id"]), "(1.00)" in details["embeds"][0]["description"]


@seen(64, 0)
async def notice_visibility(world: World, user: BotUser) -> object:
    await user.command("imagine", options=prompt("a cat --foo"))
    return (await user.start())["flags"]


@seen(0xFF0000, 0xED4245, 0xF1C40F)
async def error_color(world: World, user: BotUser) -> object:
    await user.command("imagine", options=prompt("a cat --foo"))
    return (await user.start())["embeds"][0]["color"]


@seen(0xFFFF00, 0xF7CB73)
async def warning_color(world: World, user: BotUser) -> object:
    await world.change(user.id, concurrency=1)
    await world.fault("stop_job", account=user.id, steps=0, outcome="silent")
    for _ in range(2):
        await user.command("imagine", options=prompt("a cat"))
    return (await user.start())["embeds"][0]["color"]


@seen("Banned prompt detected", "Banned prompt")
async def notice_titles(world: World, user: BotUser) -> object:
    await user.command("imagine", options=prompt("gore"))
    return notice_title(await user.start())


def test_points_are_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_SIMULATOR__UNCERTAIN__WEBSITE_LINK", "plain")
    monkeypatch.setenv("MJPROXY_SIMULATOR__UNCERTAIN__PREVIEWS", "false")
    expected = USUAL.model_copy(update={"website_link": "plain", "previews": False})
    assert Settings().simulator.uncertain == expected


async def test_points_are_set_in_the_settings_and_played_so_again_after_a_reset(play: Play) -> None:
    world = await play(uncertain={"website_link": "plain"})
    shown = (await world.http.get("/control/uncertain")).json()
    assert shown == USUAL.model_dump() | {"website_link": "plain"}
    await switch(world, website_link="none")
    assert (await switch(world, markdown="escaped"))["website_link"] == "none"
    assert (await world.http.delete("/control/uncertain")).json() == shown


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"markdown": "lost"}, "markdown: must be 'kept' or 'escaped', not 'lost'"),
        ({"previews": 3}, "previews: must be true or false, not 3"),
        ({"mood": "good"}, "mood: is not known; known are success_event, form_success,"),
    ],
)
async def test_switch_that_does_not_exist_is_refused_and_nothing_is_changed(
    world: World, body: Json, complaint: str
) -> None:
    refused = await world.http.patch("/control/uncertain", json={"solo_rows": "packed"} | body)
    assert (refused.status_code, complaint in refused.json()["error"]) == (400, True)
    assert (await world.http.get("/control/uncertain")).json() == USUAL.model_dump()
