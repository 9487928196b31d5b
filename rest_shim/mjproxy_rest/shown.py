"""What the workers of a shim have shown, so that none of them shows less: revisions in memory that they share.

A client's requests may come to any worker, and each has a cache of its own, whose watch may lag behind the others' by
some milliseconds. Therefore each notes here the revision of what it shows before it shows it, and answers from its
cache only what is no older than what is noted of the task; else it asks the server.

The memory has a *row* for each worker, which alone writes it, so that no two ever write the same place: a reader takes
the highest of all rows. A row has a *cell* for all tasks together, and cells for tasks, several of which may share one.
A cell is written and read at once, being eight bytes at a place divisible by eight. It holds a revision, and of which
history that is: by a digest, since an id has no room. Two histories with the same digest, one in sixteen million, would
have reads wait for revisions of the other one.

A worker that takes the place of one that has died takes its row as it is: what was shown was shown.
"""

import mmap
import os
import sys
import tempfile
from typing import Final, Protocol
from zlib import crc32

_CELLS_FOR_TASKS: Final = 4096
_CELL_BYTES: Final = 8
_ROW_CELLS: Final = 1 + _CELLS_FOR_TASKS

# 35 years of a thousand changes in every second.
_REVISION_BITS: Final = 40
_REVISION_MASK: Final = 2**_REVISION_BITS - 1
_DIGEST_MASK: Final = 2**24 - 1


class Shown(Protocol):
    """What others have shown. Of another history than the one named, nothing counts."""

    def note(self, history_id: str, task_id: str, revision: int) -> None:
        """Notes that a task is about to be shown as it was at a revision; nothing if the history is unknown, ""."""

    def newest(self, history_id: str) -> int:
        """Returns the highest revision that was noted; 0 if there is none."""

    def newest_of(self, history_id: str, task_id: str) -> int:
        """Returns the highest revision that was noted of a task, and perhaps of others; 0 if there is none."""


class NothingShown:
    """For a shim that has no other workers; what it has shown itself, its cache knows."""

    def note(self, history_id: str, task_id: str, revision: int) -> None:
        """Does nothing."""

    def newest(self, history_id: str) -> int:  # noqa: ARG002 - as in `Shown`
        """Returns 0."""
        return 0

    def newest_of(self, history_id: str, task_id: str) -> int:  # noqa: ARG002
        """Returns 0."""
        return 0


class SharedRevisions:
    """The shared memory, as one worker uses it."""

    def __init__(self, descriptor: int, number: int) -> None:
        """Maps the memory.

        Args:
            descriptor: What `shared_memory` returned, which is not needed any more behind this.
            number: Which worker this is, from 0.
        """
        self._cells = memoryview(mmap.mmap(descriptor, 0)).cast("Q")
        self._rows = range(0, len(self._cells), _ROW_CELLS)
        self._own = self._rows[number]

    def note(self, history_id: str, task_id: str, revision: int) -> None:
        """See `Shown`."""
        if not history_id:
            return
        digest = _digest(history_id)
        for cell in (self._own, self._own + _place(task_id)):
            held = self._cells[cell]
            if held >> _REVISION_BITS != digest or held & _REVISION_MASK < revision:
                self._cells[cell] = digest << _REVISION_BITS | revision

    def newest(self, history_id: str) -> int:
        """See `Shown`."""
        return self._newest(history_id, 0)

    def newest_of(self, history_id: str, task_id: str) -> int:
        """See `Shown`."""
        return self._newest(history_id, _place(task_id))

    def _newest(self, history_id: str, place: int) -> int:
        digest, newest = _digest(history_id), 0
        for row in self._rows:
            held = self._cells[row + place]
            if held >> _REVISION_BITS == digest:
                newest = max(newest, held & _REVISION_MASK)
        return newest


def shared_memory(workers: int) -> int:
    """Makes the memory for so many workers; returns a descriptor, to be handed to each of them."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("mjproxy-shown")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with open(descriptor, "wb", closefd=False) as memory:
        memory.write(bytes(workers * _ROW_CELLS * _CELL_BYTES))  # What is written now cannot lack room later.
    return descriptor


def _place(task_id: str) -> int:
    """Returns the task's cell in any row, the same in every process, as `hash` would not."""
    return 1 + crc32(task_id.encode()) % _CELLS_FOR_TASKS


def _digest(history_id: str) -> int:
    return crc32(history_id.encode()) & _DIGEST_MASK
