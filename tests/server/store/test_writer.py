import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store import rows
from mjproxy_server.store.database import migrations, open_for_writing
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Commit, Committer, Writer
from tests.server.store.store_samples import Clock, submission


class OpenWriter(Writer):
    """A writer on a database of its own, which remembers its commits."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.connection = open_for_writing(path, migrations())
        self.commits: list[Commit] = []
        super().__init__(Committer(self.connection, clock, clock), self.commits.append)


@pytest.fixture
async def writer(tmp_path: Path, clock: Clock) -> AsyncIterator[OpenWriter]:
    opened = OpenWriter(tmp_path / "writer.db", clock)
    yield opened
    await opened.close()
    opened.connection.close()


def _add(transaction: Transaction) -> int:
    return transaction.add(submission().builds[0](transaction.draw_id()))


def _add_and_fail(transaction: Transaction) -> int:
    _add(transaction)
    raise ValueError("half-way")


def _add_a_row_twice(transaction: Transaction) -> int:
    task = submission().builds[0](transaction.draw_id())
    return transaction.add(task) + transaction.add(task)


def _remove_all(transaction: Transaction) -> int:
    tasks = rows.select_tasks(transaction.connection, "", ())
    for task in tasks:
        transaction.remove(task)
    return len(tasks)


async def test_a_unit_that_fails_half_way_leaves_nothing(writer: OpenWriter) -> None:
    answers = await asyncio.gather(
        *(writer.write(unit) for unit in (_add, _add_and_fail, _add)), return_exceptions=True
    )
    assert answers[0] == 1
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 2
    assert [[revision.number for revision in commit.revisions] for commit in writer.commits] == [[1, 2]]
    assert await writer.write(_remove_all) == 2


async def test_a_database_error_of_one_unit_is_its_own(writer: OpenWriter) -> None:
    answers = await asyncio.gather(
        *(writer.write(unit) for unit in (_add, _add_a_row_twice, _add)), return_exceptions=True
    )
    assert answers[0] == 1
    assert isinstance(answers[1], Unavailable)
    assert answers[2] == 2


async def test_units_see_what_those_before_them_wrote(writer: OpenWriter) -> None:
    _, _, removed, again = await asyncio.gather(*(writer.write(unit) for unit in (_add, _add, _remove_all, _add)))
    assert (removed, again) == (2, 5)
    assert len(writer.commits) == 1


async def test_a_commit_after_one_of_several_waits_for_others(writer: OpenWriter) -> None:
    async def late() -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        return await writer.write(_add)

    shared = False
    for _ in range(100):  # On a machine that stands still meanwhile, the wait is over before the others have come.
        await asyncio.gather(*(writer.write(_add) for _ in range(3)))
        await asyncio.gather(writer.write(_add), late())
        shared = shared or len(writer.commits[-1].revisions) == 2
    assert shared


async def test_a_unit_that_writes_nothing_is_answered_too(writer: OpenWriter) -> None:
    assert await writer.write(lambda transaction: transaction.head) == 0
    assert writer.commits == [Commit((), oldest=0)]


async def test_the_work_of_a_long_queue_is_cut_into_batches(writer: OpenWriter) -> None:
    await asyncio.gather(*(writer.write(_add) for _ in range(600)))
    sizes = [len(commit.revisions) for commit in writer.commits]
    assert sum(sizes) == 600
    assert max(sizes) == 256


@asynccontextmanager
async def _at_work(writer: OpenWriter) -> AsyncIterator[None]:
    """Keeps the writer at a commit, which writes nothing, for the time of the block."""
    loop, begun, to_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def stay(_: Transaction) -> None:
        loop.call_soon_threadsafe(begun.set)
        to_end.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(writer.write(stay))
        await begun.wait()
        try:
            yield
            await asyncio.sleep(0)  # What the block has begun has come to where it waits.
        finally:
            to_end.set()


async def _in_turn(writer: OpenWriter) -> int:
    await writer.turn()
    return await writer.write(_add)


async def test_it_is_everybodys_turn_while_nothing_is_committed(writer: OpenWriter) -> None:
    with pytest.raises(StopIteration):
        writer.turn().send(None)


async def test_who_waits_for_a_turn_writes_in_the_next_batch_with_all_who_wait(writer: OpenWriter) -> None:
    async with _at_work(writer):
        begun = [asyncio.create_task(each) for each in (writer.write(_add), *(_in_turn(writer) for _ in range(3)))]
    assert sorted(await asyncio.gather(*begun)) == [1, 2, 3, 4]
    assert [len(commit.revisions) for commit in writer.commits] == [0, 4]


async def test_nobody_waits_for_those_who_do_not_take_their_turn(writer: OpenWriter) -> None:
    async with _at_work(writer):
        gone, idle = asyncio.create_task(_in_turn(writer)), asyncio.create_task(writer.turn())
        await asyncio.sleep(0)
        gone.cancel()
    await idle
    assert await _in_turn(writer) == 1


async def test_who_waits_for_a_turn_is_not_forgotten_at_the_end(writer: OpenWriter) -> None:
    async with _at_work(writer):
        late = asyncio.create_task(_in_turn(writer))
        await asyncio.sleep(0)
        closing = asyncio.create_task(writer.close())
    await closing
    with pytest.raises(Unavailable):
        await late
