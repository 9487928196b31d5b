"""What the doctor finds, and how an account is judged."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mjproxy.v1.account_pb2 import (
    CONNECTION_PHASE_CONNECTING,
    CONNECTION_PHASE_DISCONNECTED,
    CONNECTION_PHASE_FAILED,
    Account,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONNECTING_SECONDS: Final = 60.0
"""To connect takes seconds; an account that is at it for longer does not get through."""


class Level(enum.StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing is wrong."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing.

    Attributes:
        subject: The thing, for instance "server".
        level: How much it matters.
        message: What was found.
        remedy: What to do; empty if there is nothing to do.
    """

    subject: str
    level: Level
    message: str
    remedy: str = ""


def of_accounts(accounts: Sequence[Account], now: float) -> Iterator[Finding]:
    """Judges the accounts of a server.

    Args:
        accounts: All of them.
        now: Seconds since the epoch.
    """
    if not accounts:
        remedy = "Add one with `mjproxy accounts add`, or to [[accounts]] in the server's configuration."
        yield Finding("accounts", Level.PROBLEM, "the server has none", remedy)
    elif not any(account.settings.enable for account in accounts):
        yield Finding("accounts", Level.PROBLEM, "none takes tasks", "Enable one: `mjproxy accounts enable ID`.")
    for account in accounts:
        yield from of_account(account, now)


def of_account(account: Account, now: float) -> Iterator[Finding]:
    """Judges an account."""
    subject = f"account {account.id}"
    found = [Finding(subject, *judgement) for judgement in _judgements(account, now)]
    if not any(finding.level is Level.PROBLEM for finding in found) and account.settings.enable:
        yield Finding(subject, Level.OK, _summary(account))
    yield from found


def _judgements(account: Account, now: float) -> Iterable[tuple[Level, str, str]]:
    settings, health = account.settings, account.health
    enable = f"mjproxy accounts enable {account.id}"
    if not settings.enable:
        yield Level.NOTE, "it is disabled", f"To use it: `{enable}`."
        return
    if health.held_reason:
        remedy = f"Log in at Discord as its owner and do what is asked there; then `{enable}`."
        yield Level.PROBLEM, f"it is held: {health.held_reason}", remedy
    yield from _connection(account, now)
    if health.HasField("resting_until"):
        yield Level.NOTE, "it rests, since its last tasks failed one after the other", f"To go on now: `{enable}`."
    if not account.HasField("sync"):
        remedy = (
            f"See that the bot is on its server and may use the channel; then `mjproxy accounts sync {account.id}`."
        )
        yield Level.NOTE, "its bot has not been heard yet", remedy
    if settings.queue_size and account.waiting >= settings.queue_size:
        yield Level.NOTE, f"its queue is full: {account.waiting} wait", "Wait, or raise it with --queue-size."


def _connection(account: Account, now: float) -> Iterator[tuple[Level, str, str]]:
    health = account.health
    why = f": {health.last_error}" if health.last_error else ""
    if health.phase == CONNECTION_PHASE_FAILED:
        remedy = (
            "Check its token and its channel. A new token: "
            f"`mjproxy accounts set {account.id} --token-file FILE --enable`."
        )
        yield Level.PROBLEM, f"Discord refuses it{why}", remedy
    elif health.phase in {CONNECTION_PHASE_CONNECTING, CONNECTION_PHASE_DISCONNECTED}:
        lasting = now - health.since.seconds > CONNECTING_SECONDS
        remedy = "Check that the server reaches Discord, if need be by the `proxy` in [discord]."
        yield Level.PROBLEM if lasting else Level.NOTE, f"it is not connected (yet){why}", remedy if lasting else ""


def _summary(account: Account) -> str:
    load = f"{account.running} of {account.settings.core_size} run, {account.waiting} wait"
    plan = f"; {account.sync.plan}" if account.sync.plan else ""
    return f"it takes tasks: {load}{plan}"
