from dataclasses import dataclass

import pytest

from mjproxy_server.midjourney import commands
from mjproxy_server.midjourney.commands import CommandRef, Envelope, Payload, Place, imagine, press
from mjproxy_server.midjourney.modals import Form
from mjproxy_server.model.task import Source
from mjproxy_server.model.vocabulary import Dimensions

COMMAND = CommandRef("938956540159881230", "1237876415471554623", "936929561302675456")
BUTTON = "MJ::JOB::upsample::1::5f2a1826-7bb0-42c2-b441-98a48a39e760"


def test_imagine_is_what_the_web_client_sends() -> None:
    payload = imagine(COMMAND, "a cat --ar 1:1", place=Place("G", "C"), session_id="S", nonce="N")
    assert payload == {
        "type": 2,
        "guild_id": "G",
        "channel_id": "C",
        "application_id": "936929561302675456",
        "session_id": "S",
        "nonce": "N",
        "data": {
            "version": "1237876415471554623",
            "id": "938956540159881230",
            "name": "imagine",
            "type": 1,
            "options": [{"type": 3, "name": "prompt", "value": "a cat --ar 1:1"}],
            "attachments": [],
        },
    }


def test_press_is_what_the_web_client_sends() -> None:
    source = Source("M", 64, "5f2a1826-7bb0-42c2-b441-98a48a39e760", BUTTON, "a cat")
    payload = press(source, place=Place("G", "C"), application_id="936929561302675456", session_id="S", nonce="N")
    assert payload == {
        "type": 3,
        "guild_id": "G",
        "channel_id": "C",
        "message_id": "M",
        "message_flags": 64,
        "application_id": "936929561302675456",
        "session_id": "S",
        "nonce": "N",
        "data": {"component_type": 2, "custom_id": BUTTON},
    }


def test_the_guild_is_left_out_when_the_place_is_a_direct_channel() -> None:
    payload = imagine(COMMAND, "a cat", place=Place("", "C"), session_id="S", nonce="N")
    assert "guild_id" not in payload


@dataclass
class Upload:
    filename: str
    uploaded_filename: str


ENVELOPE: Envelope = {"place": Place("G", "C"), "session_id": "S", "nonce": "N"}
CAT, DOG = Upload("cat.png", "1/cat.png"), Upload("dog.png", "2/dog.png")
CAT_FILE = {"id": "0", "filename": "cat.png", "uploaded_filename": "1/cat.png"}
DOG_FILE = {"id": "1", "filename": "dog.png", "uploaded_filename": "2/dog.png"}


def text(name: str, value: str) -> Payload:
    return {"type": 3, "name": name, "value": value}


def file(name: str, number: int) -> Payload:
    return {"type": 11, "name": name, "value": number}


@pytest.mark.parametrize(
    ("payload", "name", "options", "attachments"),
    [
        (
            commands.blend(COMMAND, [CAT, DOG], Dimensions.PORTRAIT, **ENVELOPE),
            "blend",
            [file("image1", 0), file("image2", 1), text("dimensions", "--ar 2:3")],
            [CAT_FILE, DOG_FILE],
        ),
        (commands.describe(COMMAND, CAT, **ENVELOPE), "describe", [file("image", 0)], [CAT_FILE]),
        (commands.describe(COMMAND, "https://a/b", **ENVELOPE), "describe", [text("link", "https://a/b")], []),
        (commands.shorten(COMMAND, "a cat", **ENVELOPE), "shorten", [text("prompt", "a cat")], []),
        (commands.show(COMMAND, "a-b", **ENVELOPE), "show", [text("job_id", "a-b")], []),
        (commands.plain(COMMAND, "info", **ENVELOPE), "info", [], []),
        (commands.prefer_remix(COMMAND, **ENVELOPE), "prefer", [{"type": 1, "name": "remix", "options": []}], []),
        (
            commands.save_face(COMMAND, "me", CAT, **ENVELOPE),
            "saveid",
            [text("idname", "me"), file("image", 0)],
            [CAT_FILE],
        ),
        (
            commands.swap_face(COMMAND, "me", CAT, **ENVELOPE),
            "swapid",
            [text("idname", "me"), file("image", 0)],
            [CAT_FILE],
        ),
    ],
)
def test_commands(payload: Payload, name: str, options: list[Payload], attachments: list[Payload]) -> None:
    assert payload == {
        "type": 2,
        "guild_id": "G",
        "channel_id": "C",
        "application_id": COMMAND.application_id,
        "session_id": "S",
        "nonce": "N",
        "data": {
            "version": COMMAND.version,
            "id": COMMAND.id,
            "name": name,
            "type": 1,
            "options": options,
            "attachments": attachments,
        },
    }


def test_cancel_job_is_a_command_of_the_message() -> None:
    data = commands.cancel_job(COMMAND, "77", **ENVELOPE)["data"]
    assert data == {
        "version": COMMAND.version,
        "id": COMMAND.id,
        "name": "Cancel Job",
        "type": 3,
        "target_id": "77",
        "options": [],
        "attachments": [],
    }


def test_a_menu_is_chosen_from() -> None:
    payload = commands.select("MJ::X", "7", message_id="77", application_id="A", **ENVELOPE)
    assert (payload["type"], payload["message_id"], payload["message_flags"]) == (3, "77", 64)
    assert payload["data"] == {"component_type": 3, "type": 3, "custom_id": "MJ::X", "values": ["7"]}


def test_a_modal_is_submitted() -> None:
    payload = commands.submit_modal("55", Form("MJ::M", "MJ::M::f"), "a cat", application_id="A", **ENVELOPE)
    assert payload["type"] == 5
    assert payload["data"] == {
        "id": "55",
        "custom_id": "MJ::M",
        "components": [{"type": 1, "components": [{"type": 4, "custom_id": "MJ::M::f", "value": "a cat"}]}],
    }


def test_a_region_is_submitted() -> None:
    assert commands.region("token", "a hat", "bWFzaw==") == {
        "customId": "token",
        "prompt": "a hat",
        "mask": "bWFzaw==",
        "userId": "0",
        "username": "0",
        "full_prompt": None,
    }
