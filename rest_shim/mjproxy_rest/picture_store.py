"""What the places have in common where pictures are kept: a folder (`picture_folder`) and a bucket (`picture_bucket`).

What was fetched once can be had there when Discord has it no longer. A kept picture is named after its task and itself,
so that its name says as much as a link to it. It gets this name when it is whole; until then it is a draft, which is
dropped if something goes wrong. Kept pictures may be deleted at any time.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from mjproxy_rest.picture_links import media_type

_TASK_ID: Final = re.compile(r"[0-9]{1,20}")
_NAME: Final = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,4})?")
_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))")


@dataclass(frozen=True, slots=True)
class Download:
    """A picture on its way, or the part of it that was asked for.

    Attributes:
        status: The HTTP status: 200, 206 or 416.
        headers: The HTTP headers.
        content: The bytes, as they come.
        close: To be called at the end, whatever was read.
    """

    status: int
    headers: Mapping[str, str]
    content: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class Draft(Protocol):
    """A picture that comes to be kept. What goes wrong costs nobody a picture: it is not kept, and the log says why."""

    async def write(self, chunk: bytes) -> None:
        """Appends bytes."""

    async def keep(self) -> None:
        """Gives the picture its name, now that it is whole."""

    def discard(self) -> None:
        """Drops the draft, unless it was kept. At once, since who calls this may be cancelled."""


class PictureStore(Protocol):
    """A place where pictures are kept."""

    async def find(self, task_id: str, name: str, method: str, wanted: str) -> Download | None:
        """Begins to read a kept picture.

        Args:
            task_id: The task.
            name: The picture's name.
            method: GET, or HEAD for the headers alone.
            wanted: The header `Range`; "" for all of it.

        Returns:
            The picture; None if it is not kept.
        """

    async def draft(self, task_id: str, name: str) -> Draft | None:
        """Begins to keep a picture; None if it cannot be kept."""


def kept_name(task_id: str, name: str) -> str | None:
    """Returns under which name a picture is kept; None for names of no picture, which might lead elsewhere."""
    return f"{task_id}-{name}" if _TASK_ID.fullmatch(task_id) and _NAME.fullmatch(name) else None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which bytes of a picture are asked for, and what is said of them.

    Attributes:
        status: The HTTP status: 200, 206 or 416.
        first: The first byte.
        end: The byte behind the last one; with 416, the same as `first`.
        size: How many the picture has.
    """

    status: int
    first: int
    end: int
    size: int

    @classmethod
    def of(cls, wanted: str, size: int) -> "Selection":
        """Reads the header `Range`. What is not one range of bytes is ignored (RFC 9110 §14.2)."""
        found = _RANGE.fullmatch(wanted)
        if found is None or (found[2] and int(found[2]) < int(found[1])):
            return cls(200, 0, size, size)
        first = int(found[1]) if found[1] else max(size - int(found[3]), 0)
        end = min(int(found[2]) + 1, size) if found[2] else size
        return cls(206, first, end, size) if first < end else cls(416, 0, 0, size)

    def headers(self, name: str) -> Mapping[str, str]:
        """Returns the headers of the answer, for a picture of this name."""
        kind = {"content-type": media_type(name), "content-length": str(self.end - self.first)}
        match self.status:
            case 206:
                return kind | {"content-range": f"bytes {self.first}-{self.end - 1}/{self.size}"}
            case 416:
                return {"content-length": "0", "content-range": f"bytes */{self.size}"}
            case _:
                return kind


async def nothing() -> AsyncIterator[bytes]:
    """Yields no bytes: the content of what has headers alone."""
    return
    yield b""
