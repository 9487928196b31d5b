from mjproxy_server.midjourney.commands import CommandRef, Place, imagine, press
from mjproxy_server.model.task import Source

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
