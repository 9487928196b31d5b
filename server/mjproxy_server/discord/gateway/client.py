"""The gateway client of one account: one connection after another, one session as long as it lasts.

How it goes on after a connection ended is decided in one place, `GatewayClient._supervise`: each class of ending has
its own `except` clause there. A connection that lasted is followed by the next at once, a short one by a pause, and the
pause grows as long as none becomes READY.

A session is resumed at the address that READY named. If no HELLO comes from there, the next try goes to the main
gateway, the one after that to the resume address again, and so on. A session is given up when Discord refuses it, or
drops us several times in a row while we resume.

Dispatches are handed over in their order by a task of its own, which outlives the connections: what has come while it
was busy is handed over together. The session counts what was received, and resumes from there; `resume_point` follows
what was handed over completely, since only that survives the process. So does `heard_until`, by which others conclude
something from what did *not* come.
"""

import asyncio
import logging
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice

from pydantic import SecretStr

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import AuthenticationFailed, GatewayFatal
from mjproxy_server.discord.gateway.close_codes import AUTHENTICATION_FAILED, Verdict, meaning_of
from mjproxy_server.discord.gateway.connection import Connection
from mjproxy_server.discord.gateway.endings import ClosedByDiscord, ConnectionEnded, SessionInvalidated
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.session import Deliver, Heard, Session
from mjproxy_server.discord.gateway.transport import open_transport
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus, ResumePoint
from mjproxy_server.discord.tasks import run_together
from mjproxy_server.discord.timing import Backoff, Clock

_logger = logging.getLogger(__name__)

# After a connection that lasted this long, in seconds, the next one is tried without a pause.
LASTING = 30.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# Discord's gateway reference: "wait a random amount of time, between 1 and 5 seconds", after an invalid session.
INVALID_SESSION_PAUSE = (1.0, 5.0)
# So many dispatches are handed over together at most: others have their turn in between.
MOST_AT_ONCE = 16

_Delivery = tuple[float, Deliver | Heard]


