"""What `/prefer` changes, and what commands need."""

import pytest

from tests.simulator.bot_user import BotUser
from tests.simulator.discord_user import DiscordUser, Json


@pytest.fixture
async def user(connected_alice: DiscordUser) -> BotUser:
    return BotUser(connected_alice)


def text_option(name: str, value: str) -> Json:
    return {"type": 3, "name": name, "value": value}


def part(name: str, *options: Json) -> Json:
    return {"type": 1, "name": name, "options": list(options)}


def group(name: str, inner: Json) -> Json:
    return {"type": 2, "name": name, "options": [inner]}


async def prefer_option(user: BotUser, inner: Json) -> str:
    await user.command("prefer", options=[group("option", inner)])
    return str((await user.start())["content"])


async def test_custom_option_stands_for_others_in_prompts(user: BotUser) -> None:
    mine = part("set", text_option("option", "mine"), text_option("value", "in  blue --ar 3:2"))
    assert await prefer_option(user, mine) == "Custom option `--mine` set to `in blue --ar 3:2`"
    assert (await user.imagine("a cat —mine"))["content"].startswith("**a cat in blue --ar 3:2 --v 7.0** - ")


async def test_custom_options_are_listed_and_removed(user: BotUser) -> None:
    assert await prefer_option(user, part("list")) == "You have no custom options."
    await prefer_option(user, part("set", text_option("option", "--mine"), text_option("value", "--s 50")))
    assert await prefer_option(user, part("list")) == "Custom options:\n`--mine`: --s 50"
    await prefer_option(user, part("set", text_option("option", "mine")))
    assert await prefer_option(user, part("list")) == "You have no custom options."
    await user.command("imagine", options=[text_option("prompt", "a cat --mine")])
    assert (await user.start())["embeds"][0]["description"] == "Unrecognized parameter(s): `--mine`"


@pytest.mark.parametrize("name", ["two words", "", "1st"])
async def test_name_that_is_none_is_refused(user: BotUser, name: str) -> None:
    inner = part("set", text_option("option", name), text_option("value", "--s 50"))
    await user.command("prefer", options=[group("option", inner)])
    assert (await user.start())["embeds"][0]["title"] == "Invalid request"


async def test_option_that_a_part_of_a_command_needs_is_demanded(user: BotUser) -> None:
    body = user.call(await user.described("prefer"), [group("option", part("set"))])
    answer = await user.interact(body)
    errors = answer.json()["errors"]["data"]["options"]["0"]["options"]["0"]["options"]["0"]["value"]
    assert (answer.status_code, answer.json()["code"]) == (400, 50035)
    assert errors["_errors"][0]["code"] == "BASE_TYPE_REQUIRED"


async def test_job_is_reported_by_its_message(user: BotUser) -> None:
    grid = await user.imagine("a cat")
    await user.command("Report Job", target_id=grid["id"])
    answer = await user.start()
    assert (answer["content"], answer["flags"]) == ("Thank you! The job was reported to our moderators.", 64)
    await user.command("Report Job", target_id=answer["id"])
    assert (await user.start())["embeds"][0]["title"] == "Job action restricted"
