"""The messages of watches, encoded. Each change is encoded once, and what many watchers are told is put together once.

Encodings of a message put one behind the other are one of both, whose repeated fields have the items of both; this is
promised by the format (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Final, TypeVar

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.tasks_out import write_task
from mjproxy_server.store.interface import Revision

LARGEST_MESSAGE: Final = 1 << 20
MOST_MESSAGES: Final = 32
"""Watchers that keep up are told the same; of those that lag behind, many lag behind alike."""
MOST_CHANGES: Final = 1_000
"""Of some 1 kB each. Watchers that want something else each share these alone."""

_number = attrgetter("number")

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class WatchResponses:
    """Makes the messages, and keeps the newest.

    Args:
        history_id: The history that the revisions belong to.
    """

    def __init__(self, history_id: str) -> None:
        self._history_id = history_id
        self._messages: _Kept[tuple[int, ...], Sequence[bytes]] = _Kept(MOST_MESSAGES)
        self._changes: _Kept[int, bytes] = _Kept(MOST_CHANGES)

    def bookmark(self, position: int) -> bytes:
        """Returns the message that tells no more than how far the watcher has come."""
        return pb.WatchTasksResponse(revision=position, history_id=self._history_id).SerializeToString()

    def of(self, revisions: Sequence[Revision], position: int) -> Sequence[bytes]:
        """Packs changes into as few messages as their size allows; the last one carries the position.

        Args:
            revisions: What is to be told; a revision of some number is the same for ever.
            position: How far the watcher has come with that.
        """
        key = (position, *map(_number, revisions))
        return self._messages.get(key) or self._messages.keep(key, self._pack(revisions, position))

    def _pack(self, revisions: Sequence[Revision], position: int) -> Sequence[bytes]:
        end = self.bookmark(position)
        messages: list[bytes] = []
        parts: list[bytes] = []
        size, told = len(end), position
        for revision in revisions:
            number = revision.number
            change = self._changes.get(number) or self._changes.keep(number, _change(revision))
            if parts and size + len(change) > LARGEST_MESSAGE:
                messages.append(b"".join([*parts, self.bookmark(told)]))
                parts, size = [], len(end)
            parts.append(change)
            size, told = size + len(change), number
        return [*messages, b"".join([*parts, end])]


class _Kept(OrderedDict[Key, Made]):
    """What was made for so many keys, the newest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, made: Made) -> Made:
        """Takes in what was made for a key, and returns it."""
        self[key] = made
        if len(self) > self._most:
            self.popitem(last=False)
        return made


def _change(revision: Revision) -> bytes:
    """Returns an encoded response with the change, and nothing else."""
    response = pb.WatchTasksResponse()
    change = response.changes.add(revision=revision.number)
    if revision.removed:
        change.removed_task_id = revision.task_id
    else:
        write_task(change.task, revision.subject)
    return response.SerializeToString()
