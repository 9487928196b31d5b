from typing import Any

import msgspec
import pytest
from msgspec import Raw

from mjproxy_server.midjourney.content import Phase
from mjproxy_server.midjourney.messages import (
    Attachment,
    BotMessage,
    Deleted,
    Embed,
    IframeOpened,
    InteractionEvent,
    InteractionKind,
    MessageKind,
    ModalOpened,
    TextField,
    read,
)
from mjproxy_server.model.task import Button, Picture
from mjproxy_server.model.vocabulary import Bot
from tests.server.midjourney.midjourney_bot import (
    BOT,
    CHANNEL,
    button,
    cancel_button,
    deletion,
    grid_buttons,
    interaction,
    message,
    observed,
    with_nulls,
    without,
)
from tests.server.midjourney.midjourney_tasks import US

UUID = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
OTHER_UUID = "7758c7cb-d151-48de-8c0c-90399e7e1939"
DONE = f"**p** - <@{US}> (fast)"
RUNNING = f"**p** - <@{US}> (35%) (fast)"

# Captured 2023-03; interaction_metadata came later.
START: dict[str, Any] = {
    "id": "1083788668470304788",
    "type": 20,
    "channel_id": "1083",
    "channel_type": 0,
    "guild_id": "1082",
    "content": "**glass** - <@439110225975443468> (Waiting to start)",
    "nonce": "1083788665919897600",
    "flags": 0,
    "tts": False,
    "timestamp": "2023-03-10T15:17:28.187000+00:00",
    "edited_timestamp": None,
    "mentions": [{"id": "439110225975443468", "username": "u", "discriminator": "0", "avatar": None}],
    "author": {"id": "936929561302675456", "username": "Midjourney Bot", "discriminator": "9282", "bot": True},
    "member": {"roles": [], "joined_at": "2023-03-10T15:17:28.187000+00:00", "nick": None, "mute": False},
    "webhook_id": "936929561302675456",
    "application_id": "936929561302675456",
    "interaction": {"id": "1083788667513999500", "type": 2, "name": "imagine", "user": {"id": "439110225975443468"}},
    "interaction_metadata": {
        "id": "1083788667513999500",
        "type": 2,
        "name": "imagine",
        "command_type": 1,
        "user": {"id": "439110225975443468"},
        "authorizing_integration_owners": {"0": "1082"},
    },
    "attachments": [],
    "embeds": [],
    "components": [],
}

# Captured 2026-06, with fewer buttons.
FINAL: dict[str, Any] = {
    "id": "1511317165473660928",
    "type": 19,
    "channel_id": "1502243953687265485",
    "content": f"**a classic** - <@{US}> "
    f"[(Open on website for full quality)](<https://midjourney.com/jobs/{UUID}>) (fast)",
    "author": {"id": "936929561302675456", "username": "Midjourney Bot", "bot": True},
    "message_reference": {"type": 0, "message_id": "1511317060477653013", "channel_id": "1502243953687265485"},
    "referenced_message": {"id": "1511317060477653013"},
    "attachments": [
        {
            "id": "1511317165041651784",
            "filename": f"u2233346927_a_classic_3D__{UUID}.webp",
            "content_type": "image/webp",
            "size": 2194552,
            "width": 2048,
            "height": 2048,
            "url": "https://cdn.discordapp.com/attachments/1/2/f.webp?ex=6a",
        }
    ],
    "components": [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 2, "label": "U1", "custom_id": f"MJ::JOB::upsample::1::{UUID}"},
                {
                    "type": 2,
                    "style": 2,
                    "emoji": {"name": "\U0001f504"},
                    "custom_id": f"MJ::JOB::reroll::0::{UUID}::SOLO",
                },
                {
                    "type": 2,
                    "style": 2,
                    "emoji": {"id": "1", "name": "upscale_1"},
                    "label": "Upscale",
                    "custom_id": f"MJ::BOOKMARK::{UUID}",
                },
            ],
        },
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 5, "label": "\u200b", "url": f"https://www.midjourney.com/jobs/{UUID}"}
            ],
        },
    ],
    "embeds": [],
    "flags": 0,
}


def message_of(name: str, data: dict[str, Any]) -> BotMessage:
    event = read(name, data)
    assert isinstance(event, BotMessage)
    return event


