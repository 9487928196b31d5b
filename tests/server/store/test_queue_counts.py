"""What the writer knows of the queues is what the tables say, whatever becomes of its batches."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_server.model.facts import Cancelled
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.store import rows
from mjproxy_server.store.database import migrations, open_for_writing
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Committer, Job, Unit
from tests.server.store.store_samples import Clock, submission

ACCOUNTS = ("11", "22")
WORK = st.tuples(st.sampled_from(["add", "end", "remove", "fail", "lose"]), st.sampled_from(ACCOUNTS))
BATCHES = st.lists(st.lists(WORK, min_size=1, max_size=4), max_size=6)


def unit(work: str, account_id: str) -> Unit[int]:
    """Does one thing with the account's newest task, and asks how many there are."""

    def do(transaction: Transaction) -> int:
        found = rows.select_tasks(transaction.connection, "WHERE account_id = ? ORDER BY id DESC", (account_id,))
        if work in {"add", "fail", "lose"} or not found:
            transaction.add(_task(transaction, account_id))
        elif work == "end":
            _end(transaction, found[0])
        else:
            transaction.remove(found[0])
        if work == "fail":
            raise ValueError("half-way")
        if work == "lose":
            transaction.connection.rollback()
            transaction.connection.execute("SELECT nothing")
        return _count(transaction, account_id)

    return do


def _task(transaction: Transaction, account_id: str) -> Task:
    return submission(account_id=account_id).builds[0](transaction.draw_id())


def _end(transaction: Transaction, task: Task) -> None:
    ended = transition(task, Cancelled(transaction.at_ms))
    if ended is not task:
        transaction.change(task, ended)


@contextmanager
def opened() -> Iterator[sqlite3.Connection]:
    with TemporaryDirectory() as folder, closing(open_for_writing(Path(folder) / "writer.db", migrations())) as writes:
        yield writes


@settings(max_examples=60)
@given(BATCHES)
def test_the_writer_knows_what_the_tables_say(batches: list[list[tuple[str, str]]]) -> None:
    with closing(asyncio.new_event_loop()) as loop, opened() as connection:
        committer = Committer(connection, Clock(), Clock())
        for batch in batches:
            committer.commit([Job(unit(*work), loop.create_future()) for work in batch])
            for account_id in ACCOUNTS:
                known = loop.create_future()
                asking = Job(partial(_count, account_id=account_id), known)
                committer.commit([asking])
                asking.settle()
                assert known.result() == rows.count_in_queue(connection, account_id)


def _count(transaction: Transaction, account_id: str) -> int:
    return transaction.queues.of(transaction.connection, account_id)
