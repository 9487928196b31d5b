"""How a command shows tasks while they go on: each display is a context that gives a function to show a state with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from mjproxy.cli.documents import print_document, task_document
from mjproxy.cli.tables import task_table
from mjproxy.cli.words import line_of, shortened, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from mjproxy.aio.task import AsyncTask
    from mjproxy.v1 import task_pb2 as pb

    Show = Callable[[AsyncTask], None]


@contextmanager
def silence() -> Iterator[Show]:
    """Shows nothing."""
    yield lambda _task: None


@contextmanager
def json_lines() -> Iterator[Show]:
    """Prints a line of JSON to stdout for each state that is a new one of its task."""
    last: dict[str, pb.Task] = {}

    def show(task: AsyncTask) -> None:
        if last.get(task.id) != task.message:
            print_document(task_document(task))
        last[task.id] = task.message

    yield show


@contextmanager
def plain_lines(*, err: bool) -> Iterator[Show]:
    """Prints a line for each state of a task that reads differently, to stderr or to stdout."""
    last: dict[str, str] = {}

    def show(task: AsyncTask) -> None:
        line = line_of(task)
        if last.get(task.id) != line:
            click.echo(line, err=err)
        last[task.id] = line

    yield show


@contextmanager
def progress_bars(console: Console) -> Iterator[Show]:
    """Draws a bar that moves for each task, with the beginning of its prompt."""
    with Progress(*_bar_columns(), console=console) as progress:
        bars: dict[str, TaskID] = {}

        def show(task: AsyncTask) -> None:
            if task.id not in bars:
                bars[task.id] = progress.add_task("", total=100, prompt=shortened(task.prompt))
            progress.update(bars[task.id], completed=task.progress, description=f"{task.action} {state_of(task)}")
            if task.ended:
                progress.stop_task(bars[task.id])

        yield show


def _bar_columns() -> Iterator[ProgressColumn]:
    yield SpinnerColumn(finished_text="[green]✓")
    yield TextColumn("{task.description}")
    yield BarColumn()
    yield TaskProgressColumn()
    yield TimeElapsedColumn()
    # Not as markup: a prompt in brackets is none.
    yield TextColumn("{task.fields[prompt]}", style="dim", markup=False)


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
