"""Tables of tasks, accounts and messages: drawn in a terminal, tab-separated where another program reads them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mjproxy.cli.documents import account_document, connection_word, delivery_word
from mjproxy.cli.scenarios import text_of
from mjproxy.cli.words import STATUS_WORDS, failure_of, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.timestamp_pb2 import Timestamp

    from mjproxy.aio.task import AsyncTask
    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.account_service_pb2 import UnknownMessage
    from mjproxy.v1.delivery_service_pb2 import DeliveryRecord
    from mjproxy.v1.task_pb2 import Button

_TASK_COLUMNS = ("ID", "ACTION", "STATUS", "PROGRESS", "SUBMITTED", "PROMPT")
_UNKNOWN_COLUMNS = ("TIME", "ACCOUNT", "EVENT", "REASON", "TEXT")
_CALLBACK_COLUMNS = ("TASK", "STATE", "ATTEMPTS", "NEXT", "ANSWER", "HOOK", "ERROR")
_ACCOUNT_COLUMNS = ("ID", "CONNECTION", "ENABLED", "RUNNING", "WAITING", "PLAN", "REMARK", "NOTE")


def print_tasks(tasks: Iterable[AsyncTask]) -> None:
    """Prints tasks to stdout; why one has failed stands under its prompt, or in a column of its own."""
    found = list(tasks)
    _print(task_table(found), [_task_row(task) for task in found])


def print_accounts(accounts: Iterable[Account]) -> None:
    """Prints accounts to stdout."""
    print_rows(_ACCOUNT_COLUMNS, [_account_row(account) for account in accounts], yielding=3)


def print_account(account: Account) -> None:
    """Prints all that is known of an account to stdout, a line for each fact."""
    print_rows(("FACT", "VALUE"), [(name, _fact(value)) for name, value in account_document(account).items()])


def print_buttons(buttons: Iterable[Button]) -> None:
    """Prints buttons to stdout."""
    rows = [(printable(button.label), printable(button.emoji), button.custom_id) for button in buttons]
    print_rows(("LABEL", "EMOJI", "CUSTOM ID"), rows)


def print_callbacks(callbacks: Iterable[DeliveryRecord]) -> None:
    """Prints callbacks that are not delivered to stdout."""
    print_rows(_CALLBACK_COLUMNS, [_callback_row(callback) for callback in callbacks], yielding=2)


def print_unknown_messages(messages: Iterable[UnknownMessage]) -> None:
    """Prints messages of the bots to stdout."""
    print_rows(_UNKNOWN_COLUMNS, [_unknown_row(message) for message in messages], yielding=2)


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], *, yielding: int = 1) -> None:
    """Prints rows of text to stdout; in a terminal under the names of the columns.

    Args:
        columns: Their names.
        rows: A text for each column.
        yielding: How many columns at the end give way when the terminal is narrow.
    """
    _print(_table(columns, rows, yielding), rows)


def task_table(tasks: Iterable[AsyncTask]) -> Table:
    """A table of tasks for a terminal."""
    rows = ((*most, f"{prompt}\n{failure}".rstrip()) for *most, prompt, failure in map(_task_row, tasks))
    return _table(_TASK_COLUMNS, rows, yielding=1)


def _print(table: Table, rows: Iterable[Sequence[str]]) -> None:
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    for row in rows:
        click.echo("\t".join(row))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], yielding: int) -> Table:
    """A table whose last columns alone give way when the terminal is narrow: an id that is cut is of no use."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    # rich narrows only columns that may wrap; that the yielding ones do not is said by their cells.
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number < len(columns) - yielding)
    for row in rows:
        # As Text, since a prompt in brackets is no markup.
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    return table


def _task_row(task: AsyncTask) -> Sequence[str]:
    return (
        task.id,
        task.action,
        STATUS_WORDS[task.status],
        f"{task.progress}%",
        _local_time(task.message.submit_time),
        printable(task.prompt),
        printable(failure_of(task)),
    )


def _local_time(time: Timestamp) -> str:
    return time.ToDatetime(UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _unknown_row(message: UnknownMessage) -> Sequence[str]:
    return (
        _local_time(message.time),
        message.account_id,
        message.event,
        printable(message.reason),
        printable(text_of(message)),
    )


def _callback_row(callback: DeliveryRecord) -> Sequence[str]:
    return (
        callback.task_id,
        delivery_word(callback),
        str(callback.attempts),
        _local_time(callback.next_time) if callback.HasField("next_time") else "",
        str(callback.last_http_status or ""),
        printable(callback.hook),
        printable(callback.last_error),
    )


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(printable, value))
    return "" if value is None else printable(str(value))


def _account_row(account: Account) -> Sequence[str]:
    settings = account.settings
    return (
        account.id,
        connection_word(account),
        "yes" if settings.enable else "no",
        f"{account.running}/{settings.core_size}",
        f"{account.waiting}/{settings.queue_size}",
        printable(account.sync.plan),
        printable(settings.remark),
        printable(account.health.held_reason or account.health.last_error),
    )
