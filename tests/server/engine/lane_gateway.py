"""The gateway of one process: a session that is resumed as long as it is alive, over connections that end."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from tests.server.engine.lane_discord import Session, Told
from tests.server.engine.lane_world import LaneWorld, Writer
from tests.server.timeline import Life

HEARTBEAT = 41.25
LEAST_GAP = 5.0


class LaneGateway:
    """Brings what the session is told, and tells up to when all of it was heard.

    Args:
        world: Discord, and where the session is kept.
        life: The process.
        writer: What the process writes: heard is what is written.
        on_told: Takes in what comes.
        on_session: Called when a session has begun, before which something may have been missed.
        on_ready: Called when messages arrive.

    Attributes:
        heard_until: Up to when all was heard.
    """

    def __init__(
        self,
        world: LaneWorld,
        life: Life,
        writer: Writer,
        *,
        on_told: Callable[[Told], None],
        on_session: Callable[[Session], None],
        on_ready: Callable[[], None],
    ) -> None:
        self.heard_until = -math.inf
        self._world = world
        self._life = life
        self._writer = writer
        self._on_told = on_told
        self._on_session = on_session
        self._on_ready = on_ready
        self._session: Session | None = None
        self._refused = False
        self._connections = 0
        self._connection = 0  # The number of the one that is open; 0 if there is none.
        self._cursor = 0
        self._received_at: deque[float] = deque()  # Of what is not written yet.
        self._beaten_at = -math.inf
        self._awaits_ready: list[Callable[[], None]] = []
        self._awaits_hearing: list[tuple[float, Callable[[], None]]] = []

    @property
    def ready(self) -> bool:
        return self._connection > 0

    @property
    def session_id(self) -> str:
        """The session as far as it is known to be alive."""
        return self._session.name if self._session and not self._refused else ""

    @property
    def lag(self) -> float:
        """How many seconds what is written lies behind what has come."""
        return self._life.now - self._received_at[0] if self._received_at else 0.0

    def run(self) -> None:
        """Connects after a while, and again each time when the connection has ended."""
        self._world.discord.on_told = self._listen
        self._life.after(self._world.rng.uniform(0.1, 8), self._connect)

    def has(self, session: Session) -> bool:
        """Whether this is still the newest session."""
        return session is self._session

    def when_ready(self, deed: Callable[[], None]) -> None:
        """Goes on as soon as messages arrive."""
        if self.ready:
            deed()
        else:
            self._awaits_ready.append(deed)

    def _connect(self) -> None:
        """Resumes the session; if it is gone, another one begins after a while."""
        session = self._world.discord.find(self._world.disk.session)
        if session is None and self.session_id:
            self._refused = True
            self._life.after(self._world.rng.uniform(1, 12), self._connect)
        else:
            self._connections += 1
            self._connection, self._refused = self._connections, False
            self._take_up(session or self._begin())
            self._live()

    def _begin(self) -> Session:
        session = self._world.discord.begin()
        self._world.disk.session, self._world.disk.handed_over = session.name, 0
        return session

    def _take_up(self, session: Session) -> None:
        """Goes on with a session where this process has received it, or where an earlier one has written it."""
        if self._session is not session:
            self._session, self._cursor = session, self._world.disk.handed_over
            self._on_session(session)

    def _live(self) -> None:
        breaks = self._world.discord.weather.breaks / 60
        if breaks:
            self._life.after(self._world.rng.expovariate(breaks), self._break, self._connection)
        self._life.after(HEARTBEAT * self._world.rng.random(), self._keep_beating, self._connection)
        waiting, self._awaits_ready = self._awaits_ready, []
        for deed in waiting:
            deed()
        self._listen()
        self._on_ready()

    def _break(self, connection: int) -> None:
        if self._connection == connection:
            self._connection = 0
            self._world.rules.note_disturbance(self._life.now)
            self._life.after(self._world.rng.uniform(0.1, 8), self._connect)

    def _listen(self) -> None:
        self._life.after(self._world.discord.latency(), self._receive, self._connection)

    def _receive(self, connection: int) -> None:
        """Takes in what has come, unless it is stuck in the network or the connection is gone."""
        if not connection or connection != self._connection or self._world.discord.stalled:
            return
        assert self._session
        while self._cursor < len(self._session.told):
            told = self._session.told[self._cursor]
            self._cursor += 1
            self._on_told(told)
            self._when_handed_over(self._session.name, self._cursor)

    def _when_handed_over(self, session: str, cursor: int) -> None:
        def hand_over() -> None:
            self._received_at.popleft()
            if self._world.disk.session == session:
                self._world.disk.handed_over = cursor

        self._received_at.append(self._life.now)
        self._writer.when_written(hand_over)

    def _keep_beating(self, connection: int) -> None:
        if connection == self._connection:
            self._beat()
            self._life.after(HEARTBEAT, self._keep_beating, connection)

    def _beat(self) -> None:
        if self.ready:
            self._beaten_at = self._life.now
            self._life.after(self._world.discord.latency(), self._acknowledge, self._connection, self._life.now)

    def _acknowledge(self, connection: int, beaten_at: float) -> None:
        """Discord answers a beat; if the session is gone, it ends the connection instead."""
        if connection != self._connection:
            return
        assert self._session
        if self._session.alive:
            self._life.after(self._world.discord.latency(), self._take_answer, connection, beaten_at)
        else:
            self._refused = True
            self._break(connection)

    def _take_answer(self, connection: int, beaten_at: float) -> None:
        if self._world.discord.stalled:
            self._life.after(self._world.discord.latency(), self._take_answer, connection, beaten_at)
        elif connection == self._connection:
            self._receive(connection)
            self._writer.when_written(lambda: self._note_heard(beaten_at))

    def _note_heard(self, until: float) -> None:
        self.heard_until = max(self.heard_until, until)
        heard = [deed for asked_at, deed in self._awaits_hearing if asked_at <= until]
        self._awaits_hearing = [each for each in self._awaits_hearing if each[0] > until]
        for deed in heard:
            deed()

    def hear_out(self, deed: Callable[[], None]) -> None:
        """Goes on when all is heard that was told by now; a heartbeat is hastened for that."""
        self._awaits_hearing.append((self._life.now, deed))
        self._life.at(self._beaten_at + LEAST_GAP, self._beat)
