import msgspec
import pytest

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.gateway import frames

CHROME = Browser("UA", name="Chrome", version="136.0.0.0", system="Windows")


def sent(command: frames.Command) -> object:
    return msgspec.json.decode(command.encode())


def test_identify_describes_the_browser() -> None:
    payload = msgspec.json.decode(frames.identify("t", CHROME).encode())
    properties = payload["d"]["properties"]
    assert payload["op"] == 2
    assert payload["d"]["token"] == "t"
    assert payload["d"]["capabilities"] == 16381
    assert "intents" not in payload["d"]
    assert properties["browser"] == "Chrome"
    assert properties["os"] == "Windows"
    assert properties["browser_user_agent"] == "UA"
    assert properties["browser_version"] == "136.0.0.0"


def test_identify_fits_into_discords_frame_limit() -> None:
    assert len(frames.identify("t" * 100, CHROME).encode()) < 4096


def test_resume_and_heartbeat() -> None:
    assert sent(frames.resume("t", "s", 0)) == {"op": 6, "d": {"token": "t", "session_id": "s", "seq": 0}}
    assert sent(frames.heartbeat(None)) == {"op": 1, "d": None}


def test_repr_of_a_command_hides_the_token() -> None:
    for command in (frames.identify("hunter2", CHROME), frames.resume("hunter2", "s", 1)):
        assert "hunter2" not in f"{command!r} {command}"


def test_frame_may_lack_sequence_and_type() -> None:
    assert frames.decode_frame(b'{"op":11}') == frames.Frame(op=11)


@pytest.mark.parametrize(
    "message", [b"", b"nonsense", b"[]", b'{"op":"x"}', b'{"d":1}', b'{"op":0,"t":"\xff"}', b'{"op":0,"d":{]}']
)
def test_error_when_a_message_is_no_frame(message: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        frames.decode_frame(message)
