"""The read cache: tasks as JSON, kept as new as the server's log by a watch. Pure: no clock, no I/O.

A *revision* is a place in the log of all tasks' changes. An answer of the server is the state at its revision; the
watch brings the changes up to its *position*. An entry was the task's state at its revision, and because every later
change of a task that is held here is applied, it still is at the position.

**What readers may rely on.** What is shown of a task is at least as new as anything that was shown of it, to anybody,
before the read began; a task of whose removal the watch had told by then is not shown; and a task is readable from the
moment its submission was answered.

**How.** A change of a task that nobody reads is not kept, so a miss could lose one: the server's answer is under way,
a change comes and is let go, the answer arrives and is old for ever. Therefore a miss *marks* its ids before it asks,
a marked id keeps its changes, and the higher revision wins. Changes before the mark are in the answer, because the
question says `min_revision`: the highest revision that is *known*, be it that somebody was shown it or that the watch
has passed it. Ids that could not be marked (a new task's, those of a list) are kept only from an answer that is no
older than what is known; answers overtake each other.

While the watch is down no read is served from here, but answers and marks go on, so that what is held is whole when the
watch resumes. When the server is away, too, what is held may be *recalled*: it is old, but never older than anything
that was shown of the task. For that, what the server does not show any more is let go: it may have been removed.

A shim may have several *workers*, each with a cache. The promise holds for all of them together, except that each
learns of removals by its own watch, and that nothing is noted of what one shows before its watch has begun. For that,
each notes what it shows in `shown`, reads there how new an entry has to be, and asks the server for no less than any of
them has shown.

A watch that lost its place resets the cache, and marks from before the reset count no more. The promise holds within a
history: between the moment when a server with another store takes over and the reset that tells of it, there is none,
and answers to questions from before that reset are shown, but not kept.

Entries are bounded by bytes; the least recently read go first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import TaskChange
from mjproxy.watch import Position
from mjproxy_rest.shown import NothingShown, Shown
from mjproxy_rest.tasks import encode

DEFAULT_CAPACITY_BYTES = 32 * 1024 * 1024

# What an entry takes beside its values: the id, its objects and a place in the table, in bytes of CPython 3.11, and the
# keys of its JSON.
_ENTRY_OVERHEAD_BYTES = 900


class _Entry:
    """What a task was at a revision.

    Most states of a task are read by nobody, so the JSON is made when it is asked for. Until then the task is kept as
    bytes: a message would keep all others alive that came with it.

    Attributes:
        revision: The revision.
        exists: False if the task was removed.
        is_noted: True if it is noted as shown.
        size: How many bytes it may take: JSON is longer than what came.
    """

    __slots__ = ("_body", "_wire", "exists", "is_noted", "revision", "size")

    def __init__(self, revision: int, task: Task | None) -> None:
        self._wire = task.SerializeToString() if task else b""
        self._body = b""
        self.revision = revision
        self.exists = task is not None
        self.is_noted = False
        self.size = _ENTRY_OVERHEAD_BYTES + len(self._wire) * 3 // 2

    def body(self, encode: Callable[[Task], bytes]) -> bytes | None:
        """Returns the task as JSON; None if it was removed."""
        if self.exists and not self._body:
            self._body, self._wire = encode(Task.FromString(self._wire)), b""
        return self._body or None


@dataclass(slots=True)
class _Mark:
    """That an id is being asked for, by so many; and what came in the meantime."""

    askers: int = 0
    newest: _Entry | None = None
    floor: int = 0
    """The highest revision of an answer that was shown, but not kept."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the server that is under way.

    Attributes:
        min_revision: What the question must say; an older answer could undo what was shown.
        history_id: The history of which the watch was at the time.
        marks: The marks that it holds.
    """

    min_revision: int
    history_id: str
    marks: Mapping[str, _Mark]


class TaskCache:
    """See the module."""

    def __init__(
        self,
        capacity: int = DEFAULT_CAPACITY_BYTES,
        encode: Callable[[Task], bytes] = encode,
        shown: Shown | None = None,
    ) -> None:
        """Begins empty, and with the watch down.

        Args:
            capacity: How many bytes the entries may take.
            encode: Makes JSON of a task.
            shown: What all workers have shown; None if there are no others.
        """
        self._capacity = capacity
        self._encode = encode
        self._shown: Shown = shown or NothingShown()
        self._size = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._marks: dict[str, _Mark] = {}
        self._position = Position(0, "")
        self._known = 0
        self._live = False

    @property
    def live(self) -> bool:
        """True while the watch is up, so that entries are served."""
        return self._live

    @property
    def size(self) -> int:
        """The bytes that the entries take."""
        return self._size

    def get(self, task_id: str) -> bytes | None:
        """Returns a task's JSON; None if the server must be asked."""
        return self.recall(task_id) if self._live else None

    def recall(self, task_id: str) -> bytes | None:
        """Returns the JSON that was last known of a task, be the watch up or down; None if there is none."""
        entry = self._entries.get(task_id)
        if entry is None or self._is_behind_others(task_id, entry):
            return None
        self._entries.move_to_end(task_id)
        self._note(task_id, entry)
        return entry.body(self._encode)

    def let_go(self, task_ids: Iterable[str]) -> None:
        """Forgets tasks that the server did not show to somebody who asked for them."""
        for task_id in task_ids:
            self._drop(task_id)

    @contextmanager
    def asking(self, task_ids: Iterable[str] = ()) -> Iterator[Ask]:
        """Surrounds a question to the server, and marks its ids for so long.

        Args:
            task_ids: What is asked for, as far as it is known.
        """
        marks = {task_id: self._marks.setdefault(task_id, _Mark()) for task_id in task_ids}
        for mark in marks.values():
            mark.askers += 1
        try:
            history_id = self._position.history_id
            yield Ask(max(self._known, self._shown.newest(history_id)), history_id, marks)
        finally:
            self._release(marks)

    def settle(self, ask: Ask, tasks: Iterable[Task], revision: int) -> dict[str, bytes]:
        """Takes the server's answer in, and returns what to show of it.

        Args:
            ask: The question.
            tasks: The tasks in the answer.
            revision: The revision at which they were read.

        Returns:
            The JSON of each task by its id: newer than the answer where the cache knows better, and left out if the
            task has been removed since.
        """
        bodies = {task_id: entry.body(self._encode) for task_id, entry in self._take(ask, tasks, revision).items()}
        return {task_id: body for task_id, body in bodies.items() if body is not None}

    def learn(self, ask: Ask, tasks: Iterable[Task], revision: int) -> list[str]:
        """Takes the server's answer in as `settle` does, and returns the ids of the tasks to show of it."""
        return [task_id for task_id, entry in self._take(ask, tasks, revision).items() if entry.exists]

    def apply(self, changes: Iterable[TaskChange], position: Position) -> None:
        """Takes a step of the watch in: all changes between the last position and this one."""
        for change in changes:
            self._apply(change)
        self._position = position
        self._known = max(self._known, position.revision)
        self._live = True

    def overtake(self, changes: Iterable[TaskChange], history_id: str) -> None:
        """Takes in what somebody was shown by another watch, of which this one may not have heard yet.

        Args:
            changes: The changes. Those that lie behind may be told again.
            history_id: Their history; changes of another one than the watch's do not count.
        """
        if history_id != self._position.history_id:
            return
        for change in changes:
            self._shown.note(history_id, change.removed_task_id or change.task.id, change.revision)
            if change.revision > self._position.revision:
                self._apply(change)
                self._known = max(self._known, change.revision)

    def interrupt(self) -> None:
        """Stops serving until the watch goes on."""
        self._live = False

    def reset(self, position: Position) -> None:
        """Forgets everything: the watch begins here, with a gap behind it."""
        same_history = position.history_id == self._position.history_id
        self._known = max(self._known, position.revision) if same_history else position.revision
        self._position = position
        self._entries.clear()
        self._marks.clear()
        self._size = 0
        self._live = True

    def _take(self, ask: Ask, tasks: Iterable[Task], revision: int) -> dict[str, _Entry]:
        if ask.history_id != self._position.history_id:
            return {task.id: _Entry(revision, task) for task in tasks}
        is_newest = revision >= self._known
        self._known = max(self._known, revision)
        entries = {task.id: self._join(ask, task, revision, is_newest=is_newest) for task in tasks}
        for task_id, entry in entries.items():
            self._note(task_id, entry)
        return entries

    def _is_behind_others(self, task_id: str, entry: _Entry) -> bool:
        """True if another worker may have shown something newer."""
        newest = self._shown.newest_of(self._position.history_id, task_id)
        return newest > entry.revision and newest > self._position.revision

    def _note(self, task_id: str, entry: _Entry) -> None:
        """Notes that an entry is about to be shown."""
        if not entry.is_noted:
            self._shown.note(self._position.history_id, task_id, entry.revision)
            entry.is_noted = True

    def _release(self, marks: Mapping[str, _Mark]) -> None:
        for task_id, mark in marks.items():
            mark.askers -= 1
            # After a reset the id may bear the mark of somebody else.
            if not mark.askers and self._marks.get(task_id) is mark:
                del self._marks[task_id]

    def _join(self, ask: Ask, task: Task, revision: int, *, is_newest: bool) -> _Entry:
        latest = self._latest(task.id)
        if latest is not None and revision <= max(latest.revision, self._position.revision):
            return latest
        entry = _Entry(revision, task)
        mark = self._marks.get(task.id)
        has_seen_all = mark is not None and mark is ask.marks.get(task.id) and revision >= mark.floor
        if is_newest or has_seen_all or task.id in self._entries:
            self._keep(task.id, entry)
        elif mark is not None:
            mark.floor = max(mark.floor, revision)
        return entry

    def _apply(self, change: TaskChange) -> None:
        task_id = change.removed_task_id or change.task.id
        latest, mark = self._latest(task_id), self._marks.get(task_id)
        if latest is None and mark is None:
            return
        if latest is not None and latest.revision >= change.revision:
            return
        entry = _Entry(change.revision, change.task if change.HasField("task") else None)
        if task_id in self._entries or change.revision > self._known:
            self._keep(task_id, entry)
        elif mark is not None:
            # The watch lags behind what was shown, perhaps of this task, and then let go: this waits for the answer.
            mark.newest = entry

    def _latest(self, task_id: str) -> _Entry | None:
        mark = self._marks.get(task_id)
        return (mark and mark.newest) or self._entries.get(task_id)

    def _keep(self, task_id: str, entry: _Entry) -> None:
        if mark := self._marks.get(task_id):
            mark.newest = entry
        self._drop(task_id)
        if entry.exists:
            self._entries[task_id] = entry
            self._size += entry.size
        while self._size > self._capacity:
            self._drop(next(iter(self._entries)))

    def _drop(self, task_id: str) -> None:
        entry = self._entries.pop(task_id, None)
        self._size -= entry.size if entry else 0
