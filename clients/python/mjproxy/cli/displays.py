"""How a command shows tasks while they go on: each display is a context that gives a function to show a state with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from mjproxy.cli.documents import print_document, task_document
from mjproxy.cli.tables import task_table
from mjproxy.cli.words import line_of, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from mjproxy.client import AsyncTask

    Show = Callable[[AsyncTask], None]


@contextmanager
def silence() -> Iterator[Show]:
    """Shows nothing."""
    yield lambda _task: None


@contextmanager
def json_lines() -> Iterator[Show]:
    """Prints a line of JSON to stdout for each state that is a new one."""
    last: AsyncTask | None = None

    def show(task: AsyncTask) -> None:
        nonlocal last
        if last is None or task.message != last.message:
            print_document(task_document(task))
        last = task

    yield show


@contextmanager
def plain_lines(*, err: bool) -> Iterator[Show]:
    """Prints a line for each state that reads differently, to stderr or to stdout."""
    last = ""

    def show(task: AsyncTask) -> None:
        nonlocal last
        line = line_of(task)
        if line != last:
            click.echo(line, err=err)
        last = line

    yield show


@contextmanager
def progress_bar(console: Console) -> Iterator[Show]:
    """Draws a bar that moves."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        bars: dict[str, TaskID] = {}

        def show(task: AsyncTask) -> None:
            if task.id not in bars:
                bars[task.id] = progress.add_task("", total=100)
            progress.update(bars[task.id], completed=task.progress, description=f"{task.action} {state_of(task)}")

        yield show


@contextmanager
def live_table(console: Console) -> Iterator[Show]:
    """Draws a table of the newest tasks, as many as the terminal has room for."""
    rows: dict[str, AsyncTask] = {}
    with Live(task_table([]), console=console, auto_refresh=False) as live:

        def show(task: AsyncTask) -> None:
            rows[task.id] = task
            if len(rows) > max(console.height - 5, 1):
                del rows[min(rows)]
            live.update(task_table([rows[task_id] for task_id in sorted(rows)]), refresh=True)

        yield show
