"""The cache's promise under any order of events, for one worker and for several.

Nobody is shown an older state than anybody was shown before they asked, nor a task of whose removal the worker's watch
had told by then. Beside the caches runs a model of the server: a log, the present state, and questions that are under
way for as long as the test likes. The server may be replaced by one with another history.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import TaskChange
from mjproxy.watch import Position
from mjproxy_rest.cache import Ask, TaskCache
from mjproxy_rest.shown import SharedRevisions, _place, shared_memory
from mjproxy_rest.tasks import encode
from tests.rest.rest_server import running

# The last one shares its cell with the first.
IDS = ("1", "2", next(str(number) for number in count(3) if _place(str(number)) == _place("1")))
# Room for one task, so that the others have to go now and then; and for all.
CAPACITIES = (1600, 4800)

# What somebody was shown of a task: the server's history, and the version of the task in it.
State = tuple[int, int]
NEVER: State = (-1, -1)
GONE = 10**9


@dataclass
class Server:
    """The server's side: a log of versions, from which any state can be read."""

    history: int = 0
    log: list[tuple[str, int]] = field(default_factory=list)

    @property
    def revision(self) -> int:
        return len(self.log)

    def position(self, revision: int) -> Position:
        return Position(revision, f"history {self.history}")

    def versions(self, revision: int | None = None) -> dict[str, int]:
        """Returns the version of each task at a revision, by default the last."""
        return dict(self.log[:revision])

    def change(self, task_id: str) -> Task:
        version = self.versions().get(task_id, -1) + 1
        self.log.append((task_id, version))
        return self.task(task_id, version)

    def remove(self, task_id: str) -> None:
        self.log.append((task_id, GONE))

    def task(self, task_id: str, version: int) -> Task:
        task = running(task_id, version)
        task.state = str(self.history)
        return task

    def changes(self, after: int, until: int) -> list[TaskChange]:
        return [
            TaskChange(revision=revision, removed_task_id=task_id)
            if version == GONE
            else TaskChange(revision=revision, task=self.task(task_id, version))
            for revision, (task_id, version) in enumerate(self.log[after:until], after + 1)
        ]


@dataclass
class Question:
    """A question under way, with what had been shown when it was asked."""

    ids: tuple[str, ...]
    ask: Ask
    leave: ExitStack
    floor: dict[str, State]
    answer: list[Task] | None = None
    revision: int = 0


def state_of(body: bytes) -> State:
    task = orjson.loads(body)
    return int(task["state"]), int(task["progress"].removesuffix("%"))


class Worker:
    """A cache, its watch, and its readers. Each step takes a number that says which task, question or count."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.cache = world.new_cache(number)
        self.watched = 0
        self.lost = False
        self.questions: list[Question] = []
        self.gone: dict[str, State] = {}
        # What this worker has shown since it was lost; nobody else need be as new as that.
        self.shown_since: dict[str, State] = {}
        self.watch_begins_anew(0)

    @property
    def server(self) -> Server:
        return self.world.server

    @property
    def shown(self) -> dict[str, State]:
        """What this worker's readers have to be shown at least, apart from removals."""
        return self.shown_since if self.lost else self.world.shown

    def floor(self) -> dict[str, State]:
        ids = self.shown.keys() | self.gone.keys()
        return {id_: max(self.shown.get(id_, NEVER), self.gone.get(id_, NEVER)) for id_ in ids}

    def list_is_asked(self, _: int) -> None:
        self.ask(())

    def tasks_are_asked(self, number: int) -> None:
        self.ask(IDS[number % len(IDS) :])

    def submission_is_answered(self, number: int) -> None:
        task_id = IDS[number % len(IDS)]
        if task_id not in self.server.versions():
            question = self.ask(())
            question.answer = [self.server.change(task_id)]
            question.revision = self.server.revision

    def ask(self, ids: tuple[str, ...]) -> Question:
        leave = ExitStack()
        question = Question(ids, leave.enter_context(self.cache.asking(ids)), leave, self.floor())
        self.questions.append(question)
        return question

    def question_is_answered(self, number: int) -> None:
        """Answers from the state at any revision that the question allows, as a node that lags behind does."""
        revision = self.server.revision
        open_ones = [one for one in self.questions if one.answer is None and one.ask.min_revision <= revision]
        if open_ones:
            question = open_ones[number % len(open_ones)]
            question.revision = revision - number % (revision - question.ask.min_revision + 1)
            versions = self.server.versions(question.revision)
            wanted = {task_id: versions.get(task_id, GONE) for task_id in question.ids or IDS}
            question.answer = [self.server.task(task_id, v) for task_id, v in wanted.items() if v != GONE]

    def answer_arrives(self, number: int) -> None:
        answered = [question for question in self.questions if question.answer is not None]
        if answered:
            question = answered[number % len(answered)]
            self.questions.remove(question)
            with question.leave:
                bodies = self.cache.settle(question.ask, question.answer or [], question.revision)
            for task_id, body in bodies.items():
                self.show(task_id, body, question.floor)

    def question_fails(self, _: int) -> None:
        if self.questions:
            self.questions.pop(0).leave.close()

    def show(self, task_id: str, body: bytes, floor: dict[str, State]) -> None:
        state = state_of(body)
        assert state >= floor.get(task_id, NEVER)
        self.raise_to(task_id, state)

    def raise_to(self, task_id: str, state: State) -> None:
        self.shown[task_id] = max(state, self.shown.get(task_id, NEVER))

    def watch_moves(self, number: int) -> None:
        """Brings some of the changes; none in a bookmark."""
        if self.lost:
            return
        changes = self.server.changes(self.watched, self.watched + number % 4)
        self.watched += len(changes)
        for change in changes:
            if change.removed_task_id:
                self.gone[change.removed_task_id] = (self.server.history, GONE)
        self.cache.apply(changes, self.server.position(self.watched))

    def another_watch_shows(self, number: int) -> None:
        """Shows changes to somebody whose watch is ahead of the cache's, or who catches up from far behind."""
        begin = number % (self.server.revision + 1)
        changes = self.server.changes(begin, begin + 3)
        self.cache.overtake(changes, self.server.position(0).history_id)
        for change in [] if self.lost else changes:
            task_id = change.removed_task_id or change.task.id
            version = GONE if change.removed_task_id else state_of(encode(change.task))[1]
            self.raise_to(task_id, (self.server.history, version))

    def watch_breaks(self, _: int) -> None:
        self.cache.interrupt()

    def watch_begins_anew(self, _: int) -> None:
        if self.lost:
            # The promise is made within a history, as far as the watch tells them apart.
            self.close()
        self.watched, self.lost = self.server.revision, False
        self.cache.reset(self.server.position(self.watched))

    def dies_and_is_replaced(self, _: int) -> None:
        """Nobody comes to the new one before its watch has begun."""
        self.close()
        self.gone.clear()
        self.cache = self.world.new_cache(self.number)
        self.watch_begins_anew(0)

    def lose(self) -> None:
        """The server that it watches is no more, and all questions end with it."""
        self.close()
        self.cache.interrupt()
        self.shown_since = {**self.shown_since, **self.world.shown} if self.lost else dict(self.world.shown)
        self.lost = True

    def close(self) -> None:
        while self.questions:
            self.questions.pop().leave.close()

    def check_memory(self) -> None:
        """The entries fit, and are counted right; marks last no longer than their questions."""
        entries = self.cache._entries.values()
        assert self.cache.size == sum(entry.size for entry in entries) <= self.world.capacity
        assert set(self.cache._marks) <= {task_id for question in self.questions for task_id in question.ids}

    def check_reads(self) -> None:
        """What is served is as new as anything shown, and as the place that the watch has reached."""
        reached = {} if self.lost else self.server.versions(self.watched)
        for task_id in IDS:
            body = self.cache.get(task_id)
            if body is not None:
                self.show(task_id, body, self.floor())
                assert state_of(body) >= (self.server.history, reached.get(task_id, -1))
            self.check_memory_of(task_id)

    def check_memory_of(self, task_id: str) -> None:
        """What is recalled, be the watch up or down, is as new as anything shown within the history."""
        body = None if self.lost else self.cache.recall(task_id)
        if body is not None:
            self.show(task_id, body, self.floor())


