"""Server-sent events, and the ids by which a reader resumes. Pure.

An id is a place in the server's log, "<history>-<revision>". The id of the last event of a stream that has an end
has "-end" behind it: browsers connect again whenever a stream ends, and are so told from those who have more to read.

Source: HTML Living Standard, §9.2 "Server-sent events".
"""

import re
from typing import Final

from mjproxy.watch import Position

MEDIA_TYPE: Final = "text/event-stream"

# A comment: it keeps proxies from taking a quiet stream for a dead one.
KEEP_ALIVE: Final = b":\n\n"

_END: Final = "-end"
_PLACE: Final = re.compile(r"([0-9A-Za-z_-]{1,64})-([0-9]{1,18})")


def place_id(position: Position) -> str:
    """Returns the id of an event after which there may be others."""
    return f"{position.history_id}-{position.revision}"


def end_id(position: Position) -> str:
    """Returns the id of an event after which there is none."""
    return place_id(position) + _END


def is_end(event_id: str) -> bool:
    """True if the reader that sends this id has read its stream to the end."""
    return event_id.endswith(_END)


def place(event_id: str) -> Position | None:
    """Returns the place that an id names; None if it names none, as a place that nobody knows any longer."""
    found = _PLACE.fullmatch(event_id)
    return Position(int(found[2]), found[1]) if found else None


def event(data: bytes, event_id: str, kind: str = "message") -> bytes:
    """Encodes an event.

    Args:
        data: JSON without line breaks.
        event_id: Where the reader is when it has read the event; "" for where it was before.
        kind: Its type; browsers hand events of other types than "message" to those only who listen to that type.
    """
    kind_line = b"" if kind == "message" else f"event: {kind}\n".encode()
    id_line = f"id: {event_id}\n".encode() if event_id else b""
    return b"%b%bdata: %b\n\n" % (kind_line, id_line, data)


def progress(position: Position) -> bytes:
    """Encodes that the reader has got so far, though nothing happened. No event is seen, but the id is kept."""
    return b"id: %b\n\n" % place_id(position).encode()