class GatewayClient:
    """Keeps one account connected to Discord's gateway and hands over what comes."""

    def __init__(
        self,
        *,
        token: SecretStr,
        user_agent: str,
        endpoints: Endpoints,
        identify_gate: IdentifyGate,
        clock: Clock,
        rng: random.Random,
        on_dispatches: Callable[[Sequence[Dispatch]], Awaitable[None]],
        on_status: Callable[[GatewayStatus], None],
        resume: ResumePoint | None = None,
    ) -> None:
        """Prepare a client that is not connected yet.

        Args:
            token: The account's token.
            user_agent: The user agent of the browser to appear as.
            endpoints: Where Discord is.
            identify_gate: Shared by all clients of the same token.
            clock: The time.
            rng: Draws pauses and the moment of the first heartbeat.
            on_dispatches: Awaited for the next dispatches, one or several; what it raises ends `run`.
            on_status: Called at each change of status.
            resume: Where an earlier process left the session.
        """
        self._browser = Browser.from_user_agent(user_agent)
        self._endpoints = endpoints
        self._gate = identify_gate
        self._clock = clock
        self._rng = rng
        self._on_dispatches = on_dispatches
        self._on_status = on_status
        self._session = Session(
            token=token.get_secret_value(), browser=self._browser, gateway=endpoints.gateway, rng=rng, resume=resume
        )
        self._resume_point = resume
        self._connection: Connection | None = None
        self._deliveries: deque[_Delivery] = deque()  # With when they came; the first are at work.
        self._delivered = asyncio.Event()
        self._heard_until = -math.inf
        self._hearing_goes_on = asyncio.Event()
        self._resume_url_is_dead = False
        self._attempt = 0  # Tries since the session was last READY, as `GatewayStatus` has it.
        self._last_error: str | None = None
        self._status = GatewayStatus(GatewayPhase.DISCONNECTED, since=clock.time(), session_id=self.session_id)

    @property
    def status(self) -> GatewayStatus:
        """What the client is doing."""
        return self._status

    @property
    def session_id(self) -> str | None:
        """The session to name in interactions; None if there is none."""
        return self._session.session_id

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where another process can resume: after the last dispatch for which `on_dispatches` returned."""
        return self._resume_point

    @property
    def lag(self) -> float:
        """Seconds since the oldest dispatch came that was not handed over completely; 0.0 if there is none."""
        return self._clock.monotonic() - self._deliveries[0][0] if self._deliveries else 0.0

    @property
    def heard_until(self) -> float:
        """The moment up to which all that Discord sent in the session was handed over, by the monotonic clock.

        It is no guess from a silence, which a stalled network or process makes as well: a heartbeat that went out then
        was answered, and what the answer came behind was handed over. A later session knows nothing of this one.
        """
        return self._heard_until

    async def hear_out(self) -> None:
        """Return when `heard_until` is past the moment of this call, for which a heartbeat is hastened."""
        asked_at = self._clock.monotonic()
        while self._heard_until < asked_at:
            if self._connection:
                self._connection.hasten_beat()
            self._hearing_goes_on.clear()
            await self._hearing_goes_on.wait()

    async def run(self) -> None:
        """Stay connected until cancelled; the session can then still be resumed.

        Raises:
            AuthenticationFailed: If Discord does not accept the token.
            GatewayFatal: If Discord forbids to connect again for another reason.
        """
        try:
            await run_together(self._supervise(), self._hand_over())
        except GatewayFatal as fatal:
            self._report(GatewayPhase.FAILED, error=str(fatal))
            raise
        finally:
            if self._status.phase is not GatewayPhase.FAILED:
                self._report(GatewayPhase.DISCONNECTED)

    async def _supervise(self) -> None:
        backoff = Backoff(self._rng, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        while True:
            opened_at = self._clock.monotonic()
            pause = 0.0
            try:
                await self._connect()
            except ClosedByDiscord as ending:
                pause = self._heed_close_code(ending)
                self._note(ending)
            except SessionInvalidated as ending:
                pause = self._rng.uniform(*INVALID_SESSION_PAUSE)
                self._note(ending)
            except ConnectionEnded as ending:
                self._note(ending)
            if self._attempt == 0:
                backoff.reset()
            if self._clock.monotonic() - opened_at < LASTING:
                pause = max(pause, next(backoff))
            await self._clock.sleep(pause)

    async def _connect(self) -> None:
        """Open one connection and live on it until it ends, which is always raised."""
        self._attempt += 1
        self._session.opened(self._clock.monotonic())
        self._show_progress()
        try:
            async with open_transport(self._url(), browser=self._browser, proxy=self._endpoints.proxy) as transport:
                self._connection = Connection(
                    transport=transport,
                    session=self._session,
                    gate=self._gate,
                    clock=self._clock,
                    deliver=self._deliver,
                    on_progress=self._show_progress,
                )
                await self._connection.live()
        finally:
            self._connection = None
            self._choose_next_url()
            self._session.closed()

    def _url(self) -> str:
        point = self._session.resume_point
        if point is None or self._resume_url_is_dead:
            return self._endpoints.gateway_url
        return self._endpoints.resume_url(point.resume_url)

    def _choose_next_url(self) -> None:
        """Turn to the other address if no HELLO came from this one; once in a session, its own address is good."""
        if self._session.phase is GatewayPhase.CONNECTING:
            self._resume_url_is_dead = not self._resume_url_is_dead
        elif self._session.phase is GatewayPhase.READY:
            self._resume_url_is_dead = False

    def _heed_close_code(self, closed: ClosedByDiscord) -> float:
        """Do what the close code asks for, and return the least pause in seconds before the next try."""
        close_code = meaning_of(closed.code)
        match close_code.verdict:
            case Verdict.FATAL if closed.code == AUTHENTICATION_FAILED:
                raise AuthenticationFailed(closed.code, close_code.meaning)
            case Verdict.FATAL:
                raise GatewayFatal(closed.code, close_code.meaning)
            case Verdict.NEW_SESSION:
                self._session.forget()
            case Verdict.RESUME:
                pass
        return close_code.pause

    def _deliver(self, delivery: Deliver | Heard, at: float) -> None:
        self._deliveries.append((at, delivery))
        self._delivered.set()

    async def _hand_over(self) -> None:
        while True:
            while self._deliveries:
                await self._hand_over_next()
            self._delivered.clear()
            await self._delivered.wait()

    async def _hand_over_next(self) -> None:
        """Hand over the dispatches that come next, or take note of what was heard behind those before."""
        match self._deliveries[0][1]:
            case Heard(until):
                self._heard_until = until
                self._hearing_goes_on.set()
                self._deliveries.popleft()
            case Deliver():
                told = list(_dispatches_at_the_head(islice(self._deliveries, MOST_AT_ONCE)))
                await self._on_dispatches([each.dispatch for each in told])
                self._resume_point = told[-1].point
                for _ in told:
                    self._deliveries.popleft()

    def _note(self, ending: ConnectionEnded) -> None:
        _logger.info("Gateway connection ended: %s", ending)
        self._report(GatewayPhase.DISCONNECTED, error=str(ending))

    def _show_progress(self) -> None:
        phase = self._session.phase
        if phase is self._status.phase:
            return
        if phase is GatewayPhase.READY:
            self._attempt = 0
            self._last_error = None
            self._hearing_goes_on.set()
        self._report(phase, error=self._last_error)

    def _report(self, phase: GatewayPhase, *, error: str | None = None) -> None:
        self._last_error = error
        self._status = GatewayStatus(
            phase,
            since=self._clock.time(),
            last_error=error,
            attempt=self._attempt,
            session_id=self.session_id,
        )
        self._on_status(self._status)


def _dispatches_at_the_head(deliveries: Iterable[_Delivery]) -> Iterator[Deliver]:
    for _, delivery in deliveries:
        if isinstance(delivery, Heard):
            return
        yield delivery
