"""Choosing the account that works on a task. Pure: loads in, order out."""

from collections.abc import Iterable
from dataclasses import dataclass

from mjproxy_server.model.account import Account, AccountFilter


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an account is.

    Attributes:
        account: The account.
        ready: Whether it is connected and not held, so that it could begin at once.
        running: Its tasks at work.
        waiting: Its tasks that wait, those included that are being submitted right now.
    """

    account: Account
    ready: bool
    running: int
    waiting: int


def candidates(loads: Iterable[Load], wanted: AccountFilter) -> list[Load]:
    """Returns the enabled accounts that match, the best one first.

    The rule is "best wait idle": an account that could begin at once before one that could not, then the one with the
    most idle cores in proportion, then the one with the shortest queue in proportion. Accounts that are not connected
    just now still queue, after those that are.
    """
    matching = [load for load in loads if load.account.enable and _matches(load.account, wanted)]
    return sorted(matching, key=_rank)


def _matches(account: Account, wanted: AccountFilter) -> bool:
    return (
        wanted.account_id in {"", account.id}
        and wanted.remark in {"", account.remark}
        and (not wanted.modes or account.mode is None or account.mode in wanted.modes)
    )


def _rank(load: Load) -> tuple[bool, bool, float, str]:
    unfinished = load.running + load.waiting
    busy = unfinished >= load.account.core_size
    return (not load.ready, busy, unfinished / load.account.core_size, load.account.id)
