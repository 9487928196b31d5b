import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.model.outbox import is_told
from mjproxy_server.store import SqliteStore, TaskQuery, open_store
from mjproxy_server.store.deliveries import DeliveryQuery
from tests.server.full_disk import full_disk
from tests.server.store.store_samples import LONG, Clock, Gate, failed, replay, submission, submit_many, whole_log

ROOT = Path(__file__).parents[3]


@pytest.mark.soak
@pytest.mark.timeout(120 * LONG)
async def test_what_was_answered_survives_a_kill(folder: Path, clock: Clock) -> None:
    answered: dict[str, int] = {}
    for round_number in range(4 * LONG):
        answered |= await _run_and_kill(folder, answers=50 + 70 * (round_number % 7))
        await _check_all_is_there(folder, clock, answered)


async def _run_and_kill(folder: Path, answers: int) -> dict[str, int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.server.store.killed_writer", folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        lines = [await asyncio.wait_for(process.stdout.readline(), timeout=30) for _ in range(answers)]
    finally:
        process.kill()
        rest = await process.stdout.read()
        await process.wait()
    # The last line may be cut off in the middle; what is whole was answered.
    whole = [line for line in (*lines, *rest.splitlines(keepends=True)) if line.endswith(b"\n")]
    return {task_id.decode(): int(revision) for task_id, revision in map(bytes.split, whole)}


async def _check_all_is_there(folder: Path, clock: Clock, answered: dict[str, int]) -> None:
    store = await open_store(folder, now=clock)
    log = await whole_log(store)
    assert [revision.number for revision in log] == list(range(1, store.head + 1))
    assert {task_id: log[number - 1].task_id for task_id, number in answered.items()} == {
        task_id: task_id for task_id in answered
    }
    rows = (await store.list(TaskQuery(limit=1_000_000))).tasks
    assert replay(log) == {task.id: task for task in rows}
    undelivered = (await store.deliveries.list(DeliveryQuery(limit=1_000_000))).records
    told = {revision.task_id: revision.number for revision in log if is_told(revision.subject)}
    assert {record.task_id: record.entry.newest for record in undelivered} == told
    await store.close()
    connection = sqlite3.connect(folder / "mjproxy.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def test_a_full_disk_fails_the_writes_and_spoils_nothing(folder: Path, store: SqliteStore) -> None:
    tasks = await submit_many(store, 3)
    with full_disk(folder / "mjproxy.db-wal"):
        answers = await asyncio.gather(*(store.submit(submission()) for _ in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unavailable] * 5
        assert (await store.list(TaskQuery(oldest_first=True))).tasks == tuple(tasks)
    assert (await store.submit(submission())).revision == 4
    assert [revision.number for revision in await whole_log(store)] == [1, 2, 3, 4]


async def test_a_transaction_that_the_database_gives_up_fails_all_its_writes(folder: Path, store: SqliteStore) -> None:
    await submit_many(store, 3)
    huge = submission(state="x" * 20_000_000)  # More than the page cache holds, so it is written before the commit.
    with full_disk(folder / "mjproxy.db-wal"):
        answers = await asyncio.gather(
            *(store.submit(each) for each in (submission(), huge, submission())), return_exceptions=True
        )
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert (await store.submit(submission())).revision == 4


async def test_its_health_follows_the_disk(folder: Path, store: SqliteStore) -> None:
    await submit_many(store, 3)
    async with asyncio.timeout(10):
        with full_disk(folder / "mjproxy.db-wal"):
            for write in (store.submit(submission()), store.probe()):
                with pytest.raises(Unavailable):
                    await write
            await store.health.failed()
            assert await store.record("1", failed(0)) is None, "what writes nothing succeeds, and shows nothing"
            assert store.health.trouble
        await store.probe()
        await store.health.recovered()
    assert store.health.trouble == ""


async def test_the_error_of_a_full_disk_names_no_path(folder: Path, store: SqliteStore) -> None:
    await submit_many(store, 3)
    with full_disk(folder / "mjproxy.db-wal"), pytest.raises(Unavailable) as refused:
        await store.submit(submission())
    assert str(folder) not in str(refused.value)


async def test_reads_of_a_damaged_database_fail_and_tell_no_path(folder: Path, clock: Clock) -> None:
    store = await open_store(folder, now=clock)
    await submit_many(store, 200)
    await store.close()
    store = await open_store(folder, now=clock)
    with (folder / "mjproxy.db").open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 64 * 4096)
    with pytest.raises(Unavailable, match="malformed") as failure:
        await store.list(TaskQuery(limit=1000))
    assert str(folder) not in str(failure.value)
    await store.close()


async def test_a_write_is_done_though_its_caller_was_cancelled(store: SqliteStore) -> None:
    gate = Gate()
    callers = [asyncio.create_task(store.submit(each)) for each in (gate.before(submission()), *[submission()] * 3)]
    await gate.reached()
    callers[0].cancel()
    callers[2].cancel()
    gate.open()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    cancelled = [isinstance(answer, asyncio.CancelledError) for answer in answers]
    assert cancelled == [True, False, True, False]
    assert [answer.revision for answer in answers if not isinstance(answer, BaseException)] == [2, 4]
    assert len((await store.list(TaskQuery())).tasks) == 4


async def test_closing_finishes_what_was_begun(folder: Path, clock: Clock) -> None:
    store = await open_store(folder, now=clock)
    gate = Gate()
    begun = (gate.before(submission()), *[submission()] * 600)
    callers = [asyncio.create_task(store.submit(each)) for each in begun]
    await gate.reached()
    closing = asyncio.create_task(store.close())
    gate.open()
    await closing
    assert [(await caller).revision for caller in callers] == list(range(1, 602))


async def test_a_closed_store_refuses(folder: Path, clock: Clock) -> None:
    store = await open_store(folder, now=clock)
    await store.close()
    with pytest.raises(Unavailable, match="closed"):
        await store.submit(submission())
    with pytest.raises(Unavailable, match="closed"):
        await store.list(TaskQuery())
