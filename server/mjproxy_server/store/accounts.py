"""The accounts at rest, as the engine sees them. They are no tasks: they have no revisions, and nobody follows them.

Tokens lie in the database as they are, since Discord has to be shown them; its file is private to the server's user.
"""

from dataclasses import dataclass
from typing import Protocol

from mjproxy_server.model.account import AccountRecord


@dataclass(frozen=True, slots=True)
class CreationId:
    """A caller's id of a request to make an account, and a digest of what it asks for."""

    request_id: str
    digest: bytes


class AccountStore(Protocol):
    """The accounts' records. What `Store` says of writes and of failing disks holds here too."""

    async def all(self) -> tuple[AccountRecord, ...]:
        """Returns all records, in the order of their ids."""
        ...

    async def find_request(self, creation: CreationId) -> str | None:
        """Returns the id of the account that was made under the request id within 24 hours, or None.

        Raises:
            RequestIdReused: It was made for a request with another digest.
        """
        ...

    async def add(self, record: AccountRecord, creation: CreationId | None) -> None:
        """Stores a new account, under the request id if there is one.

        Raises:
            AccountExists: There is a record with its id.
        """
        ...

    async def put(self, record: AccountRecord) -> None:
        """Stores a record, in the place of the one with its id if there is one."""
        ...

    async def remove(self, account_id: str) -> None:
        """Removes a record; one that is not there is no matter."""
        ...
