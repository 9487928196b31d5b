"""Whole lives of a gateway session, by the thousand in a second: what it makes of connections that end in all ways.

The session is a state machine without I/O; the server, the network and the hand that reconnects are events in virtual
time. Nothing that a session was told may be lost or come twice as long as it can be resumed, and no moment may be taken
to be heard out before all that was told until then has come.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import pytest

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.gateway.close_codes import Verdict, meaning_of
from mjproxy_server.discord.gateway.endings import ConnectionEnded
from mjproxy_server.discord.gateway.frames import Command, Frame, Op
from mjproxy_server.discord.gateway.session import Action, Deliver, Heard, IdentifyWanted, Send, Session
from mjproxy_server.discord.gateway.types import GatewayPhase, ResumePoint
from tests.server.seeded import live
from tests.server.timeline import Timeline

BROWSER = Browser.from_user_agent("UA")
INTERVAL = 41.25
HELLO_WITHIN, READY_WITHIN, LEAST_GAP, MOST_FAILED_RESUMES = 20.0, 60.0, 5.0, 3
ROUNDING = 1e-6
CLOSE_CODES = (1000, 1001, 4000, 4003, 4006, 4007, 4008, 4009, 4900)
NEW_SESSION_CODES = {4003, 4006, 4007, 4009}
NULL = msgspec.Raw(b"null")


def frame(op: int, data: object = None, name: str | None = None, sequence: int | None = None) -> Frame:
    return Frame(op, NULL if data is None else msgspec.Raw(msgspec.json.encode(data)), sequence, name)


HELLO = frame(Op.HELLO, {"heartbeat_interval": INTERVAL * 1000})
ACK = frame(Op.HEARTBEAT_ACK)


@dataclass
class ServerSession:
    """What Discord knows of a session: all that it was ever told, and when."""

    name: str
    told: list[tuple[float, Frame]] = field(default_factory=list)
    alive: bool = True

    def tell(self, name: str, now: float, data: object = None) -> Frame:
        told = frame(Op.DISPATCH, data, name, len(self.told) + 1)
        self.told.append((now, told))
        return told


@dataclass
class Link:
    """A connection, in which everything comes in its order, or nothing comes any more."""

    session: ServerSession | None = None
    arrives_at: float = 0.0
    silent: bool = False
    closed: bool = False


class SessionHistory:
    """One life of a session: some connections, of which the last ones are in fair weather.

    Args:
        seed: What it is made of.
        connections: How many connections end in foul weather.
    """

    def __init__(self, seed: int, connections: int) -> None:
        self.rng = random.Random(seed)
        self.connections = connections
        self.timeline = Timeline()
        self.mishaps = self.rng.choice((0.1, 0.5, 0.9))
        self.slowness, self.silence = self.rng.choice((0.3, 0.3, 6.0)), self.rng.choice((2.0, 10.0))
        self.sessions: dict[str, ServerSession] = {}
        self.received: list[tuple[str, int]] = []
        self.resume: ResumePoint | None = None
        self.link = Link(closed=True)
        self.beaten_at = -math.inf
        self.answer_due = math.inf
        self.failed_resumes = 0
        self.heard_until = -math.inf
        self.session = self._session()

    def live(self) -> None:
        self._connect()
        self._talk()
        self.timeline.run(3600, lambda: self.connections <= 0 and self.session.phase is GatewayPhase.READY)
        assert self.session.phase is GatewayPhase.READY, "it does not come back"
        heard_until, self.mishaps = self.heard_until, 0.0
        self.timeline.run(2 * INTERVAL)
        assert self.heard_until > heard_until, "nothing is heard out"
        assert self.link.session
        self.timeline.run(10)
        self._check_received(self.link.session, self.timeline.now - 10)

    def _session(self) -> Session:
        return Session(token="t", browser=BROWSER, gateway="wss://main", rng=self.rng, resume=self.resume)

    def _chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    @property
    def _foul(self) -> bool:
        return self.connections > 0 and self._chance(self.mishaps)

    # The hand that connects.

    def _connect(self) -> None:
        if self.connections > 0 and self._chance(0.1):
            self._die()
        self.link = Link(silent=self._foul and self._chance(0.3))
        self.beaten_at, self.answer_due = -math.inf, self.timeline.now + HELLO_WITHIN
        self.session.opened(self.timeline.now)
        self._send_down(self.link, HELLO)
        self._plan_wake(self.link)

    def _die(self) -> None:
        """Another process resumes where this one has handed over what it received."""
        self.failed_resumes = 0
        self.session = self._session()

    def _end(self, link: Link, pause: float = 0.0) -> None:
        """A connection has ended, in whatever way."""
        if link.closed:
            return
        link.closed = True
        self.connections -= 1
        resuming = self.session.phase is GatewayPhase.RESUMING
        self.failed_resumes += resuming
        point = self.session.resume_point if self.failed_resumes < MOST_FAILED_RESUMES else None
        self.session.closed()
        assert self.session.resume_point == point, "a session is given up too early, or too late"
        if point is None:
            self.failed_resumes = 0
        self.timeline.after(pause + self.rng.uniform(0.5, 5), self._connect)

    def _close(self, link: Link, code: int) -> None:
        """Discord closes the connection."""
        if link.closed:
            return
        close_code = meaning_of(code)
        assert (close_code.verdict is Verdict.NEW_SESSION) is (code in NEW_SESSION_CODES)
        if close_code.verdict is Verdict.NEW_SESSION:
            self.session.forget()
        self._end(link, close_code.pause)

    # The session's side.

    def _receive(self, link: Link, received: Frame) -> None:
        if link.closed:
            return
        now, phase, point = self.timeline.now, self.session.phase, self.session.resume_point
        try:
            actions = self.session.receive(received, now)
        except ConnectionEnded:
            assert received.op in {Op.RECONNECT, Op.INVALID_SESSION}
            gone = received.op == Op.INVALID_SESSION and bytes(received.d) == b"false"
            assert self.session.resume_point == (None if gone else point)
            self._end(link)
            return
        assert received.op != Op.HEARTBEAT or len(actions) == 1, "Discord's own heartbeat is not answered"
        self._note_progress(received, phase)
        self._perform(link, actions)

    def _note_progress(self, received: Frame, before: GatewayPhase) -> None:
        """Notes until when Discord has to say something more."""
        if self.session.phase is GatewayPhase.READY:
            self.answer_due = math.inf
            self.failed_resumes = self.failed_resumes if before is GatewayPhase.READY else 0
        elif self.session.phase is GatewayPhase.IDENTIFYING and received.op == Op.HELLO:
            self.answer_due = math.inf
        elif self.session.phase is GatewayPhase.RESUMING and received.op in {Op.HELLO, Op.DISPATCH}:
            self.answer_due = self.timeline.now + READY_WITHIN

    def _plan_wake(self, link: Link) -> None:
        if not link.closed and self.session.wake_at < math.inf:
            self.timeline.at(self.session.wake_at, self._wake, link, self.session.wake_at)

    def _wake(self, link: Link, due: float) -> None:
        """Wakes the session, unless it wanted to be woken at another time meanwhile."""
        if link.closed or due != self.session.wake_at:
            return
        assert self.timeline.now <= self.answer_due + ROUNDING, "an answer is awaited for too long"
        try:
            actions = self.session.wake(self.timeline.now)
        except ConnectionEnded:
            assert link.silent, "a good connection is given up"
            self._end(link)
        else:
            assert actions, "it is woken for nothing"
            assert self.timeline.now + ROUNDING >= self.beaten_at + LEAST_GAP, "the heart beats too fast"
            self.beaten_at = self.timeline.now
            self._perform(link, actions)

    def _perform(self, link: Link, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Send(command):
                    self._send_up(link, command)
                case IdentifyWanted():
                    assert self.session.resume_point is None
                    self.timeline.after(self.rng.uniform(0, 6), self._identify, link)
                case Deliver():
                    self._take(action)
                case Heard(until):
                    self._hear(link, until)
        self._plan_wake(link)

    def _identify(self, link: Link) -> None:
        if not link.closed:
            self.answer_due = self.timeline.now + READY_WITHIN
            self._send_up(link, self.session.identify(self.timeline.now))
            self._plan_wake(link)

    def _take(self, delivery: Deliver) -> None:
        assert delivery.point == self.session.resume_point
        self.resume = delivery.point
        self.received.append((delivery.point.session_id, delivery.point.sequence or 0))

    def _hear(self, link: Link, until: float) -> None:
        """It is to be true that all that was told until then has come."""
        assert link.session
        assert until >= self.heard_until
        self.heard_until = until
        self._check_received(link.session, until)

    def _check_received(self, session: ServerSession, until: float) -> None:
        known = [sequence for name, sequence in self.received if name == session.name]
        assert known == list(range(1, len(known) + 1)), "a dispatch is lost, or comes twice"
        assert len(known) >= sum(told_at <= until for told_at, _ in session.told), (
            "not all was heard that is thought to be"
        )

    # Discord's side.

    def _send_up(self, link: Link, command: Command) -> None:
        if not link.silent:
            self.timeline.after(self.rng.uniform(0.01, self.slowness), self._arrive, link, command)

    def _send_down(self, link: Link, *sent: Frame) -> None:
        """Sends frames one behind the other."""
        for each in sent:
            link.arrives_at = max(link.arrives_at, self.timeline.now + self.rng.uniform(0.01, self.slowness))
            if not link.silent:
                self.timeline.at(link.arrives_at, self._receive, link, each)

    def _arrive(self, link: Link, command: Command) -> None:
        if link.closed or self._refuses(link):
            return
        match command.op:
            case Op.HEARTBEAT:
                self._send_down(link, ACK)
            case Op.IDENTIFY:
                self._begin(link)
            case Op.RESUME:
                assert isinstance(command.d, Mapping)
                self._resume(link, str(command.d["session_id"]), command.d["seq"])

    def _refuses(self, link: Link) -> bool:
        """Does something else than what is asked for."""
        if not self._foul:
            return False
        fate = self.rng.randrange(5)
        if fate == 0:
            link.silent = True
        elif fate == 1:
            self._send_down(link, frame(Op.RECONNECT))
        elif fate == 2:
            self._send_down(link, frame(Op.INVALID_SESSION, self._chance(0.5)))
        elif fate == 3:
            self.timeline.after(0.1, self._close, link, self.rng.choice(CLOSE_CODES))
        else:
            self.timeline.after(0.1, self._end, link)
        return True

    def _begin(self, link: Link) -> None:
        for session in self.sessions.values():
            session.alive = False
        name = f"s{len(self.sessions)}"
        session = self.sessions[name] = link.session = ServerSession(name)
        data = {"session_id": name, "resume_gateway_url": "wss://resume"}
        self._send_down(link, session.tell("READY", self.timeline.now, data))

    def _resume(self, link: Link, name: str, sequence: int | None) -> None:
        session = self.sessions[name]
        known = [number for of, number in self.received if of == name]
        assert sequence == known[-1], "it resumes where it is not"
        if not session.alive:
            self._send_down(link, frame(Op.INVALID_SESSION, data=False))
            return
        link.session = session
        missed = [told for _, told in session.told[sequence or 0 :]]
        self._send_down(link, *missed, session.tell("RESUMED", self.timeline.now))

    def _talk(self) -> None:
        """Something happens that the session is told of, whether it is connected or not; and it may end."""
        self.timeline.after(self.rng.expovariate(1 / self.silence), self._talk)
        for session in self.sessions.values():
            if session.alive:
                told = session.tell("MESSAGE_CREATE", self.timeline.now)
                if self.link.session is session and not self.link.closed:
                    self._send_down(self.link, told)
                session.alive = not (self._foul and self._chance(0.1))
        if not self.link.closed and self._chance(0.2):
            self.session.hasten_beat(self.timeline.now)
            self._plan_wake(self.link)
        if self._chance(0.1):
            self._send_down(self.link, frame(Op.HEARTBEAT))


def live_through(seed: int, connections: int) -> None:
    SessionHistory(seed, connections).live()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_nothing_that_a_session_is_told_is_lost_or_comes_twice() -> None:
    live(live_through, count=600, length=6)
