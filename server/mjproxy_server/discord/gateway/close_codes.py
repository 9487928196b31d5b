"""What each close code of the gateway asks of the client (Discord API reference, "Gateway close event codes")."""

from dataclasses import dataclass
from enum import Enum, auto

AUTHENTICATION_FAILED = 4004

# Closing with 1000 or 1001 ends the session; with any other code it can be resumed for some minutes.
RESUMABLE_CLOSE = 4000


class Verdict(Enum):
    """How to go on after the server closed the connection."""

    RESUME = auto()
    NEW_SESSION = auto()
    FATAL = auto()


@dataclass(frozen=True, slots=True)
class CloseCode:
    """The meaning of a close code, and what follows; `pause` is the least number of seconds before the next try."""

    meaning: str
    verdict: Verdict
    pause: float = 0.0


_CODES = {
    1000: CloseCode("normal closure", Verdict.RESUME),
    1001: CloseCode("going away", Verdict.RESUME),
    4000: CloseCode("unknown error", Verdict.RESUME),
    4001: CloseCode("unknown opcode", Verdict.RESUME),
    4002: CloseCode("decode error", Verdict.RESUME),
    4003: CloseCode("not authenticated", Verdict.NEW_SESSION),
    AUTHENTICATION_FAILED: CloseCode("authentication failed", Verdict.FATAL),
    4005: CloseCode("already authenticated", Verdict.RESUME),
    4006: CloseCode("session no longer valid", Verdict.NEW_SESSION),
    4007: CloseCode("invalid sequence", Verdict.NEW_SESSION),
    4008: CloseCode("rate limited", Verdict.RESUME, pause=5.0),
    4009: CloseCode("session timed out", Verdict.NEW_SESSION),
    4010: CloseCode("invalid shard", Verdict.FATAL),
    4011: CloseCode("sharding required", Verdict.FATAL),
    4012: CloseCode("invalid API version", Verdict.FATAL),
    4013: CloseCode("invalid intents", Verdict.FATAL),
    4014: CloseCode("disallowed intents", Verdict.FATAL),
    # Only the unofficial documentation of user accounts knows this one: the owner has to log out elsewhere.
    4015: CloseCode("too many sessions", Verdict.FATAL),
}
_UNKNOWN = CloseCode("unknown close code", Verdict.RESUME)


def meaning_of(code: int) -> CloseCode:
    """Return what a close code means; one that is not in Discord's table lets the session be resumed."""
    return _CODES.get(code, _UNKNOWN)
