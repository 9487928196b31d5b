"""Who draws: the accounts of the configuration and those that were made through the API, as one list. Pure.

A configured account can be changed through the API as well. Its record then remembers how the configuration had it.
At the next start each field for itself is as it was changed last: what was changed through the API stays, unless the
configuration has got another value for it since. Whoever changes an account in the configuration also says that
its owner has acted: a hold is lifted. An account that was taken out of the configuration is gone; one that was made
through the API and now stands in the configuration too is the configuration's.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from mjproxy_server.model.account import Account, AccountRecord


def roster(configured: Iterable[Account], stored: Iterable[AccountRecord]) -> list[AccountRecord]:
    """Returns the accounts to work with.

    Args:
        configured: The configuration's accounts.
        stored: What an earlier process has kept.
    """
    kept = {record.id: record for record in stored}
    here = {account.id: _configured(account, kept.get(account.id)) for account in configured}
    made = {account_id: record for account_id, record in kept.items() if record.base is None}
    return list((made | here).values())


def left(records: Iterable[AccountRecord], stored: Iterable[AccountRecord]) -> list[AccountRecord]:
    """Returns the stored accounts that are no longer there, since the configuration has them no more."""
    here = {record.id for record in records}
    return [record for record in stored if record.id not in here]


def _configured(account: Account, kept: AccountRecord | None) -> AccountRecord:
    if kept is None:
        return AccountRecord(account=account, base=account)
    if kept.base is None:
        return dataclasses.replace(kept, account=account, base=account)
    changed = _changes(kept.base, kept.account)
    since = _changes(kept.base, account)
    ours = {name: value for name, value in changed.items() if name not in since}
    merged = dataclasses.replace(account, **ours)  # type: ignore[arg-type] # The values are those of the same fields.
    record = dataclasses.replace(kept, account=merged, base=account)
    return dataclasses.replace(record, held_reason="", held_since=0) if since else record


def _changes(before: Account, after: Account) -> Mapping[str, object]:
    """Returns the fields that differ, with their later values."""
    return {
        field.name: getattr(after, field.name)
        for field in dataclasses.fields(Account)
        if getattr(before, field.name) != getattr(after, field.name)
    }
