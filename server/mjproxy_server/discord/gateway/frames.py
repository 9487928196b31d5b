"""The frames of the gateway: what is read of those that come in, and how those that go out are made."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, NamedTuple

import msgspec

from mjproxy_server.discord.browser import Browser

# What the web client announces for a user account: bits 0 and 2 to 13 (observed in several clients, 2026-06).
CAPABILITIES = 16381
# Discord accepts any build that it has released; this one is of 2023-08 and widely used by clients of user accounts.
CLIENT_BUILD_NUMBER = 222963
REFERRER = "https://www.midjourney.com"


class Op(IntEnum):
    """Opcodes (Discord API reference, "Gateway opcodes"), as far as a client of one user account needs them."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Frame(msgspec.Struct, frozen=True):
    """A frame from the server. Servers other than Discord's leave out `s` and `t` where they are null.

    The payload `d` is JSON that was not read yet: what waits to be handed over takes little memory, and no time of the
    garbage collector's.
    """

    op: int
    d: msgspec.Raw = msgspec.Raw(b"null")
    s: int | None = None
    t: str | None = None


class Hello(msgspec.Struct, frozen=True):
    """The payload of HELLO; the interval is in milliseconds."""

    heartbeat_interval: Annotated[float, msgspec.Meta(gt=0)]


class Ready(msgspec.Struct, frozen=True):
    """What the session needs of READY's payload."""

    session_id: str
    resume_gateway_url: str | None = None


class Command(NamedTuple):
    """A frame to the server."""

    op: Op
    d: object

    def __repr__(self) -> str:
        """Name the opcode only: IDENTIFY and RESUME carry the token."""
        return f"Command({self.op.name})"

    def encode(self) -> str:
        """Return the JSON text to send."""
        return msgspec.json.encode({"op": self.op, "d": self.d}).decode()


def decode_frame(message: bytes | str) -> Frame:
    """Read a frame.

    Raises:
        msgspec.DecodeError: If the message is no JSON or no frame.
    """
    try:
        return _frame_decoder.decode(message)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None


_frame_decoder = msgspec.json.Decoder(Frame)


def heartbeat(sequence: int | None) -> Command:
    """Return a heartbeat that names the last sequence received, None if there was no dispatch yet."""
    return Command(Op.HEARTBEAT, sequence)


def resume(token: str, session_id: str, sequence: int | None) -> Command:
    """Return the request to replay what came after `sequence` in a session."""
    return Command(Op.RESUME, {"token": token, "session_id": session_id, "seq": sequence})


def identify(token: str, browser: Browser) -> Command:
    """Return the request for a new session, as the web client of a user account words it (observed 2026-06)."""
    return Command(
        Op.IDENTIFY,
        {
            "token": token,
            "capabilities": CAPABILITIES,
            "properties": _properties(browser),
            "presence": {"status": "online", "since": 0, "activities": [], "afk": False},
            "compress": False,
            "client_state": {
                "guild_versions": {},
                "highest_last_message_id": "0",
                "read_state_version": 0,
                "user_guild_settings_version": -1,
                "user_settings_version": -1,
                "private_channels_version": "0",
                "api_code_version": 0,
            },
        },
    )


def _properties(browser: Browser) -> Mapping[str, object]:
    return {
        "os": browser.system,
        "browser": browser.name,
        "device": "",
        "system_locale": "en-US",
        "browser_user_agent": browser.user_agent,
        "browser_version": browser.version,
        "os_version": "",
        "referer": REFERRER,
        "referring_domain": REFERRER.removeprefix("https://"),
        "referrer_current": "",
        "referring_domain_current": "",
        "release_channel": "stable",
        "client_build_number": CLIENT_BUILD_NUMBER,
        "client_event_source": None,
    }