class World:
    """A server, and the workers of a shim."""

    def __init__(self, capacity: int, workers: int) -> None:
        self.capacity = capacity
        self.server = Server()
        self.shown: dict[str, State] = {}
        self.memory = shared_memory(workers) if workers > 1 else None
        self.workers = [Worker(self, number) for number in range(workers)]

    def new_cache(self, number: int) -> TaskCache:
        """Returns that of a worker which begins; a lone one shares nothing."""
        shown = SharedRevisions(self.memory, number) if self.memory is not None else None
        return TaskCache(self.capacity, shown=shown)

    def task_changes(self, number: int) -> None:
        task_id = IDS[number % len(IDS)]
        version = self.server.versions().get(task_id)
        # A removed task never comes back, so removals are rare, or soon nothing would be left.
        if number % 20 == 0 and version is not None:
            self.server.remove(task_id)
        elif version != GONE:
            self.server.change(task_id)

    def server_is_replaced(self, number: int) -> None:
        """Puts a server with another history in the place of this one, whose calls end with it."""
        for worker in self.workers:
            worker.lose()
        self.shown.clear()
        self.server = Server(self.server.history + 1)
        for task_id in IDS[number % 3 :]:
            self.server.change(task_id)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        if self.memory is not None:
            os.close(self.memory)


Step = Callable[[World, int, int], None]


def at(step: Callable[[Worker, int], None]) -> Step:
    """Makes a step of the world of one of a worker."""

    def take(world: World, which: int, number: int) -> None:
        step(world.workers[which % len(world.workers)], number)

    return take


# What happens often is here often: the worst is rare, or little would happen in between.
STEPS: tuple[Step, ...] = (
    *[lambda world, _, number: world.task_changes(number)] * 4,
    *[at(Worker.question_is_answered)] * 4,
    *[at(Worker.answer_arrives)] * 4,
    *[at(Worker.tasks_are_asked)] * 3,
    *[at(Worker.watch_moves)] * 3,
    *[at(Worker.list_is_asked)] * 2,
    at(Worker.another_watch_shows),
    at(Worker.submission_is_answered),
    at(Worker.question_fails),
    at(Worker.watch_breaks),
    at(Worker.watch_begins_anew),
    at(Worker.dies_and_is_replaced),
    lambda world, _, number: world.server_is_replaced(number),
)


@pytest.mark.parametrize("workers", [1, 2, 3])
@settings(max_examples=300)
@given(
    st.sampled_from(CAPACITIES),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.integers(0, 59)), min_size=60, max_size=120),
)
def test_nobody_is_shown_an_older_state_in_any_order(
    workers: int, capacity: int, steps: list[tuple[Step, int, int]]
) -> None:
    world = World(capacity, workers)
    try:
        for step, which, number in steps:
            step(world, which, number)
            for worker in world.workers:
                worker.check_memory()
                worker.check_reads()
    finally:
        world.close()
