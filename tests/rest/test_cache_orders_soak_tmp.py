"""The cache's promise under any order of events: nobody is shown an older state than anybody was shown before they asked,
nor a task of whose removal the watch had told by then.

Beside the cache runs a model of the server: a log, the present state, and questions that are under way for as long as the test
likes. The server may be replaced by one with another history.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rest_server import running

from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import TaskChange
from mjproxy.watch import Position
from mjproxy_rest.cache import Ask, TaskCache

IDS = ("1", "2")
an_id = st.sampled_from(IDS)

# Room for one task, so that the other has to go now and then.
CAPACITY = 1600

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
    shown: dict[str, State]
    answer: list[Task] | None = None
    revision: int = 0


def state_of(body: bytes) -> State:
    task = orjson.loads(body)
    return int(task["state"]), int(task["progress"].removesuffix("%"))


class CacheMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cache = TaskCache(capacity=CAPACITY)
        self.server = Server()
        self.watched = 0
        self.lost = False
        self.questions: list[Question] = []
        self.shown: dict[str, State] = {}
        self.watch_begins_anew()

    def show(self, task_id: str, state: State, floor: dict[str, State]) -> None:
        assert state >= floor.get(task_id, NEVER)
        self.shown[task_id] = max(state, self.shown.get(task_id, NEVER))

    def ask(self, ids: tuple[str, ...]) -> Question:
        leave = ExitStack()
        question = Question(ids, leave.enter_context(self.cache.asking(ids)), leave, dict(self.shown))
        self.questions.append(question)
        return question

    # A removed task never comes back, so removals are rare, or soon nothing would be left.
    @rule(task_id=an_id, removed=st.sampled_from([False] * 9 + [True]))
    def task_changes(self, task_id: str, removed: bool) -> None:
        version = self.server.versions().get(task_id)
        if removed and version is not None:
            self.server.remove(task_id)
        elif version != GONE:
            self.server.change(task_id)

    @rule(ids=st.lists(an_id, unique=True, max_size=2))
    def read_is_asked(self, ids: list[str]) -> None:
        """Asks for these tasks, or for a list of all."""
        self.ask(tuple(ids))

    @rule(task_id=an_id)
    def submission_is_answered(self, task_id: str) -> None:
        if task_id not in self.server.versions():
            question = self.ask(())
            question.answer = [self.server.change(task_id)]
            question.revision = self.server.revision

    @precondition(lambda self: self.unanswered())
    @rule(data=st.data())
    def read_is_answered(self, data: st.DataObject) -> None:
        """Answers from the state at any revision that the question allows, as a node that lags behind does."""
        question = data.draw(st.sampled_from(self.unanswered()))
        question.revision = data.draw(st.integers(question.ask.min_revision, self.server.revision))
        versions = self.server.versions(question.revision)
        wanted = {task_id: versions.get(task_id, GONE) for task_id in question.ids or IDS}
        question.answer = [self.server.task(task_id, v) for task_id, v in wanted.items() if v != GONE]

    def unanswered(self) -> list[Question]:
        """Returns the questions that the server can answer."""
        revision = self.server.revision
        return [one for one in self.questions if one.answer is None and one.ask.min_revision <= revision]

    @precondition(lambda self: self.answered())
    @rule(data=st.data())
    def answer_arrives(self, data: st.DataObject) -> None:
        question = data.draw(st.sampled_from(self.answered()))
        self.questions.remove(question)
        with question.leave:
            bodies = self.cache.settle(question.ask, question.answer or [], question.revision)
        for task_id, body in bodies.items():
            self.show(task_id, state_of(body), question.shown)

    def answered(self) -> list[Question]:
        return [question for question in self.questions if question.answer is not None]

    @rule(task_id=an_id)
    def cache_is_read(self, task_id: str) -> None:
        body = self.cache.get(task_id)
        if body is not None:
            self.show(task_id, state_of(body), self.shown)

    @precondition(lambda self: not self.lost)
    @rule(count=st.integers(0, 4))
    def watch_moves(self, count: int) -> None:
        """Brings so many changes; none in a bookmark."""
        changes = self.server.changes(self.watched, self.watched + count)
        self.watched += len(changes)
        for change in changes:
            if change.removed_task_id:
                self.shown[change.removed_task_id] = (self.server.history, GONE)
        self.cache.apply(changes, self.server.position(self.watched))

    # The worst is rare, or little would happen in between.
    @rule(event=st.sampled_from(["breaks"] * 5 + ["anew"] * 3 + ["replaced"]), kept=st.sets(an_id))
    def watch_suffers(self, event: str, kept: set[str]) -> None:
        match event:
            case "breaks":
                self.cache.interrupt()
            case "anew":
                self.watch_begins_anew()
            case "replaced":
                self.server_is_replaced(kept)

    def watch_begins_anew(self) -> None:
        if self.lost:
            # The promise is made within a history, as far as the watch tells them apart.
            self.end_questions()
            self.shown.clear()
        self.watched, self.lost = self.server.revision, False
        self.cache.reset(self.server.position(self.watched))

    def server_is_replaced(self, kept: set[str]) -> None:
        """Puts a server with another history in the place of this one, whose calls end with it."""
        self.end_questions()
        self.cache.interrupt()
        self.lost = True
        self.server = Server(self.server.history + 1)
        for task_id in sorted(kept):
            self.server.change(task_id)

    def end_questions(self) -> None:
        while self.questions:
            self.questions.pop().leave.close()

    @precondition(lambda self: not self.lost and not self.questions)
    @rule()
    def watch_catches_up(self) -> None:
        self.watch_moves(self.server.revision)
        versions = self.server.versions()
        for task_id in IDS:
            body = self.cache.get(task_id)
            assert body is None or state_of(body) == (self.server.history, versions[task_id])

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.cache.size <= CAPACITY
        assert self.cache.size == sum(entry.size for entry in self.cache._entries.values())
        assert set(self.cache._marks) <= {task_id for question in self.questions for task_id in question.ids}

    def teardown(self) -> None:
        self.end_questions()


CacheMachine.TestCase.settings = settings(max_examples=8000, stateful_step_count=60, deadline=None)
TestCacheOrders = CacheMachine.TestCase
