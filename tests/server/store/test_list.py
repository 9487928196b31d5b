import asyncio
import sqlite3
from dataclasses import replace
from itertools import chain, count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import ENDED, QUEUED_OR_AT_WORK, Action, Status
from mjproxy_server.store import Listing, SqliteStore, TaskQuery
from mjproxy_server.store.database import migrations
from mjproxy_server.store.queries import list_page
from mjproxy_server.store.rows import insert_task
from tests.server.store.store_samples import START, Clock, failed, submission, submit_many


async def test_an_empty_query_lists_everything_newest_first(store: SqliteStore) -> None:
    tasks = await submit_many(store, 3)
    assert await store.list(TaskQuery()) == Listing(tasks=tuple(reversed(tasks)), revision=3, more=False)


async def test_pages_follow_one_another_in_both_orders(store: SqliteStore) -> None:
    tasks = await submit_many(store, 7)
    for oldest_first in (True, False):
        pages = await _pages(store, oldest_first=oldest_first)
        assert [len(page.tasks) for page in pages] == [3, 3, 1]
        listed = list(chain.from_iterable(page.tasks for page in pages))
        assert listed == (tasks if oldest_first else tasks[::-1])


async def test_a_page_that_is_just_full_is_the_last(store: SqliteStore) -> None:
    await submit_many(store, 3)
    assert not (await store.list(TaskQuery(limit=3))).more


async def _pages(store: SqliteStore, *, oldest_first: bool) -> list[Listing]:
    pages = [await store.list(TaskQuery(oldest_first=oldest_first, limit=3))]
    while pages[-1].more:
        after_id = pages[-1].tasks[-1].id
        pages.append(await store.list(TaskQuery(oldest_first=oldest_first, limit=3, after_id=after_id)))
    return pages


async def test_tasks_are_found_by_the_time_of_their_submission(store: SqliteStore, clock: Clock) -> None:
    tasks: list[Task] = []
    for _ in range(4):
        tasks += await submit_many(store, 2)
        clock.now += 10
    query = TaskQuery(submitted_from=START + 10, submitted_until=START + 30, oldest_first=True)
    assert list((await store.list(query)).tasks) == tasks[2:6]


async def test_unfinished_tasks_are_found_by_their_statuses(store: SqliteStore) -> None:
    tasks = await submit_many(store, 3)
    await store.record(tasks[1].id, failed(START))
    found = await store.list(TaskQuery(statuses=QUEUED_OR_AT_WORK, oldest_first=True))
    assert list(found.tasks) == [tasks[0], tasks[2]]


async def test_a_listing_and_its_revision_are_read_at_one_moment(store: SqliteStore) -> None:
    async def submit_on() -> None:
        for _ in range(30):
            await store.submit(submission())

    writers = [asyncio.create_task(submit_on()) for _ in range(8)]
    while not all(writer.done() for writer in writers):
        page = await store.list(TaskQuery(limit=1000))
        assert len(page.tasks) == page.revision
    await asyncio.gather(*writers)


async def test_what_is_no_id_finds_nothing(store: SqliteStore) -> None:
    await store.submit(submission())
    assert (await store.list(TaskQuery(ids=frozenset({"no id"})))).tasks == ()
    assert await store.get("no id") is None


NAMES = st.sampled_from(["", "one", "two"])
ACTIONS = st.sampled_from([Action.IMAGINE, Action.UPSCALE])
STATUSES = st.sampled_from([Status.NOT_START, Status.IN_PROGRESS, Status.MODAL, Status.SUCCESS, Status.FAILURE])


@st.composite
def _tasks(draw: st.DrawFn) -> list[Task]:
    return [_task(draw, number) for number in range(draw(st.integers(0, 12)))]


def _task(draw: st.DrawFn, number: int) -> Task:
    status = draw(STATUSES)
    task_id = f"{START + number}000"
    return submission(
        account_id=draw(st.sampled_from(["one", "two"])),
        caller=draw(NAMES),
        parent_id=draw(NAMES),
        state=draw(NAMES),
        action=draw(ACTIONS),
        status=status,
        finished_at=START if status in ENDED else 0,
    ).builds[0](task_id)


QUERIES = st.builds(
    TaskQuery,
    ids=st.frozensets(st.integers(0, 12).map(lambda number: f"{START + number}000"), max_size=3),
    statuses=st.frozensets(STATUSES, max_size=3),
    actions=st.frozensets(ACTIONS, max_size=2),
    account_id=NAMES,
    parent_id=NAMES,
    caller=st.none() | NAMES,
    state=st.none() | NAMES,
    submitted_from=st.none() | st.integers(START, START + 12),
    submitted_until=st.none() | st.integers(START, START + 12),
    oldest_first=st.booleans(),
    after_id=st.just("") | st.integers(0, 12).map(lambda number: f"{START + number}000"),
    limit=st.integers(1, 13),
)


