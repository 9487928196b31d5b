"""A gateway session: what it has told its client, so that a client that was away can be told again.

A session outlives its sockets. Every event gets the next sequence number, is kept in a bounded buffer, and goes to the
socket that is attached, if one is. Source: https://discord.com/developers/docs/events/gateway#resuming
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

import orjson

from mjproxy_simulator.discord.forms import Json


@dataclass(frozen=True, slots=True)
class Frame:
    """A message to the client, as JSON text."""

    payload: bytes

    @classmethod
    def of(cls, op: int, data: object) -> Self:
        """Return a message that is no event."""
        return cls(orjson.dumps({"t": None, "s": None, "op": int(op), "d": data}))


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection, with a close code."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of the connection without a close frame."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """The end of all talk on the connection, which stays open."""


@dataclass(frozen=True, slots=True)
class CompressFrames:
    """From here on each frame is compressed by itself, as the client wanted it."""


class Place(Enum):
    """Where a late frame stands to those that come after it."""

    IN_LINE = auto()
    OVERTAKEN = auto()
    BEHIND_NEXT = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Late:
    """A frame that comes some seconds late, alone or with all that follow, or else right after the next frame."""

    frame: Frame
    seconds: float
    place: Place


Output = Frame | Close | Cut | Freeze | CompressFrames | Late
Outlet = Callable[[Output], None]


class Session:
    """One client's view of the events of one user.

    Args:
        session_id: Its id.
        user_id: Whose events it gets.
        replayed_events: How many events it keeps for a client that was away.
        replayed_bytes: How many bytes of JSON these may have; the oldest are dropped first.
    """

    def __init__(self, session_id: str, user_id: int, replayed_events: int, replayed_bytes: int) -> None:
        self.id = session_id
        self.user_id = user_id
        self.sequence = 0
        self.detached_at: float | None = None
        self._replayed_events = replayed_events
        self._replayed_bytes = replayed_bytes
        self._sent: deque[tuple[int, Frame]] = deque()
        self._kept_bytes = 0
        self._outlet: Outlet | None = None

    @property
    def attached(self) -> bool:
        """Whether a socket has the events."""
        return self._outlet is not None

    @property
    def kept_events(self) -> int:
        """How many events could be replayed."""
        return len(self._sent)

    def attach(self, outlet: Outlet) -> None:
        """Let a socket have the events from now on; one that had them is closed."""
        previous, self._outlet, self.detached_at = self._outlet, outlet, None
        if previous is not None:
            previous(Close(4000, "Session resumed elsewhere"))

    def detach(self, outlet: Outlet, now: float) -> bool:
        """Note that a socket is gone; return False when another one had taken its place."""
        if self._outlet != outlet:
            return False
        self._outlet, self.detached_at = None, now
        return True

    def emit(self, output: Output) -> None:
        """Send something that is no event to the attached socket, if there is one."""
        if self._outlet is not None:
            self._outlet(output)

    def record(self, event: str, data: Json | orjson.Fragment) -> Frame:
        """Number an event and keep it; return what tells it."""
        self.sequence += 1
        frame = Frame(orjson.dumps({"t": event, "s": self.sequence, "op": 0, "d": data}))
        self._keep(frame)
        return frame

    def dispatch(self, event: str, data: Json | orjson.Fragment) -> None:
        """Tell an event."""
        self.emit(self.record(event, data))

    def _keep(self, frame: Frame) -> None:
        self._sent.append((self.sequence, frame))
        self._kept_bytes += len(frame.payload)
        while len(self._sent) > self._replayed_events or self._kept_bytes > self._replayed_bytes:
            _, oldest = self._sent.popleft()
            self._kept_bytes -= len(oldest.payload)

    def missed_since(self, sequence: int) -> list[Frame] | None:
        """Return the events after a sequence number; None when some of them are no longer kept."""
        missed = [frame for number, frame in self._sent if number > sequence]
        return missed if len(missed) == self.sequence - sequence else None
