"""Taking work up again: what becomes of the tasks that an earlier process left behind.

Each is taken up where it was, by what its steps tell:

- what was never begun, or is to be tried once more, waits in its place;
- what Discord has taken is at work: its messages are listened for, and its silence is measured from its last sign;
- a step in doubt is settled by evidence before anything is sent again (`worker`);
- after a step that is known to have started nothing, since it was refused or has opened a mere modal, the next one is
  sent.

The evidence comes in this order. The gateway session is resumed (`sessions`), and brings again what the store does not
have for certain. If it is gone, a new one begins. In both cases the channel's history is read before anything is
concluded from what it holds, since the process knows no more what it had heard.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import ENDED, QUEUED_OR_AT_WORK, Reason, Status
from mjproxy_server.store.interface import Store, TaskQuery

_PAGE: Final = 1000
_LATE_MS: Final = 2 * 60 * 60 * 1000
_MOST_LATE: Final = 5000


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What an earlier process left behind.

    Attributes:
        unfinished: The tasks to go on with, the oldest first.
        ended: Those that have ended lately; their jobs at the bot may not have.
    """

    unfinished: tuple[Task, ...]
    ended: tuple[Task, ...]


async def left_behind(store: Store, accounts: AbstractSet[str], clock: Clock) -> LeftBehind:
    """Returns what is to be gone on with, after what has lost its account was ended.

    Args:
        store: The tasks.
        accounts: The ids of the accounts that there are.
        clock: The time.
    """
    unfinished = []
    for task in await _unfinished(store):
        if task.account_id in accounts:
            unfinished.append(task)
        else:
            await store.record(task.id, Failed(now_ms(clock), _why_lost(task)))
    return LeftBehind(tuple(unfinished), await _recently_ended(store, clock))


def is_begun(task: Task) -> bool:
    """Tells whether an unfinished task holds a core, since the bot may be at work on it."""
    return task.status is not Status.NOT_START or task.trace.in_doubt


def is_unsettled(task: Task) -> bool:
    """Tells whether something is left to be done for a task that is begun before its job can be waited for."""
    return bool(task.trace.steps) and task.trace.steps[-1].outcome != "taken"


def has_open_modal(task: Task) -> bool:
    """Tells whether the newest press has opened a modal that was not answered; it is pressed anew for another one."""
    return bool(task.trace.steps) and task.trace.steps[-1].outcome == "opened"


def _why_lost(task: Task) -> Failure:
    if is_begun(task):
        return _INTERRUPTED
    return Failure(Reason.ACCOUNT_UNAVAILABLE, "Account unavailable", f"Account {task.account_id} is gone.")


async def _recently_ended(store: Store, clock: Clock) -> tuple[Task, ...]:
    since = now_ms(clock) - _LATE_MS
    listing = await store.list(TaskQuery(statuses=ENDED, submitted_from=since, limit=_MOST_LATE))
    return listing.tasks


async def _unfinished(store: Store) -> list[Task]:
    found: list[Task] = []
    more = True
    while more:
        after_id = found[-1].id if found else ""
        page = await store.list(
            TaskQuery(statuses=QUEUED_OR_AT_WORK, oldest_first=True, after_id=after_id, limit=_PAGE)
        )
        found.extend(page.tasks)
        more = page.more
    return found


_INTERRUPTED: Final = Failure(
    Reason.INTERRUPTED,
    "Interrupted",
    "The server was stopped while the job ran, and started again without its account. Look into the channel for its"
    " result before you submit it again: the bot may have finished it.",
)