@given(_tasks(), st.lists(QUERIES, min_size=1, max_size=8))
def test_a_listing_is_what_picking_by_hand_gives(tasks: list[Task], queries: list[TaskQuery]) -> None:
    connection = _database(tasks)
    for query in queries:
        page = list_page(connection, query)
        picked = sorted(
            (task for task in tasks if _matches(task, query)),
            key=lambda task: task.id,
            reverse=not query.oldest_first,
        )
        assert list(page.tasks) == picked[: query.limit]
        assert page.more == (len(picked) > query.limit)
    connection.close()


def _database(tasks: list[Task]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript("\n".join(migrations()))
    for task in tasks:
        insert_task(connection, task)
    return connection


def _matches(task: Task, query: TaskQuery) -> bool:
    beyond = task.id > query.after_id if query.oldest_first else task.id < query.after_id
    return all(
        (
            not query.ids or task.id in query.ids,
            not query.statuses or task.status in query.statuses,
            not query.actions or task.action in query.actions,
            query.account_id in {"", task.account_id},
            query.parent_id in {"", task.parent_id},
            query.caller in {None, task.caller},
            query.state in {None, task.state},
            query.submitted_from is None or task.submitted_at >= query.submitted_from,
            query.submitted_until is None or task.submitted_at < query.submitted_until,
            not query.after_id or beyond,
        )
    )


FAILED = frozenset({Status.FAILURE})
UPSCALES = frozenset({Action.UPSCALE})
SEVERAL = 2


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (TaskQuery(), "PRIMARY KEY"),
        (TaskQuery(caller=""), "PRIMARY KEY"),
        (TaskQuery(submitted_from=START), "PRIMARY KEY"),
        (TaskQuery(ids=frozenset({f"{START}000"})), "PRIMARY KEY"),
        (TaskQuery(ids=frozenset({f"{START}000"}), statuses=FAILED, account_id="one"), "PRIMARY KEY"),
        (TaskQuery(caller="anna"), "tasks_by_caller"),
        (TaskQuery(caller="anna", account_id="one"), "tasks_by_caller"),
        (TaskQuery(account_id="one"), "tasks_by_account"),
        (TaskQuery(parent_id=f"{START}000"), "tasks_by_parent"),
        (TaskQuery(parent_id=f"{START}000", caller="anna", statuses=FAILED), "tasks_by_parent"),
        (TaskQuery(state="mine"), "tasks_by_state"),
        (TaskQuery(state="mine", account_id="one", statuses=FAILED), "tasks_by_state"),
        (TaskQuery(actions=UPSCALES), "tasks_by_action"),
        (TaskQuery(actions=UPSCALES, account_id="one"), "tasks_by_account"),
        (TaskQuery(actions=UPSCALES, statuses=FAILED), "tasks_by_status"),
        (TaskQuery(statuses=FAILED), "tasks_by_status"),
        (TaskQuery(statuses=FAILED, caller=""), "tasks_by_status"),
        (TaskQuery(statuses=ENDED), "tasks_by_status"),
        (TaskQuery(statuses=FAILED, account_id="one"), "tasks_by_account_and_status"),
        (TaskQuery(statuses=FAILED, caller="anna", account_id="one"), "tasks_by_caller_and_status"),
        (TaskQuery(statuses=QUEUED_OR_AT_WORK), "tasks_by_status"),
        (TaskQuery(statuses=QUEUED_OR_AT_WORK, account_id="one"), "tasks_by_account_and_status"),
    ],
)
def test_each_filter_has_its_index(query: TaskQuery, index: str) -> None:
    plan = _plan(replace(query, after_id=f"{START}000"))
    assert f" {index} (" in plan


@given(QUERIES)
def test_a_deep_page_is_neither_scanned_nor_sorted_nor_counted_up_to(query: TaskQuery) -> None:
    plan = _plan(replace(query, after_id=f"{START}000"))
    assert "SCAN" not in plan
    if not query.ids and len(query.statuses) < SEVERAL and len(query.actions) < SEVERAL:
        assert "TEMP B-TREE" not in plan
        assert all("rowid" in step for step in plan.split("; ") if step.startswith("SEARCH"))


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(statuses=FAILED),
        TaskQuery(statuses=ENDED),
        TaskQuery(statuses=ENDED | QUEUED_OR_AT_WORK, account_id="account"),
        TaskQuery(actions=frozenset({Action.IMAGINE, Action.UPSCALE})),
    ],
)
def test_a_page_costs_no_more_when_more_is_stored(query: TaskQuery) -> None:
    query = replace(query, limit=5)
    assert _steps(query, 1_000) == pytest.approx(_steps(query, 100), rel=0.1)


def _steps(query: TaskQuery, number: int) -> int:
    """Returns how many instructions SQLite takes for the page; every second task has failed."""
    every_second = (Status.SUCCESS, Status.FAILURE) * (number // 2)
    connection = _database(
        [
            submission(status=status, finished_at=START).builds[0](f"{START + index}000")
            for index, status in enumerate(every_second)
        ]
    )
    steps = count()
    connection.set_progress_handler(lambda: next(steps) * 0, 1)
    list_page(connection, query)
    connection.close()
    return next(steps)


def _plan(query: TaskQuery) -> str:
    connection = _database([])
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    list_page(connection, query)
    connection.set_trace_callback(None)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statements[0]}").fetchall()
    connection.close()
    return "; ".join(row[3] for row in rows)
