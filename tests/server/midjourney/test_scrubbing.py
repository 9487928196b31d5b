"""What is private in a message, and what is left of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.midjourney.custom_id import parse
from mjproxy_server.midjourney.messages import BotMessage, read
from mjproxy_server.midjourney.scrubbing import Place, scrubbed, shape
from tests.server.midjourney.midjourney_bot import BOT, CHANNEL, attachment, grid_buttons, message, proposal, queued
from tests.server.midjourney.midjourney_tasks import US

GUILD = "1502243953687265480"
HERE = Place(guild_id=GUILD, channel_id=CHANNEL, user_id=US)
JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"

Json = dict[str, Any]


def clean(data: object) -> Any:  # noqa: ANN401 -- JSON
    return scrubbed({"data": data}, HERE)["data"]  # type: ignore[index]


def test_the_ids_of_the_place_have_names_and_others_numbers_in_their_order() -> None:
    data = {"id": "1511317060477653013", "before": 900000000000000001, "in": [CHANNEL, GUILD, US, BOT]}
    assert clean(data | {"again": "see 1511317060477653013"}) == {
        "id": "$ID2",
        "before": "$ID1",
        "in": ["$CHANNEL", "$GUILD", "$USER", "$BOT"],
        "again": "see $ID2",
    }


def test_an_id_is_scrubbed_where_it_is_a_key() -> None:
    assert clean({"owners": {US: "0", "1511317060477653013": "1"}}) == {"owners": {"$USER": "0", "$ID1": "1"}}


@pytest.mark.parametrize("nonce", ["1251469216000000000", 1251469216000000000, "a-random-word"])
def test_a_nonce_is_named_whatever_it_is(nonce: object) -> None:
    assert clean({"nonce": nonce}) == {"nonce": "$NONCE"}


def test_names_are_scrubbed_where_they_belong_and_where_they_are_mentioned() -> None:
    user = {"id": US, "username": "al.ice", "global_name": "Alice B.", "avatar": "f6ce562a6b4979c4"}
    assert clean({"user": user, "text": "Hello Alice B., or (al.ice), or @bob"}) == {
        "user": {"id": "$USER", "username": "user", "global_name": "user", "avatar": "token"},
        "text": "Hello user, or (user), or @user",
    }


def test_what_a_key_calls_a_secret_is_one() -> None:
    assert clean({"session_id": "of mine", "email": None}) == {"session_id": "token", "email": None}


def test_the_names_of_bots_stay() -> None:
    author = {"id": BOT, "username": "Midjourney Bot", "bot": True}
    assert clean({"author": author, "title": "The Midjourney Bot has moved"}) == {
        "author": author | {"id": "$BOT"},
        "title": "The Midjourney Bot has moved",
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("**a cat, 2 dogs** - <@123> (20%) (fast)", "**x xxx, x xxxx** - <@123> (20%) (fast)"),
        (
            "**a **cat** - b --ar 3:2 --v 7.0** - Rotated by <@1>",
            "**x **xxx** - x --ar 3:2 --v 7.0** - Rotated by <@1>",
        ),
        ("**<https://s.mj.run/aB1> a cat --sref 55123**", "**<https://s.mj.run/xxxx> x xxx --sref xxxxx**"),
        ("A new form of **a cat** by the bot", "A new form of **x xxx** by the bot"),
        ("**a *big* cat** and **a\ndog**", "**x *xxx* xxx** and **x\nxxx**"),
        ("**Job ID**: 1\n**seed** 12", "**Job ID**: 1\n**seed** 12"),
        (f"**{'a' * 22}.{'b' * 6}.{'c' * 27}** - <@1>", f"**{'x' * 22}.{'x' * 6}.{'x' * 27}** - <@1>"),
        ("Paused until <t:1774990054:R>", "Paused until <t:0:R>"),
    ],
)
def test_of_a_text_only_the_words_of_the_bot_are_left(text: str, left: str) -> None:
    assert clean({"content": text}) == {"content": left}


def test_of_framed_texts_only_the_words_of_the_bot_are_left() -> None:
    embed = {
        "title": "Your info - alice",
        "description": "## Shortened prompts\n1\ufe0f\u20e3 a cat --ar 3:2",
        "footer": {"text": "/imagine a cat --foo"},
    }
    banned = {"description": "The word `gore` is banned.", "author": {"name": "alice"}}
    info = {"description": "**Job Mode**: Fast\n**Running Jobs**: None"}
    assert clean({"embeds": [embed, banned, info]})["embeds"] == [
        {
            "title": "Your info - user",
            "description": "## Shortened prompts\n1\ufe0f\u20e3 x xxx --ar 3:2",
            "footer": {"text": "/imagine x xxx --foo"},
        },
        {"description": "The word `xxxx` is banned.", "author": {"name": "user"}},
        info,
    ]


def test_of_a_modal_the_prompt_is_scrubbed_and_of_a_menu_nothing() -> None:
    field = {"type": 4, "custom_id": "MJ::RemixModal::new_prompt", "value": "a cat --ar 1:1"}
    menu = {"type": 3, "options": [{"label": "Niji Model V7", "value": "niji 7"}]}
    assert clean([field, menu]) == [field | {"value": "x xxx --ar 1:1"}, menu]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        (f"alice_a_cat_{JOB}.png", "xxxxx_x_xxx_00000000-0000-0000-0000-000000000001.png"),
        (f"{JOB}_grid_0.webp", "00000000-0000-0000-0000-000000000001_grid_0.webp"),
        (f"{JOB}_3_step_12.jpeg", "00000000-0000-0000-0000-000000000001_3_step_12.jpeg"),
        ("alice.tar.gz", "xxxxx.xxx.gz"),
    ],
)
def test_of_a_file_name_the_job_and_the_type_are_left(name: str, left: str) -> None:
    assert clean({"filename": name}) == {"filename": left}


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ("https://cdn.discordapp.com/attachments/1/a.png?ex=6a&hm=02bb", "https://cdn.discordapp.com/xxxx/xxxx/x.png"),
        (f"https://midjourney.com/jobs/{JOB}", "https://midjourney.com/jobs/00000000-0000-0000-0000-000000000001"),
        (f"https://discord.com/channels/@me/{CHANNEL}", "https://discord.com/channels/@me/$CHANNEL"),
        ("https://alice.example.org/secret", "https://example.com"),
        ("ftp://alice:password@host/", "https://example.com"),
        ("https://\u2100.example.org/what-nobody-can-parse", "https://example.com"),
    ],
)
def test_of_a_link_the_place_is_left_if_it_is_a_known_one(link: str, left: str) -> None:
    assert clean({"url": link}) == {"url": left.replace("/xxxx/xxxx/", "/attachments/xxxx/")}


@pytest.mark.parametrize(
    ("custom_id", "left"),
    [
        (f"MJ::JOB::foo_v7_2x::1::{JOB}::SOLO", "MJ::JOB::foo_v7_2x::1::00000000-0000-0000-0000-000000000001::SOLO"),
        ("MJ::Prompts::Appeal::17c3ab88e", "MJ::Prompts::Appeal::token"),
        ("MJ::ImagineModal::1511317060477653013", "MJ::ImagineModal::$ID1"),
    ],
)
def test_of_a_custom_id_the_words_are_left(custom_id: str, left: str) -> None:
    assert clean({"custom_id": custom_id}) == {"custom_id": left}


@pytest.mark.parametrize(
    "dispatch",
    [
        message(
            "1511317060477653013",
            f"**a cat** - <@{US}> [(Open on website for full quality)](<https://midjourney.com/jobs/{JOB}>) (fast)",
            files=(f"alice_a_cat_{JOB}.webp",),
            buttons=grid_buttons(JOB),
            reply_to="1511317060477653012",
        ),
        queued("1511317060477653013", "a cat", nonce="1251469216000000000"),
        proposal("1511317060477653013", ("a cat", "a dog")),
    ],
)
def test_what_is_left_reads_as_before(dispatch: tuple[str, Json]) -> None:
    name, data = dispatch
    before = read(name, data)
    played = json.dumps(scrubbed(data, HERE)).replace("$USER", US).replace("$BOT", BOT).replace("$CHANNEL", CHANNEL)
    after = read(name, json.loads(played))
    assert isinstance(before, BotMessage)
    assert isinstance(after, BotMessage)
    assert (before.content is None, before.is_result) == (after.content is None, after.is_result)
    assert [parse(each.custom_id).kind for each in before.buttons] == [
        parse(each.custom_id).kind for each in after.buttons
    ]
    assert bool(before.proposal) == bool(after.proposal)
    if before.content and after.content:
        assert (before.content.verb, before.content.phase) == (after.content.verb, after.content.phase)
        assert after.job_id == "00000000-0000-0000-0000-000000000001"


def test_progress_of_two_prompts_has_one_shape() -> None:
    first, second = (
        json.dumps(scrubbed({"content": text}, HERE))
        for text in ("**a cat** - new (5%)", "**two big dogs!** - new (42%)")
    )
    assert first != second
    assert shape(first) == shape(second)
    assert shape(first) != shape(first.replace("new", "old"))


# What must never come out, and where it may be put in.

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWYZabcdefghjkmnpqrstuvwyz23456789"
IDS = st.integers(10**17, 10**19).map(str)
HEX = st.text("0123456789abcdef", min_size=32, max_size=64).map(lambda text: f"{text}a1b2")
TOKENS = st.tuples(*(st.text(ALPHABET, min_size=size, max_size=size + 6) for size in (22, 6, 27))).map(".".join)
MAILS = st.text(ALPHABET, min_size=5, max_size=20).map(lambda text: f"{text}@mail.example.org")
LINKS = st.tuples(st.sampled_from(["cdn.discordapp.com", "files.example.org", "s.mj.run"]), HEX).map(
    lambda parts: f"https://{parts[0]}/attachments/1/2/a.png?ex={parts[1]}"
)
NAMES = st.text(ALPHABET, min_size=8, max_size=16).map(lambda text: f"Q{text}")
SECRETS = st.one_of(IDS, HEX, TOKENS, MAILS)
PLACES = [
    "{}",
    "**{}** - <@1> (fast)",
    "see {}.",
    "/imagine {}",
    "`{}`",
    "**{}**: 1",
    "({})",
    "1\ufe0f\u20e3 {}",
    "<{}>",
]
KEYS = ["id", "content", "description", "title", "text", "value", "custom_id", "filename", "url", "label", "new_key"]


@st.composite
def private_messages(draw: st.DrawFn) -> tuple[Json, list[str]]:
    """Some JSON, and the secrets in it."""
    secrets = draw(st.lists(SECRETS, min_size=1, max_size=4))
    name = draw(NAMES)
    texts = st.tuples(st.sampled_from(PLACES), st.sampled_from([*secrets, name]))
    leaves = st.one_of(
        texts.map(lambda parts: parts[0].format(parts[1])),
        LINKS,
        st.integers(-100, 100),
        st.booleans(),
        st.none(),
        st.just({"username": name}),
    )
    keys = st.one_of(st.sampled_from(KEYS), IDS)
    nested = st.recursive(
        leaves, lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(keys, each, max_size=4))
    )
    data = draw(st.dictionaries(keys, nested, max_size=4))
    return data | {"user": {"username": name}, "last": draw(st.sampled_from(secrets))}, [*secrets, name]


@given(private_messages())
def test_no_secret_comes_out_wherever_it_was_put_in(message_and_secrets: tuple[Json, list[str]]) -> None:
    data, secrets = message_and_secrets
    left = json.dumps(scrubbed(data, HERE))
    assert not [secret for secret in secrets if secret in left]
    assert "?ex=" not in left


@given(private_messages())
def test_scrubbing_again_changes_nothing(message_and_secrets: tuple[Json, list[str]]) -> None:
    once = scrubbed(message_and_secrets[0], HERE)
    assert isinstance(once, dict)
    assert scrubbed(once, HERE) == once


@given(st.dictionaries(st.sampled_from(KEYS), st.text("ax1.-_@:/*`$#<> \n<ID", max_size=60)))
def test_scrubbing_any_text_again_changes_nothing(data: dict[str, object]) -> None:
    once = scrubbed(data, HERE)
    assert isinstance(once, dict)
    assert scrubbed(once, HERE) == once


@pytest.mark.parametrize("blob", ["a1" * 100_000, "a." * 100_000, "**a" * 2_000, "-" * 100_000, "a-" * 100_000])
def test_a_long_text_is_scrubbed_in_no_time(blob: str) -> None:
    assert len(clean({"content": blob, "blob": blob})["content"]) <= len(blob)


def test_an_attachment_keeps_what_tells_a_picture() -> None:
    left = clean(attachment(f"alice_{JOB}.png"))
    assert (left["width"], left["height"], left["size"]) == (2048, 2048, 42004)
    assert left["filename"].endswith(".png")
    assert "?" not in left["url"]
