"""Whatever is done to a store, in whatever order: it agrees with a model that is a handful of dictionaries."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mjproxy_server.model.errors import QueueFull, RequestIdReused, RevisionGone
from mjproxy_server.model.facts import Fact, Progressed, Sending, Started
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import QUEUED_OR_AT_WORK
from mjproxy_server.store import Admission, Capacity, Revision, SqliteStore, TaskQuery, open_store
from tests.server.store.store_samples import HOUR, LONG, Clock, failed, replay, submission, whole_log

T = TypeVar("T")

DAY = 24 * HOUR
CAPACITY = Capacity(core_size=1, queue_size=2)
ACCOUNTS = st.sampled_from(["one", "two"])
REQUEST_IDS = st.none() | st.sampled_from(["r", "s"])
DIGESTS = st.sampled_from([b"digest", b"digest", b"other"])


class WholeStore(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.tasks: dict[str, Task] = {}
        self.log: list[Revision] = []
        self.oldest = 0
        self.answers: dict[str, tuple[int, bytes, Admission]] = {}
        self.last_id = ""
        self.told: list[Revision] = []
        self._open()

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.runner.run(coroutine)

    def _open(self) -> None:
        self.store: SqliteStore = self.run(open_store(Path(self.folder.name), now=self.clock))
        self.store.subscribe(self.told.extend)

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self._open()

    @rule(hours=st.sampled_from([-1, 0, 1, 13]))
    def let_time_pass(self, hours: int) -> None:
        self.clock.now += hours * HOUR + 1

    @rule(account_id=ACCOUNTS, request_id=REQUEST_IDS, digest=DIGESTS)
    def submit(self, account_id: str, request_id: str | None, digest: bytes) -> None:
        wanted = submission(account_id=account_id, capacity=CAPACITY, request_id=request_id, digest=digest)
        answer = self.run(_outcome(self.store.submit(wanted)))
        earlier = self.answers.get(request_id or "")
        if earlier and earlier[0] > self.clock.now - DAY:
            self._check_repeat(answer, earlier, digest)
        else:
            self._check_new(answer, account_id, request_id, digest)

    @staticmethod
    def _check_repeat(answer: object, earlier: tuple[int, bytes, Admission], digest: bytes) -> None:
        _, first_digest, first = earlier
        if digest != first_digest:
            assert isinstance(answer, RequestIdReused)
        else:
            assert answer == Admission(
                tasks=first.tasks, queue_position=first.queue_position, revision=first.revision, deduplicated=True
            )

    def _check_new(self, answer: object, account_id: str, request_id: str | None, digest: bytes) -> None:
        queue = [task for task in self.tasks.values() if task.account_id == account_id]
        unfinished = sum(task.status in QUEUED_OR_AT_WORK for task in queue)
        if unfinished == CAPACITY.core_size + CAPACITY.queue_size:
            assert isinstance(answer, QueueFull)
            self._check_id(answer.task_id)
            return
        assert isinstance(answer, Admission)
        self._check_id(answer.task.id)
        assert answer.queue_position == max(0, unfinished - CAPACITY.core_size)
        assert answer.revision == len(self.log) + 1
        self._write(answer.task)
        if request_id:
            self.answers[request_id] = (self.clock.now, digest, answer)

    def _check_id(self, task_id: str) -> None:
        assert task_id > max([self.last_id, *self.tasks])
        assert int(task_id) >= self.clock.now * 1000

    def _write(self, task: Task) -> None:
        self.tasks[task.id] = task
        self.log.append(Revision(len(self.log) + 1, task))
        self.last_id = max(self.last_id, task.id)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), kind=st.integers(0, 3))
    def record(self, data: st.DataObject, kind: int) -> None:
        task = self.tasks[data.draw(st.sampled_from(sorted(self.tasks)))]
        facts: tuple[Fact, ...] = (
            Sending(self.clock.now, "nonce"),
            Started(self.clock.now, "message"),
            Progressed(self.clock.now, "message", 50),
            failed(self.clock.now),
        )[kind : kind + 2]
        expected = task
        for fact in facts:
            expected = transition(expected, fact)
        assert self.run(self.store.record(task.id, *facts)) == expected
        if expected != task:
            self._write(expected)

    @rule(age=st.sampled_from([0, 1, HOUR]))
    def expire(self, age: int) -> None:
        before = self.clock.now - age
        ended = {task.id for task in self.tasks.values() if 0 < task.finished_at < before}
        assert self.run(self.store.expire(before)) == len(ended)
        for removal in self.told[len(self.log) :]:
            assert removal == Revision(len(self.log) + 1, self.tasks.pop(removal.task_id), removed=True)
            self.log.append(removal)
            ended.remove(removal.task_id)
        assert not ended

    @rule(keep_count=st.integers(0, 10))
    def compact(self, keep_count: int) -> None:
        self.run(self.store.compact(keep_count, keep_after_ms=0))
        self.oldest = max(self.oldest, len(self.log) - keep_count)
        forgotten = [key for key, (at, *_) in self.answers.items() if at <= self.clock.now - DAY]
        for request_id in forgotten:
            del self.answers[request_id]

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        page = self.run(self.store.list(TaskQuery(oldest_first=True)))
        assert list(page.tasks) == [self.tasks[task_id] for task_id in sorted(self.tasks)]
        assert page.revision == self.store.head == len(self.log)

    @invariant()
    def the_log_is_dense_and_replays_to_the_tasks(self) -> None:
        assert self.store.oldest == self.oldest
        assert list(self.run(whole_log(self.store))) == self.log[self.oldest :]
        assert self.told == self.log
        assert replay(self.told) == self.tasks

    @invariant()
    def nothing_older_than_the_oldest_is_given(self) -> None:
        for after in (self.oldest - 1, len(self.log) + 1):
            with pytest.raises(RevisionGone):
                self.run(self.store.revisions(after, limit=1))


async def _outcome(answer: Coroutine[object, object, Admission]) -> Admission | Exception:
    try:
        return await answer
    except (QueueFull, RequestIdReused) as refusal:
        return refusal


TestWholeStore = pytest.mark.soak(pytest.mark.timeout(120 * LONG)(WholeStore.TestCase))
TestWholeStore.settings = settings(max_examples=20 * LONG, stateful_step_count=25, print_blob=True)
