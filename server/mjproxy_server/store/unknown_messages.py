"""The messages of the bots that were not understood, as the engine sees them: a few are kept, all are counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

MOST_KEPT: Final = 200
"""How many messages are kept; the newest drive the oldest out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMessage:
    """A message that was not understood.

    Attributes:
        account_id: The account in whose channel it stood.
        at_ms: When it came, in Unix milliseconds.
        event: The name of Discord's event.
        reason: Why it was not understood, for a person.
        json: The event's data as JSON, with nothing private in it.
    """

    account_id: str
    at_ms: int
    event: str
    reason: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownListing:
    """A page of messages that were not understood.

    Attributes:
        messages: The messages, the newest first.
        last: The place of the last of them, which asks for the next page; 0 if there is no further one.
        seen: How many have come since the store was made.
    """

    messages: tuple[UnknownMessage, ...]
    last: int
    seen: int


class UnknownMessageStore(Protocol):
    """The messages that were not understood. What `Store` says of writes and of failing disks holds here too."""

    async def add(self, messages: Sequence[UnknownMessage], seen: int) -> None:
        """Keeps messages, in the order in which they came, and counts how many were seen, these included."""
        ...

    async def list(self, account_id: str, before: int, limit: int) -> UnknownListing:
        """Returns a page.

        Args:
            account_id: Only those of this account; "" for all.
            before: The `last` of the page before; 0 for the first page.
            limit: The size of the page.
        """
        ...