def test_a_start_message_is_read_with_all_its_keys() -> None:
    start = message_of("MESSAGE_CREATE", START)
    assert (start.kind, start.id, start.channel_id, start.bot) == (
        MessageKind.CREATED,
        "1083788668470304788",
        "1083",
        Bot.MIDJOURNEY,
    )
    assert (start.nonce, start.interaction_id) == ("1083788665919897600", "1083788667513999500")
    assert start.user_id == "439110225975443468"
    assert start.content is not None
    assert start.content.phase is Phase.WAITING
    assert (start.reference_id, start.job_id, start.picture, start.buttons) == ("", "", None, ())


def test_a_result_is_read_with_its_picture_and_buttons() -> None:
    final = message_of("MESSAGE_CREATE", FINAL)
    assert final.is_result
    assert (final.reference_id, final.job_id) == ("1511317060477653013", UUID)
    assert final.picture == Picture("https://cdn.discordapp.com/attachments/1/2/f.webp?ex=6a", 2048, 2048)
    assert final.buttons == (
        Button(f"MJ::JOB::upsample::1::{UUID}", label="U1"),
        Button(f"MJ::JOB::reroll::0::{UUID}::SOLO", emoji="\U0001f504"),
        Button(f"MJ::BOOKMARK::{UUID}", emoji="upscale_1", label="Upscale"),
    )


def test_an_error_is_read_with_its_embed() -> None:
    embed = {"type": "rich", "title": "T", "description": "D", "color": 16711680, "footer": {"text": "F"}}
    error = message_of(*message("1", embeds=(embed,), nonce="7", interaction_id="9"))
    assert error.embeds == (Embed(type="rich", title="T", description="D", colour=0xFF0000, footer="F"),)
    assert error.user_id == US


def test_the_nonce_may_be_a_number() -> None:
    assert message_of("MESSAGE_CREATE", START | {"nonce": 1083788665919897600}).nonce == "1083788665919897600"


def test_older_messages_name_the_interaction_otherwise() -> None:
    older = {key: value for key, value in START.items() if key != "interaction_metadata"}
    assert message_of("MESSAGE_CREATE", older).interaction_id == "1083788667513999500"


def test_null_is_as_good_as_absent() -> None:
    read_with_nulls = message_of("MESSAGE_CREATE", with_nulls(FINAL))
    bare = {"id": FINAL["id"], "author": FINAL["author"]}
    assert read_with_nulls == message_of("MESSAGE_CREATE", bare)
    assert read_with_nulls.content is None


@pytest.mark.parametrize(
    ("application_id", "bot"),
    [(BOT, Bot.MIDJOURNEY), ("1022952195194359889", Bot.NIJI), ("1090660574196674713", Bot.INSIGHT_FACE)],
)
def test_the_author_tells_the_bot(application_id: str, bot: Bot) -> None:
    assert message_of(*message("1", DONE, application_id=application_id)).bot is bot


@pytest.mark.parametrize(
    "data",
    [
        {"id": "1", "channel_id": CHANNEL, "embeds": [{"type": "link", "url": "https://example.com"}]},
        {"id": "1", "content": DONE, "author": {"id": US}},
        {"id": "1", "content": DONE, "author": {"id": "1"}, "application_id": "2"},
    ],
    ids=["an unfurled link", "a user", "another bot"],
)
def test_messages_of_nobody_we_know_are_no_event(data: dict[str, Any]) -> None:
    assert read("MESSAGE_UPDATE", data) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("MESSAGE_CREATE", {}),
        ("MESSAGE_CREATE", {"id": "1", "author": BOT}),
        ("MESSAGE_CREATE", {"id": 1, "author": {"id": BOT}}),
        ("MESSAGE_DELETE", {"id": []}),
        ("INTERACTION_CREATE", {"nonce": "1"}),
        ("TYPING_START", {"channel_id": CHANNEL}),
    ],
)
def test_what_is_malformed_or_of_no_concern_is_no_event(name: str, data: dict[str, Any]) -> None:
    assert read(name, data) is None


