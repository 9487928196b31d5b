"""Whatever is written, compacted and watched, in whatever order: each watcher sees what a model of the log says."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mjproxy_server.engine.watching import WatchHub
from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.model.facts import Cancelled, Progressed
from mjproxy_server.store.interface import Revision
from mjproxy_server.store.sqlite import open_store
from server.engine.test_watching import submit

LONG = 10 if os.environ.get("MJPROXY_SOAK") else 1
WINDOW = 4
T = TypeVar("T")


class WholeHub(RuleBasedStateMachine):
    """The model is the log as the store has told it, and the position of each watcher in it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.log: list[Revision] = []
        self.oldest = 0
        self.watchers = [0]
        self.waiting: list[tuple[int, asyncio.Task[None]]] = []
        self.running: list[str] = []
        self._open()

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

    def _close(self) -> None:
        """Every watch ends; a watcher keeps its position, and goes on from there at the next server."""
        self.hub.close()
        self.run(_together(*(waiting for _, waiting in self.waiting)))
        self.waiting = []
        self.run(self.store.close())

    @rule()
    def restart(self) -> None:
        self._close()
        self._open()

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

    @rule()
    def watch_from_now(self) -> None:
        self.watchers.append(self.run(self.hub.start(None, "")))
        assert self.watchers[-1] == len(self.log)

    @rule(back=st.integers(-2, 4 * WINDOW), history_id=st.sampled_from(["", "mine", "another"]))
    def watch_from(self, back: int, history_id: str) -> None:
        after = len(self.log) - back
        beginning = self.run(_outcome(self.hub.start(after, history_id.replace("mine", self.hub.history_id))))
        if history_id == "another" or not self.oldest <= after <= len(self.log):
            assert isinstance(beginning, RevisionGone)
        else:
            assert beginning == after
            self.watchers.append(after)

    @precondition(lambda self: self.watchers)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.watchers) - 1))
        after = self.watchers[number]
        read = self.run(_outcome(self.hub.read(after)))
        if isinstance(read, RevisionGone):
            assert after < self.oldest, "it was too slow, and has to read everything anew"
            del self.watchers[number]
            return
        assert list(read) == self.log[after : after + len(read)]
        assert read or after == len(self.log)
        self.watchers[number] += len(read)

    @rule(back=st.integers(0, 1))
    def wait(self, back: int) -> None:
        position = len(self.log) - back
        self.waiting.append((position, self.run(_begun(self.hub.wait(position)))))

    @invariant()
    def who_waits_is_woken_by_the_next_revision_and_not_before(self) -> None:
        self.run(asyncio.sleep(0))
        for position, waiting in self.waiting:
            assert waiting.done() == (position < len(self.log))

    @invariant()
    def the_hub_is_as_far_as_the_log(self) -> None:
        assert self.hub.head == len(self.log)


async def _outcome(answer: Coroutine[object, object, T]) -> T | RevisionGone:
    try:
        return await answer
    except RevisionGone as gone:
        return gone


async def _begun(waiting: Coroutine[object, object, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(waiting)
    await asyncio.sleep(0)
    return task


async def _together(*awaitables: Awaitable[object]) -> None:
    async with asyncio.timeout(5):
        await asyncio.gather(*awaitables)


TestWholeHub = pytest.mark.soak(pytest.mark.timeout(120 * LONG)(WholeHub.TestCase))
TestWholeHub.settings = settings(max_examples=20 * LONG, stateful_step_count=30, print_blob=True)
