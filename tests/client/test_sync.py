"""The client without asyncio: what is its own is the thread below it; the rest is the text of the one with."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import grpc
import pytest

import mjproxy
from mjproxy import errors
from mjproxy.loop_thread import LoopThread
from mjproxy.v1 import task_pb2 as pb
from tests.client.scripted_server import Cut, Fails, ScriptedServer

SCRIPT = Path(inspect.getfile(mjproxy)).parent.parent / "unasync.py"


@pytest.fixture(scope="module")
def unasync() -> ModuleType:
    spec = importlib.util.spec_from_file_location("unasync", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_generated_from_the_present_one_with_asyncio(unasync: ModuleType) -> None:
    assert unasync.modules() == ["accounts.py", "buttons.py", "callbacks.py", "client.py", "task.py"]
    for module in unasync.modules():
        written = unasync.path_of(module).read_text(encoding="utf-8")
        assert written == unasync.written(module), f"{module} is not up to date: run clients/python/unasync.py"
        assert "async" not in written.lower().replace("unasync", "").replace("asyncio", "")


class ServerInAThread:
    """A scripted server on an event loop of its own."""

    def __init__(self) -> None:
        self.thread = LoopThread()
        self.server = ScriptedServer()  # type: ignore[abstract]  # it serves what the client asks for
        self.thread.run(self.server.__aenter__())

    def do(self, function: object, *arguments: object, **named: object) -> object:
        """Calls a function on the server's event loop."""

        async def call() -> object:
            return function(*arguments, **named)  # type: ignore[operator]

        return self.thread.run(call())

    def restart(self) -> None:
        self.thread.run(self.server.stop())
        self.thread.run(self.server.start())


@pytest.fixture
def remote() -> Iterator[ServerInAThread]:
    remote = ServerInAThread()
    yield remote
    remote.thread.run(remote.server.stop())
    remote.thread.close()
    assert remote.server.unused_script() == []


@pytest.fixture
def client(remote: ServerInAThread) -> Iterator[mjproxy.Client]:
    with mjproxy.Client(remote.server.target, timeout=10) as client:
        yield client


def test_a_task_is_followed_to_its_end(remote: ServerInAThread, client: mjproxy.Client) -> None:
    task = client.imagine("a cat")
    remote.server.on_watch.append(lambda: remote.server.succeed(task.id))
    assert [update.progress for update in task.updates()] == [0, 100]
    assert task.result().ended
    assert [listed.id for listed in client.tasks()] == [task.id]


def test_a_watch_goes_on_where_it_was_when_the_server_restarts(remote: ServerInAThread, client: mjproxy.Client) -> None:
    task = client.imagine("a cat")
    told = []
    with closing(client.watch(task.id)) as changes:
        for change in changes:
            told.append(change.progress)
            if change.progress == 100:
                break
            if change.progress == 40:
                remote.restart()
            step = {"progress": change.progress + 20, "status": pb.TASK_STATUS_IN_PROGRESS}
            remote.do(remote.server.change, task.id, **step)
    assert told == [0, 20, 40, 60, 80, 100]
    assert len(remote.server.called("ListTasks")) == 1


def test_a_watch_reads_again_when_the_server_comes_back_with_another_history(
    remote: ServerInAThread, client: mjproxy.Client
) -> None:
    task = client.imagine("a cat")
    with closing(client.watch(task.id)) as changes:
        assert next(changes).progress == 0
        remote.do(remote.server.change, task.id, progress=10)
        assert next(changes).progress == 10
        remote.thread.run(remote.server.stop())
        remote.server.restore("second", 1)
        remote.server.tasks[task.id].progress = 70
        remote.thread.run(remote.server.start())
        assert next(changes).progress == 70
        remote.do(remote.server.change, task.id, progress=80)
        assert next(changes).progress == 80


async def test_it_works_within_a_running_event_loop(remote: ServerInAThread) -> None:
    """As in a notebook."""
    with mjproxy.Client(remote.server.target) as client:
        assert client.imagine("a cat").prompt == "a cat"


def test_errors_come_as_they_are(remote: ServerInAThread, client: mjproxy.Client) -> None:
    with pytest.raises(errors.NotFound):
        client.task("1")
    task = client.imagine("a cat")
    with pytest.raises(errors.WaitTimedOut):
        task.wait(timeout=0.05)
    with pytest.raises(errors.NotOffered):
        task.zoom(2)
    failure = pb.Failure(title="Job failed")
    remote.do(remote.server.change, task.id, status=pb.TASK_STATUS_FAILURE, failure=failure)
    with pytest.raises(errors.TaskFailed, match="Job failed"):
        task.result()


def test_several_threads_may_use_it_at_once(client: mjproxy.Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        tasks = list(threads.map(client.imagine, map(str, range(40))))
    assert {task.prompt for task in tasks} == set(map(str, range(40)))
    assert len({task.id for task in tasks}) == 40


def test_leaving_a_watch_ends_its_stream(remote: ServerInAThread, client: mjproxy.Client) -> None:
    task = client.imagine("a cat")
    remote.server.cuts.append(Cut(1, Fails(grpc.StatusCode.UNAVAILABLE)))
    remote.server.on_watch.append(lambda: remote.server.change(task.id, progress=5))
    with closing(client.watch(task.id)) as changes:
        assert [next(changes).progress for _ in range(2)] == [0, 5]
    with pytest.raises(StopIteration):
        next(changes)


def test_a_closed_client_says_so_and_leaves_no_thread(remote: ServerInAThread) -> None:
    client = mjproxy.Client(remote.server.target)
    task = client.imagine("a cat")
    changes = client.watch(task.id)
    next(changes)
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        client.task(task.id)
    with pytest.raises(RuntimeError, match="the client is closed"):
        next(changes)
    assert [thread.name for thread in threading.enumerate()].count("mjproxy client") == 1, "the server's own"


def test_a_client_that_nobody_closed_keeps_no_process_alive(remote: ServerInAThread) -> None:
    program = f"import mjproxy; c = mjproxy.Client({remote.server.target!r}); print(c.imagine('a cat').prompt)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert (ended.stdout, ended.stderr) == ("a cat\n", "")


def test_whoever_interrupts_a_wait_cancels_it() -> None:
    thread = LoopThread()
    cancelled = threading.Event()

    waiter = threading.get_ident()

    async def endless() -> None:
        while sys._current_frames()[waiter].f_code.co_name != "wait":  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        thread.run(endless())
    assert cancelled.wait(5)
    thread.close()


def test_the_collector_may_end_an_iteration_on_the_loops_own_thread(caplog: pytest.LogCaptureFixture) -> None:
    thread = LoopThread()
    left = threading.Event()

    async def endless() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0.01)
            left.set()

    def leave() -> None:
        """As an exception does that is kept with its traceback: a cycle holds the generator."""
        generator = thread.iterate(endless())
        next(generator)
        cycle: list[object] = [generator]
        cycle.append(cycle)

    async def collect() -> None:
        gc.collect()

    gc.disable()  # else it may be this thread that collects
    try:
        leave()
        # A thread that can be left behind: if the loop waits for itself, it does so for good.
        asking = threading.Thread(target=lambda: thread.run(collect()), daemon=True)
        asking.start()
        asking.join(5)
    finally:
        gc.enable()
    assert not asking.is_alive(), "the loop waits for itself"
    assert left.wait(5)
    thread.close()
    assert caplog.records == [], "it is closed once"
