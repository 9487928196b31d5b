"""The gateway sessions at rest, as the engine sees them: where the next process can resume each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A gateway session, as far as all that it brought is stored.

    Attributes:
        owner: A digest of the token of its user.
        user_id: The user.
        session_id: The session.
        resume_url: Where it is resumed.
        sequence: The last dispatch whose effects are stored; None if there was none.
    """

    owner: bytes
    user_id: str
    session_id: str
    resume_url: str
    sequence: int | None


class SessionStore(Protocol):
    """The gateway sessions. What `Store` says of writes and of failing disks holds here too."""

    async def all(self) -> tuple[StoredSession, ...]:
        """Returns all sessions."""
        ...

    async def put(self, sessions: Sequence[StoredSession]) -> None:
        """Stores sessions, each in the place of the one that its owner had before."""
        ...

    async def remove(self, owners: Iterable[bytes]) -> None:
        """Removes the sessions of these owners."""
        ...
