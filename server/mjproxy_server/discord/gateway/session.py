"""A gateway session as a state machine without I/O.

The session takes decoded frames and the time, and gives what is to be sent, what is to be handed over, and the time at
which it wants to be woken. It knows neither sockets nor tasks nor a clock.

It outlives its connections. What belongs to a connection begins anew with `opened`: the phase, the heartbeat and the
answer that is awaited. What belongs to the session stays until the session is refused: its id, its resume URL and the
sequence of the last dispatch that was *received*. A dispatch that was received is never asked for again, so whoever
takes it from here must not lose it while the process lives.

    opened ──HELLO──▶ resume point known? ──yes──▶ RESUME ──replay, RESUMED──▶ ready
                                          └─no───▶ wait for a turn, IDENTIFY ──READY──▶ ready

Every way in which the server ends this is raised as a `ConnectionEnded`; then the connection is to be closed, and the
session already knows whether it can be resumed.
"""

import math
import random
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.gateway import frames
from mjproxy_server.discord.gateway.endings import ConnectionCut, ReconnectRequested, SessionInvalidated, Unanswered
from mjproxy_server.discord.gateway.frames import Command, Frame, Hello, Op, Ready
from mjproxy_server.discord.gateway.heartbeat import Heartbeat
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, ResumePoint

HELLO_TIMEOUT = 20.0
# READY of a user account holds all its guilds and takes Discord some seconds; a replay is given this long per dispatch.
READY_TIMEOUT = 60.0
# A server that drops us again and again while we resume will not say that the session is gone.
MAX_FAILED_RESUMES = 3


class IdentifyWanted:
    """A new session is needed: wait for a turn, then send what `Session.identify` gives."""


@dataclass(frozen=True, slots=True)
class Send:
    """A command to send now."""

    command: Command


class Deliver(msgspec.Struct, frozen=True):
    """A dispatch to hand over, in the order given; the point is where a session is resumed that has it."""

    type: str
    payload: msgspec.Raw
    point: ResumePoint

    @property
    def dispatch(self) -> Dispatch:
        """The dispatch."""
        point = self.point
        return Dispatch(self.type, self.payload, point.sequence or 0, point.session_id, point.resume_url)


@dataclass(frozen=True, slots=True)
class Heard:
    """All that Discord sent before a moment has been received; it goes the way of the dispatches, behind them."""

    until: float


_TRUE = msgspec.Raw(b"true")

Action = Send | Deliver | Heard | IdentifyWanted
Shape = TypeVar("Shape")