@pytest.mark.parametrize(
    ("filename", "job_id"),
    [
        (f"{UUID}_grid_0.webp", UUID),
        (f"{UUID}_0_step_12.jpeg", UUID),
        (f"u2233346927_a_classic_{UUID}.webp", UUID),
        (f"u2233346927_a_classic_{UUID.replace('-', '')}.png", UUID),
        (f"{UUID}.png", UUID),
        (f"u_{OTHER_UUID}_{UUID}.png", UUID),
        ("u2233346927_a_classic.webp", ""),
        ("cat.png", ""),
        ("", ""),
    ],
)
def test_a_file_name_tells_the_job(filename: str, job_id: str) -> None:
    assert message_of(*message("1", RUNNING, files=(filename,))).job_id == job_id


def test_the_cancel_button_tells_the_job() -> None:
    assert message_of(*message("1", RUNNING, buttons=(cancel_button(UUID),))).job_id == UUID


def test_the_website_tells_the_job() -> None:
    link = f"**p** - <@{US}> [(Open on website for full quality)](<https://midjourney.com/jobs/{UUID}>) (fast)"
    assert message_of(*message("1", link)).job_id == UUID
    link_button = {"type": 2, "style": 5, "url": f"https://www.midjourney.com/jobs/{UUID}"}
    assert message_of(*message("1", DONE, buttons=(link_button,))).job_id == UUID


def test_a_job_that_a_prompt_mentions_is_not_its_own() -> None:
    prompt = f"https://midjourney.com/jobs/{OTHER_UUID} MJ::BOOKMARK::{OTHER_UUID}"
    assert not message_of(*message("1", f"**{prompt}** - <@{US}> (Waiting to start)")).job_id


@pytest.mark.parametrize(
    ("dispatch", "is_result"),
    [
        (message("1", DONE, files=("f.png",)), True),
        (message("1", f"**p** - Image #1 <@{US}>", files=("f.png",)), True),
        (message("1", DONE), False),
        (message("1", RUNNING, files=("f.png",)), False),
        (message("1", "Animating...", files=("f.png",)), False),
        (message("1", DONE, files=("f.png",), updated=True), False),
        (message("1", DONE, files=("f.png",), buttons=(cancel_button(UUID),), updated=True), False),
        (message("1", DONE, files=("f.png",), buttons=grid_buttons(UUID), updated=True), True),
        (message("1", DONE + " (brand new)", files=("f.png",)), False),
        (message("1", DONE + " (brand new)", files=("f.png",), buttons=grid_buttons(UUID)), True),
    ],
)
def test_is_result(dispatch: tuple[str, dict[str, Any]], is_result: bool) -> None:
    assert message_of(*dispatch).is_result is is_result


def test_attachments_without_a_size_are_no_trouble() -> None:
    name, data = message("1", DONE, files=("f.txt",))
    del data["attachments"][0]["width"], data["attachments"][0]["height"]
    url = data["attachments"][0]["url"]
    assert message_of(name, data).attachments == (Attachment(filename="f.txt", url=url),)


def test_buttons_in_nested_containers_are_found_and_other_components_are_not() -> None:
    inner = button("MJ::Prompts::Appeal::1", "Appeal")
    select = {"type": 3, "custom_id": "MJ::Settings::VersionSelector", "options": []}
    container = {"type": 17, "components": [{"type": 1, "components": [inner, select]}]}
    name, data = message("1", DONE)
    found = message_of(name, data | {"components": [container]}).buttons
    assert [each.custom_id for each in found] == ["MJ::Prompts::Appeal::1"]


@pytest.mark.parametrize(
    ("data", "ids"), [(deletion("5")[1], ("5",)), ({"ids": ["5", "6"], "channel_id": CHANNEL}, ("5", "6")), ({}, ())]
)
def test_deletions(data: dict[str, Any], ids: tuple[str, ...]) -> None:
    event = read("MESSAGE_DELETE_BULK", data)
    assert isinstance(event, Deleted)
    assert event.ids == ids


