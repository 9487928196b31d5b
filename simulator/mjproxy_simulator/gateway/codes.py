"""The numbers of the gateway protocol.

Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes, and for what only user accounts send
https://docs.discord.food/gateway/opcodes-and-close-codes.
"""

from enum import IntEnum
from typing import Final


class Op(IntEnum):
    """What a frame is about; the names are Discord's."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11
    CALL_CONNECT = 13
    GUILD_SUBSCRIPTIONS = 14
    GUILD_SUBSCRIPTIONS_BULK = 37
    QOS_HEARTBEAT = 40
    TIME_SPENT = 41


class CloseCode(IntEnum):
    """Why the server closes a connection; the names are Discord's."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    INVALID_API_VERSION = 4012
    INVALID_INTENTS = 4013


CLOSED_BY_CLIENT: Final = frozenset({1000, 1001})
"""Close codes by which a client gives its session up; after any other the session waits."""

ENDS_SESSION: Final = frozenset({CloseCode.INVALID_SEQUENCE, CloseCode.SESSION_TIMED_OUT})
"""Close codes by which the server gives a session up."""

HEARTBEATS: Final = frozenset({Op.HEARTBEAT, Op.QOS_HEARTBEAT})
TOLERATED: Final = frozenset(
    {
        Op.PRESENCE_UPDATE,
        Op.VOICE_STATE_UPDATE,
        Op.CALL_CONNECT,
        Op.GUILD_SUBSCRIPTIONS,
        Op.GUILD_SUBSCRIPTIONS_BULK,
        Op.TIME_SPENT,
    }
)
"""What user clients send and need no answer to."""