class Session:
    """The state of one account's gateway session; times are seconds of a monotonic clock."""

    def __init__(
        self, *, token: str, browser: Browser, gateway: str, rng: random.Random, resume: ResumePoint | None = None
    ) -> None:
        """Begin without a connection.

        Args:
            token: The account's token.
            browser: The browser to appear as.
            gateway: Where a session is resumed whose READY names no resume URL.
            rng: Draws the moment of each connection's first heartbeat.
            resume: Where an earlier process left a session; None for a new one.
        """
        self._token = token
        self._browser = browser
        self._gateway = gateway
        self._rng = rng
        self._point = resume
        self._failed_resumes = 0
        self._heartbeat: Heartbeat | None = None
        self._answer_due = math.inf
        self._ready_at = math.inf
        self.phase = GatewayPhase.DISCONNECTED

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where the next connection resumes; None if it has to begin a new session."""
        return self._point

    @property
    def session_id(self) -> str | None:
        """The session's id; None if there is no session."""
        return self._point.session_id if self._point else None

    @property
    def wake_at(self) -> float:
        """When `wake` is to be called; it may move with each call of another method."""
        beat_due = self._heartbeat.due if self._heartbeat else math.inf
        return min(beat_due, self._answer_due)

    def opened(self, now: float) -> None:
        """Begin a new connection, on which HELLO is now awaited."""
        self.phase = GatewayPhase.CONNECTING
        self._heartbeat = None
        self._ready_at = math.inf
        self._answer_due = now + HELLO_TIMEOUT

    def closed(self) -> None:
        """End the connection; a session that could not be resumed several times in a row is given up."""
        if self.phase is GatewayPhase.RESUMING:
            self._failed_resumes += 1
        self.phase = GatewayPhase.DISCONNECTED
        if self._failed_resumes >= MAX_FAILED_RESUMES:
            self.forget()

    def forget(self) -> None:
        """Give the session up: the next connection begins a new one."""
        self._point = None
        self._failed_resumes = 0

    def identify(self, now: float) -> Command:
        """Return IDENTIFY, to be sent at once; READY is awaited from now on."""
        self._answer_due = now + READY_TIMEOUT
        return frames.identify(self._token, self._browser)

    def wake(self, now: float) -> list[Action]:
        """Do what is due at `wake_at`.

        Raises:
            Unanswered: If the server is silent where it had to answer.
        """
        if now >= self._answer_due:
            raise Unanswered(f"Discord did not answer in time while {self.phase.value}")
        if self._heartbeat is None or now < self._heartbeat.due:
            return []
        self._heartbeat.beat(now)
        return [self._beat()]

    def hasten_beat(self, now: float) -> None:
        """Have the next heartbeat due as soon as may be, so that its answer tells what was heard; in READY only."""
        if self._heartbeat and self.phase is GatewayPhase.READY:
            self._heartbeat.hasten(now)

    def receive(self, frame: Frame, now: float) -> list[Action]:
        """Take a frame and return what follows from it.

        Raises:
            ReconnectRequested: If Discord asks to connect again.
            SessionInvalidated: If Discord refused IDENTIFY or RESUME.
            ConnectionCut: If a frame does not have the documented shape.
        """
        match frame.op:
            case Op.DISPATCH:
                return self._take_dispatch(frame, now)
            case Op.HELLO if self.phase is GatewayPhase.CONNECTING:
                return self._greet(_payload(frame, Hello), now)
            case Op.HEARTBEAT if self._heartbeat:
                self._heartbeat.beat_besides(now)
                return [self._beat()]
            case Op.HEARTBEAT_ACK if self._heartbeat:
                return self._take_answer(self._heartbeat.answered())
            case Op.RECONNECT:
                raise ReconnectRequested
            case Op.INVALID_SESSION:
                self._invalidate(resumable=frame.d == _TRUE)
        return []

    def _greet(self, hello: Hello, now: float) -> list[Action]:
        interval = hello.heartbeat_interval / 1000
        self._heartbeat = Heartbeat(interval, first_due=now + interval * self._rng.random())
        if self._point is None:
            self.phase = GatewayPhase.IDENTIFYING
            self._answer_due = math.inf
            return [IdentifyWanted()]
        self.phase = GatewayPhase.RESUMING
        self._answer_due = now + READY_TIMEOUT
        return [Send(frames.resume(self._token, self._point.session_id, self._point.sequence))]

    def _take_dispatch(self, frame: Frame, now: float) -> list[Action]:
        if frame.t == "READY":
            ready = _payload(frame, Ready)
            self._point = ResumePoint(ready.session_id, ready.resume_gateway_url or self._gateway, sequence=None)
        if self._point is None or frame.t is None:
            return []
        self._point = _advanced(self._point, frame.s)
        self._note_progress(frame.t, now)
        return [Deliver(frame.t, frame.d, self._point)]

    def _note_progress(self, dispatch_type: str, now: float) -> None:
        if dispatch_type in {"READY", "RESUMED"}:
            self.phase = GatewayPhase.READY
            self._ready_at = now
            self._answer_due = math.inf
            self._failed_resumes = 0
        elif self.phase is GatewayPhase.RESUMING:
            self._answer_due = now + READY_TIMEOUT

    def _take_answer(self, beaten_at: float | None) -> list[Action]:
        """Conclude up to when nothing was missed; what is replayed may come behind the answer to an earlier beat."""
        return [Heard(beaten_at)] if beaten_at is not None and beaten_at > self._ready_at else []

    def _invalidate(self, *, resumable: bool) -> None:
        if not resumable:
            self.forget()
        raise SessionInvalidated

    def _beat(self) -> Send:
        return Send(frames.heartbeat(self._point.sequence if self._point else None))


def _payload(frame: Frame, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(frame.d, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConnectionCut(f"Discord sent a malformed {shape.__name__.upper()}: {error}") from None


def _advanced(point: ResumePoint, sequence: int | None) -> ResumePoint:
    """Move on to a dispatch's sequence; one without a number counts as its predecessor, and 0 is a number."""
    return ResumePoint(point.session_id, point.resume_url, max(point.sequence or 0, sequence or 0))