@pytest.mark.parametrize(
    ("dispatch", "event"),
    [
        (interaction("CREATE", "7", "9"), InteractionEvent(InteractionKind.CREATED, "9", "7")),
        (interaction("SUCCESS", "7", "9"), InteractionEvent(InteractionKind.SUCCEEDED, "9", "7")),
        (interaction("FAILURE", "7", "9"), InteractionEvent(InteractionKind.FAILED, "9", "7")),
        (interaction("FAILURE", "7", "9", reason_code=2), InteractionEvent(InteractionKind.FAILED, "9", "7", 2)),
        (without(interaction("CREATE", "7", "9"), "nonce"), InteractionEvent(InteractionKind.CREATED, "9", "")),
    ],
)
def test_interactions(dispatch: tuple[str, dict[str, Any]], event: InteractionEvent) -> None:
    assert observed(dispatch) == event


# Dialogues.


def test_a_modal_is_read_with_its_fields() -> None:
    field = {"type": 4, "custom_id": "MJ::M::prompt", "value": "a cat --zoom 1.8", "required": True}
    data = {
        "id": "55",
        "nonce": 7,
        "channel_id": "1",
        "custom_id": "MJ::M::1",
        "title": "Zoom Out",
        "components": [{"type": 1, "components": [field, {"type": 4, "custom_id": "MJ::M::other"}]}],
    }
    fields = (TextField("MJ::M::prompt", "a cat --zoom 1.8"), TextField("MJ::M::other"))
    assert read("INTERACTION_MODAL_CREATE", data) == ModalOpened("55", "7", "MJ::M::1", fields)
    assert read("INTERACTION_MODAL_CREATE", {"id": "55", "custom_id": "M"}) == ModalOpened("55", "", "M")


def test_a_page_is_read_with_its_token() -> None:
    data = {"id": "55", "nonce": "7", "custom_id": "MJ::iframe::abc", "iframe_path": "/inpaint/index.html"}
    assert read("INTERACTION_IFRAME_MODAL_CREATE", data) == IframeOpened("55", "7", "abc")


@pytest.mark.parametrize("name", ["INTERACTION_MODAL_CREATE", "INTERACTION_IFRAME_MODAL_CREATE"])
def test_a_dialogue_without_a_custom_id_is_no_event(name: str) -> None:
    assert read(name, {"id": "55", "nonce": "7"}) is None


# When a message was changed.


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-06-02T10:34:38.473000+00:00", 1_780_396_478_473),
        ("2026-06-02T10:34:38.473Z", 1_780_396_478_473),
        (None, 0),
        ("", 0),
        ("yesterday", 0),
    ],
)
def test_a_message_tells_when_it_was_changed(timestamp: str | None, at: int) -> None:
    assert message_of("MESSAGE_UPDATE", {**START, "edited_timestamp": timestamp}).edited_at == at


@pytest.mark.parametrize(
    "dispatch",
    [
        ("MESSAGE_CREATE", START),
        ("MESSAGE_UPDATE", START),
        ("MESSAGE_CREATE", {"id": 5}),
        ("MESSAGE_CREATE", {}),
        deletion("1"),
        interaction("CREATE", "7"),
        interaction("FAILURE", "7", reason_code=2),
        ("INTERACTION_MODAL_CREATE", {"id": "1", "custom_id": "MJ::x", "components": []}),
        ("INTERACTION_IFRAME_MODAL_CREATE", {"id": "1", "custom_id": "MJ::iframe::t"}),
        ("TYPING_START", {"channel_id": "1"}),
    ],
)
def test_json_means_what_it_means_when_it_is_decoded(dispatch: tuple[str, dict[str, Any]]) -> None:
    name, data = dispatch
    assert read(name, Raw(msgspec.json.encode(data))) == read(name, data)


@pytest.mark.parametrize("broken", [b"", b"[]", b"null", b'{"id":', b'{"id":"\xff"}', b'{"id":"1","flags":1e999}'])
def test_broken_json_is_no_event(broken: bytes) -> None:
    assert read("MESSAGE_CREATE", Raw(broken)) is None


def test_a_message_tells_the_types_of_its_components_and_of_those_inside() -> None:
    inside = {"type": 10, "components": [{"type": 2, "custom_id": "MJ::x", "style": 2}]}
    event = read("MESSAGE_CREATE", {**START, "components": [{"type": 1, "components": [inside]}, {"type": 1}]})
    assert isinstance(event, BotMessage)
    assert event.component_types == {1, 2, 10}
