"""The life of one gateway connection: a transport on one side, the session's state machine on the other."""

import asyncio
from collections.abc import Callable, Iterable

from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.session import Action, Deliver, Heard, IdentifyWanted, Send, Session
from mjproxy_server.discord.gateway.transport import Transport
from mjproxy_server.discord.tasks import first_of, run_together
from mjproxy_server.discord.timing import Clock


class Connection:
    """Moves frames between a transport and a session until the connection ends.

    Three tasks share the session: one reads, one keeps its times, one waits for the turn to IDENTIFY. None of them
    waits for the others, so that neither a slow reader of dispatches nor a long queue at the gate stops the heart.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        session: Session,
        gate: IdentifyGate,
        clock: Clock,
        deliver: Callable[[Deliver | Heard, float], None],
        on_progress: Callable[[], None],
    ) -> None:
        """Take an open transport and an opened session.

        Args:
            transport: The connection, not yet used.
            session: The session to live on it.
            gate: Where IDENTIFY waits for its turn.
            clock: The time.
            deliver: Takes dispatches, and what was heard, in order, and when they came; never waits.
            on_progress: Called after each step of the session, whose phase may then have changed.
        """
        self._transport = transport
        self._session = session
        self._gate = gate
        self._clock = clock
        self._deliver = deliver
        self._on_progress = on_progress
        self._identify_wanted = asyncio.Event()
        self._rescheduled = asyncio.Event()

    async def live(self) -> None:
        """Run until the connection ends, which is always raised, as a `ConnectionEnded`."""
        await run_together(self._read(), self._keep_time(), self._identify())

    def hasten_beat(self) -> None:
        """Send the next heartbeat as soon as may be."""
        due = self._session.wake_at
        self._session.hasten_beat(self._clock.monotonic())
        self._reschedule(due)

    async def _read(self) -> None:
        while True:
            frame = await self._transport.receive()
            now, due = self._clock.monotonic(), self._session.wake_at
            actions = self._session.receive(frame, now)
            self._reschedule(due)
            await self._perform(actions, now)

    async def _keep_time(self) -> None:
        while True:
            self._rescheduled.clear()
            pause = self._session.wake_at - self._clock.monotonic()
            await first_of(self._clock.sleep(pause), self._rescheduled.wait())
            now = self._clock.monotonic()
            await self._perform(self._session.wake(now), now)

    async def _identify(self) -> None:
        await self._identify_wanted.wait()
        await self._gate.turn()
        due = self._session.wake_at
        command = self._session.identify(self._clock.monotonic())
        self._reschedule(due)
        await self._transport.send(command)

    def _reschedule(self, due: float) -> None:
        """Wake the task that keeps the times if the session now wants to be woken earlier than it was due before."""
        if self._session.wake_at < due:
            self._rescheduled.set()

    async def _perform(self, actions: Iterable[Action], now: float) -> None:
        for action in actions:
            match action:
                case Send(command):
                    await self._transport.send(command)
                case Deliver() | Heard():
                    self._deliver(action, now)
                case IdentifyWanted():
                    self._identify_wanted.set()
        self._on_progress()
