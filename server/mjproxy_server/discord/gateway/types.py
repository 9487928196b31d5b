"""What the gateway client tells its owner: dispatches, its status, and where a session can be resumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import msgspec
from msgspec import Raw, Struct


class GatewayPhase(Enum):
    """What the gateway client is doing."""

    DISCONNECTED = "disconnected"
    """Not running, or waiting before the next try."""
    CONNECTING = "connecting"
    """Opening a connection, or waiting for HELLO on it."""
    IDENTIFYING = "identifying"
    """Asking for a new session, or waiting for its turn to do so."""
    RESUMING = "resuming"
    """Having missed dispatches replayed."""
    READY = "ready"
    """In a session that brings dispatches as they happen."""
    FAILED = "failed"
    """Ended for good: Discord forbade to connect again."""


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """A phase and how it came about.

    Attributes:
        phase: The phase.
        since: When it began, in seconds since the Unix epoch.
        last_error: Why the last connection ended; None while all is well.
        attempt: Tries since the session was last READY, the present one included; 0 in READY. A token that was revoked
            may show itself only by connections that are closed before READY, with code 4000: after some attempts it is
            worth asking the REST API whether the token is still good.
        session_id: The session to name in interactions; None if there is none.
    """

    phase: GatewayPhase
    since: float
    last_error: str | None = None
    attempt: int = 0
    session_id: str | None = None


class ResumePoint(Struct, frozen=True):
    """All that is needed to resume a session, also from another process, within some minutes.

    Attributes:
        session_id: READY's session id.
        resume_url: READY's resume URL as Discord named it.
        sequence: The last dispatch that needs no replay; None if there was none.
    """

    session_id: str
    resume_url: str
    sequence: int | None


class Dispatch(Struct, frozen=True):
    """An event from Discord.

    Attributes:
        type: The event's name, such as `MESSAGE_CREATE`.
        payload: What it tells, as JSON: most of what comes concerns nobody here, and is never read.
        sequence: Its number within the session.
        session_id: The session that it came in.
        resume_url: That session's resume URL.
    """

    type: str
    payload: Raw
    sequence: int
    session_id: str
    resume_url: str

    @property
    def data(self) -> Mapping[str, object]:
        """The payload, read anew at each call; empty where it is broken or no object."""
        try:
            payload = _json.decode(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return payload if isinstance(payload, dict) else {}

    @property
    def resume_point(self) -> ResumePoint:
        """What to store together with the effects of this dispatch."""
        return ResumePoint(self.session_id, self.resume_url, self.sequence)


_json = msgspec.json.Decoder()
