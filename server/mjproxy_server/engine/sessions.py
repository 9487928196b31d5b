"""The gateway sessions beyond the process: each is stored as far as all that it brought is stored.

That is done now and then: from an older point Discord sends again what is known already, which changes nothing. What
matters is that no point is ahead of the facts. Only a text may be that was heard and was still being translated; the
next process finds it in the channel's history, which it reads in any case.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.connection import Connection
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store.sessions import SessionStore, StoredSession

_logger = logging.getLogger(__name__)

PAUSE: Final = 1.0
"""Seconds between two writes; a session that has just begun is stored at once."""


async def load_sessions(store: SessionStore, tokens: Iterable[str]) -> dict[str, StoredSession]:
    """Returns the sessions that were left, by their users' tokens, and forgets those of other users."""
    stored = {session.owner: session for session in await store.all()}
    owners = {owner_of(token): token for token in tokens}
    await store.remove(stored.keys() - owners.keys())
    return {token: stored[owner] for owner, token in owners.items() if owner in stored}


def owner_of(token: str) -> bytes:
    """Returns a digest by which a user's session is found; the token cannot be told from it."""
    return hashlib.sha256(token.encode()).digest()


class Sessions:
    """Keeps the sessions of all connections in the store.

    Args:
        store: Where they are kept.
        connections: Each user's connection, by the user's token.
        begun: Rings when a connection has begun a new session.
        clock: The time.
    """

    def __init__(self, store: SessionStore, connections: Mapping[str, Connection], begun: Bell, clock: Clock) -> None:
        self._store = store
        self._connections = connections
        self._begun = begun
        self._clock = clock
        self._kept: dict[bytes, StoredSession] = {}
        self._failing = False

    async def run(self) -> None:
        """Stores them again and again until cancelled."""
        while True:
            seen = self._begun.rings
            await self._try_to_keep()
            await first_of(self._clock.sleep(PAUSE), self._begun.wait(seen))

    async def _try_to_keep(self) -> None:
        """Stores once; tells the operator when that begins to fail and when it does not any more, not in between."""
        try:
            await self.keep()
        except Unavailable as error:
            if not self._failing:
                _logger.warning("The gateway sessions cannot be stored, and are tried again and again: %s", error)
            self._failing = True
        else:
            if self._failing:
                _logger.warning("The gateway sessions are stored again")
            self._failing = False

    async def keep(self) -> None:
        """Stores once those that have come further."""
        known = (_stored(token, each) for token, each in self._connections.items())
        further = [session for session in known if session and session != self._kept.get(session.owner)]
        if further:
            await self._store.put(further)
            self._kept.update((session.owner, session) for session in further)


def _stored(token: str, connection: Connection) -> StoredSession | None:
    point = connection.resume_point
    if point is None:
        return None
    return StoredSession(
        owner=owner_of(token),
        user_id=connection.user_id,
        session_id=point.session_id,
        resume_url=point.resume_url,
        sequence=point.sequence,
    )
