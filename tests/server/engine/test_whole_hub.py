"""Whatever is written, compacted and watched, in whatever order: each watcher sees what a model of the log says."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mjproxy_server.engine.watching import Watch, WatchHub
from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.model.facts import Cancelled, Progressed
from mjproxy_server.store.interface import Revision
from mjproxy_server.store.sqlite import open_store
from tests.server.engine.test_watching import submit

LONG = 10 if os.environ.get("MJPROXY_SOAK") else 1
WINDOW = 4
T = TypeVar("T")


@dataclass(eq=False)
class Watcher:
    """One who watches, and what he has been told.

    Attributes:
        watch: His watch.
        every: He wants to hear of each such revision.
        position: How far he has come, by what he was told.
        waiting: What he waits for, if he does.
    """

    watch: Watch
    every: int
    position: int
    waiting: asyncio.Task[Sequence[Revision]] | None = None

    def wants(self, revision: Revision) -> bool:
        return revision.number % self.every == 0


class WholeHub(RuleBasedStateMachine):
    """The model is the log as the store has told it, and how far each watcher has come in it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.log: list[Revision] = []
        self.oldest = 0
        self.watchers: list[Watcher] = []
        self.running: list[str] = []
        self._open()
        self.watch_from_now(every=1)

    def teardown(self) -> None:
        self._close()
        self.runner.close()
        self.folder.cleanup()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.runner.run(coroutine)

    def _open(self) -> None:
        self.store = self.run(open_store(Path(self.folder.name), now=lambda: 1))
        self.store.subscribe(self.log.extend)
        self.hub = WatchHub(self.store, window=WINDOW)
        self.opened_at = len(self.log)

    def _close(self) -> None:
        self.hub.close()
        for watcher in self.watchers:
            if watcher.waiting:
                self._hear(watcher)
        self.run(self.store.close())

    @rule()
    def restart(self) -> None:
        """Every watch ends; who watched goes on at the next server, from where he had come."""
        self._close()
        left, self.watchers = self.watchers, []
        self._open()
        for watcher in left:
            assert self._begin(watcher.position, watcher.every) == (watcher.position >= self.oldest)

    @rule()
    def submit(self) -> None:
        self.running.append(self.run(submit(self.store)))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), count=st.integers(1, 2 * WINDOW))
    def write(self, data: st.DataObject, count: int) -> None:
        """What is written at the same time may become one transaction, of which the hub is told at once."""
        task_id = data.draw(st.sampled_from(self.running))
        news = [Progressed(1, f"message {len(self.log) + number}", None) for number in range(count)]
        self.run(_together(*(self.store.record(task_id, each) for each in news)))

    @precondition(lambda self: self.running)
    @rule()
    def end_and_remove(self) -> None:
        self.run(self.store.record(self.running.pop(), Cancelled(2)))
        self.run(self.store.expire(3))

    @rule(keep=st.integers(0, 3 * WINDOW))
    def compact(self, keep: int) -> None:
        self.run(self.store.compact(keep, keep_after_ms=0))
        self.oldest = max(self.oldest, len(self.log) - keep)

    @rule(every=st.integers(1, 3))
    def watch_from_now(self, every: int) -> None:
        assert self._begin(None, every)
        assert self.watchers[-1].position == len(self.log)

    @rule(
        back=st.integers(-2, 4 * WINDOW), history_id=st.sampled_from(["", "mine", "another"]), every=st.integers(1, 3)
    )
    def watch_from(self, back: int, history_id: str, every: int) -> None:
        after = len(self.log) - back
        begun = self._begin(after, every, history_id.replace("mine", self.hub.history_id))
        assert begun == (history_id != "another" and self.oldest <= after <= len(self.log))

    def _begin(self, after: int | None, every: int, history_id: str = "") -> bool:
        watch = self.run(_outcome(self.hub.watch(after, history_id, lambda revision: revision.number % every == 0)))
        if isinstance(watch, Watch):
            self.watchers.append(Watcher(watch, every, watch.position))
        return isinstance(watch, Watch)

    @precondition(lambda self: any(not watcher.waiting for watcher in self.watchers))
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        watcher = data.draw(st.sampled_from([watcher for watcher in self.watchers if not watcher.waiting]))
        watcher.waiting = self.run(_begun(watcher.watch))
        behind_the_window = watcher.position < max(self.opened_at, len(self.log) - WINDOW)
        if behind_the_window or self._wanted(watcher):
            self._hear(watcher)

    def _wanted(self, watcher: Watcher) -> list[Revision]:
        return list(filter(watcher.wants, self.log[watcher.position :]))

    def _hear(self, watcher: Watcher) -> None:
        """Checks what a watcher is told: all that he wants up to a position, and nothing else."""
        assert watcher.waiting
        told = self.run(_outcome(watcher.waiting))
        if isinstance(told, RevisionGone):
            assert watcher.position < self.oldest, "he was too slow, and has to read everything anew"
            self.watchers.remove(watcher)
            return
        passed = self.log[watcher.position : watcher.watch.position]
        assert passed or self.hub.closed
        assert list(told) == list(filter(watcher.wants, passed))
        watcher.position, watcher.waiting = watcher.watch.position, None

    @invariant()
    def who_waits_is_woken_by_the_next_revision_that_he_wants_and_not_before(self) -> None:
        self.run(asyncio.sleep(0))
        for watcher in list(self.watchers):
            if watcher.waiting:
                assert watcher.waiting.done() == bool(self._wanted(watcher))
                if watcher.waiting.done():
                    self._hear(watcher)

    @invariant()
    def the_hub_is_as_far_as_the_log(self) -> None:
        assert self.hub.head == len(self.log)


async def _outcome(answer: Awaitable[T]) -> T | RevisionGone:
    try:
        async with asyncio.timeout(5):
            return await answer
    except RevisionGone as gone:
        return gone


async def _begun(watch: Watch) -> asyncio.Task[Sequence[Revision]]:
    async def wait() -> Sequence[Revision]:
        return await watch.next()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    return waiting


async def _together(*awaitables: Awaitable[object]) -> None:
    async with asyncio.timeout(5):
        await asyncio.gather(*awaitables)


TestWholeHub = pytest.mark.soak(pytest.mark.timeout(120 * LONG)(WholeHub.TestCase))
TestWholeHub.settings = settings(max_examples=20 * LONG, stateful_step_count=30, print_blob=True)
