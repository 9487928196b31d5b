"""What clients make of following tasks and accounts: streams of states, and waiting for the end of a task."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from mjproxy.errors import WaitTimedOut
from mjproxy.terms import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mjproxy.connection import Connection
    from mjproxy.follow import Seen
    from mjproxy.follow_accounts import AccountChange


async def states(connection: Connection, *task_ids: str) -> AsyncGenerator[Seen, None]:
    """Tells tasks as they are, then each change of them, without an end."""
    async with aclosing(connection.follower(*task_ids).follow()) as changes:
        async for seen in changes:
            yield seen


async def account_changes(connection: Connection) -> AsyncGenerator[AccountChange, None]:
    """Tells the accounts as they are, then each change of them, without an end."""
    async with aclosing(connection.account_follower().follow()) as changes:
        async for change in changes:
            yield change


async def states_to_the_end(connection: Connection, task_id: str) -> AsyncGenerator[Seen, None]:
    """Tells a task as it is, then each change of it, until it has ended."""
    async with aclosing(states(connection, task_id)) as changes:
        async for seen in changes:
            yield seen
            if Status.of(seen.task.status).ended:
                return


async def end_of(connection: Connection, task_id: str, seconds: float | None) -> Seen:
    """Waits until a task has ended.

    Raises:
        WaitTimedOut: It has not ended in this time.
    """
    try:
        async with asyncio.timeout(seconds), aclosing(states_to_the_end(connection, task_id)) as changes:
            seen = [change async for change in changes]
    except TimeoutError:
        raise WaitTimedOut(task_id, seconds or 0.0) from None
    return seen[-1]
