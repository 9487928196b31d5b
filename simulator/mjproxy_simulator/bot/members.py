"""What the bots know of their users, kept."""

from collections.abc import Callable
from typing import Protocol

from mjproxy_simulator.model.members import Member


class MemberStore(Protocol):
    """Where it is kept."""

    def member(self, user_id: int) -> Member | None:
        """Return what is known of a user."""

    def put_member(self, member: Member) -> None:
        """Keep what is known of a user."""


class Members:
    """The users.

    Args:
        store: Keeps them.
        newcomer: Gives what is known of a user who has changed nothing.
    """

    def __init__(self, store: MemberStore, newcomer: Callable[[int], Member]) -> None:
        self._store = store
        self._newcomer = newcomer

    def of(self, user_id: int) -> Member:
        """Return what is known of a user."""
        return self._store.member(user_id) or self._newcomer(user_id)

    def keep(self, member: Member) -> None:
        """Remember a change."""
        self._store.put_member(member)
