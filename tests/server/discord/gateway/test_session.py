import math
import random
from collections import deque

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.gateway.endings import (
    ConnectionCut,
    ConnectionEnded,
    ReconnectRequested,
    SessionInvalidated,
    Unanswered,
)
from mjproxy_server.discord.gateway.frames import Command, Frame, Op, decode_frame
from mjproxy_server.discord.gateway.heartbeat import LEAST_GAP
from mjproxy_server.discord.gateway.session import (
    HELLO_TIMEOUT,
    MAX_FAILED_RESUMES,
    READY_TIMEOUT,
    Action,
    Deliver,
    Heard,
    IdentifyWanted,
    Send,
    Session,
)
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, ResumePoint

INTERVAL = 40.0


def frame(op: int, data: object = None, *, name: str | None = None, sequence: int | None = None) -> Frame:
    return Frame(op=op, d=msgspec.Raw(msgspec.json.encode(data)), s=sequence, t=name)


HELLO = frame(Op.HELLO, {"heartbeat_interval": INTERVAL * 1000})
ACK = frame(Op.HEARTBEAT_ACK, {})
POINT = ResumePoint("stored", "wss://resume.example", 41)


def new_session(resume: ResumePoint | None = None) -> Session:
    browser = Browser.from_user_agent("UA")
    return Session(token="t", browser=browser, gateway="wss://main.example", rng=random.Random(1), resume=resume)


def dispatch(sequence: int | None, name: str, data: object = None) -> Frame:
    return frame(Op.DISPATCH, data if data is not None else {}, name=name, sequence=sequence)


def ready(sequence: int | None = 0, session_id: str = "s1", **more: object) -> Frame:
    return dispatch(sequence, "READY", {"session_id": session_id, **more})


def established(sequence: int = 0) -> Session:
    session = new_session()
    session.opened(0.0)
    session.receive(HELLO, 0.0)
    session.identify(0.0)
    session.receive(ready(sequence), 0.0)
    return session


def commands(actions: list[Action]) -> list[Command]:
    return [action.command for action in actions if isinstance(action, Send)]


def delivered(actions: list[Action]) -> list[Dispatch]:
    return [action.dispatch for action in actions if isinstance(action, Deliver)]


def heard(actions: list[Action]) -> list[float]:
    return [action.until for action in actions if isinstance(action, Heard)]


class TestBeginning:
    def test_hello_wants_identify_when_there_is_no_session(self) -> None:
        session = new_session()
        session.opened(0.0)
        (action,) = session.receive(HELLO, 0.0)
        assert isinstance(action, IdentifyWanted)
        assert session.phase is GatewayPhase.IDENTIFYING
        assert session.identify(0.0).op is Op.IDENTIFY

    def test_ready_begins_a_session_even_when_sequences_start_at_zero(self) -> None:
        session = established(sequence=0)
        assert session.phase is GatewayPhase.READY
        assert session.resume_point == ResumePoint("s1", "wss://main.example", 0)

    def test_ready_names_the_resume_url(self) -> None:
        session = established()
        session.receive(ready(1, "s2", resume_gateway_url="wss://resume.example"), 0.0)
        assert session.resume_point == ResumePoint("s2", "wss://resume.example", 1)

    def test_ready_is_delivered_with_its_session(self) -> None:
        session = new_session()
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        (handed,) = delivered(session.receive(ready(3, user={"id": "1"}), 0.0))
        assert (handed.type, handed.sequence, handed.session_id) == ("READY", 3, "s1")
        assert handed.data["user"] == {"id": "1"}
        assert handed.resume_point == session.resume_point

    def test_hello_resumes_when_a_session_was_stored(self) -> None:
        session = new_session(POINT)
        session.opened(0.0)
        (resume,) = commands(session.receive(HELLO, 0.0))
        assert resume == Command(Op.RESUME, {"token": "t", "session_id": "stored", "seq": 41})
        assert session.phase is GatewayPhase.RESUMING

    def test_replay_is_delivered_before_resumed_ends_the_phase(self) -> None:
        session = new_session(POINT)
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        (replayed,) = delivered(session.receive(dispatch(42, "MESSAGE_CREATE", {"id": "1"}), 0.0))
        assert (replayed.sequence, session.phase) == (42, GatewayPhase.RESUMING)
        session.receive(dispatch(43, "RESUMED"), 0.0)
        assert session.phase is GatewayPhase.READY

    @pytest.mark.parametrize("data", [{}, {"session_id": 5}, None, [1]])
    def test_malformed_ready_ends_the_connection(self, data: object) -> None:
        session = new_session()
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        with pytest.raises(ConnectionCut, match="READY"):
            session.receive(frame(Op.DISPATCH, data, name="READY", sequence=1), 0.0)

    @pytest.mark.parametrize("interval", ["soon", 0, -1, None])
    def test_malformed_hello_ends_the_connection(self, interval: object) -> None:
        session = new_session()
        session.opened(0.0)
        with pytest.raises(ConnectionCut, match="HELLO"):
            session.receive(frame(Op.HELLO, {"heartbeat_interval": interval}), 0.0)


class TestDispatches:
    def test_payload_that_is_no_object_is_delivered_empty(self) -> None:
        (handed,) = delivered(established().receive(dispatch(7, "SESSIONS_REPLACE", [{"status": "online"}]), 0.0))
        assert (handed.data, handed.sequence) == ({}, 7)

    @pytest.mark.parametrize("broken", [b'{"a":"\xff"}', b'{"a":1e999}'])
    def test_payload_that_is_broken_is_delivered_empty(self, broken: bytes) -> None:
        message = b'{"op":0,"t":"MESSAGE_CREATE","s":7,"d":' + broken + b"}"
        (handed,) = delivered(established().receive(decode_frame(message), 0.0))
        assert (handed.data, handed.sequence) == ({}, 7)

    def test_dispatch_without_a_number_counts_as_its_predecessor(self) -> None:
        (handed,) = delivered(established(sequence=5).receive(dispatch(None, "TYPING_START"), 0.0))
        assert handed.sequence == 5

    def test_dispatch_outside_of_a_session_is_ignored(self) -> None:
        session = new_session()
        session.opened(0.0)
        assert session.receive(dispatch(1, "MESSAGE_CREATE"), 0.0) == []

    def test_second_hello_is_ignored(self) -> None:
        session = established()
        assert session.receive(HELLO, 0.0) == []
        assert session.phase is GatewayPhase.READY

    def test_unknown_opcode_is_ignored(self) -> None:
        assert established().receive(frame(99, {"x": 1}), 0.0) == []


class TestHeartbeat:
    def test_first_beat_comes_within_one_interval(self) -> None:
        session = established()
        assert 0.0 <= session.wake_at < INTERVAL
        (beat,) = commands(session.wake(session.wake_at))
        assert beat == Command(Op.HEARTBEAT, 0)

    def test_next_beat_comes_one_interval_later(self) -> None:
        session = established()
        first = session.wake_at
        session.wake(first)
        assert session.wake_at == first + INTERVAL

    def test_nothing_is_sent_when_woken_early(self) -> None:
        session = established()
        assert session.wake(session.wake_at - 0.001) == []

    def test_unanswered_beat_ends_the_connection_at_the_next(self) -> None:
        session = established()
        session.wake(session.wake_at)
        with pytest.raises(Unanswered, match="heartbeat"):
            session.wake(session.wake_at)

    def test_answered_beat_is_followed_by_the_next(self) -> None:
        session = established()
        session.wake(session.wake_at)
        session.receive(ACK, session.wake_at)
        assert commands(session.wake(session.wake_at)) == [Command(Op.HEARTBEAT, 0)]

    def test_server_that_asks_for_a_beat_gets_one_at_once_and_the_schedule_stays(self) -> None:
        session = established(sequence=3)
        due = session.wake_at
        assert commands(session.receive(frame(Op.HEARTBEAT), 1.0)) == [Command(Op.HEARTBEAT, 3)]
        assert session.wake_at == due

    def test_new_connection_begins_with_a_new_heart(self) -> None:
        session = established()
        session.wake(session.wake_at)
        session.closed()
        session.opened(100.0)
        assert session.wake_at == 100.0 + HELLO_TIMEOUT, "nothing beats before HELLO"
        session.receive(HELLO, 100.0)
        assert commands(session.wake(session.wake_at)) == [Command(Op.HEARTBEAT, 0)]


class TestWhatWasHeard:
    def test_answer_tells_that_all_was_heard_until_its_beat_went_out(self) -> None:
        session = established()
        beaten_at = session.wake_at
        session.wake(beaten_at)
        assert heard(session.receive(ACK, beaten_at + 0.1)) == [beaten_at]

    def test_answer_to_no_beat_tells_nothing(self) -> None:
        assert established().receive(ACK, 1.0) == []

    def test_answers_come_in_the_order_of_the_beats(self) -> None:
        session = established()
        beaten_at = session.wake_at
        session.receive(frame(Op.HEARTBEAT), beaten_at - 0.1)
        session.wake(beaten_at)
        assert heard(session.receive(ACK, beaten_at)) == [beaten_at - 0.1]
        assert heard(session.receive(ACK, beaten_at)) == [beaten_at]

    @pytest.mark.parametrize("answered_at", ["before", "after"])
    def test_answer_to_a_beat_before_resumed_tells_nothing_since_the_replay_may_come_later(
        self, answered_at: str
    ) -> None:
        session = new_session(POINT)
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        session.wake(INTERVAL)
        frames = [ACK, dispatch(42, "RESUMED")]
        for frame in frames if answered_at == "before" else reversed(frames):
            assert heard(session.receive(frame, INTERVAL)) == []

    def test_answer_tells_nothing_of_the_connection_before(self) -> None:
        session = established()
        session.wake(session.wake_at)
        session.closed()
        session.opened(100.0)
        session.receive(HELLO, 100.0)
        session.receive(dispatch(1, "RESUMED"), 100.0)
        assert heard(session.receive(ACK, 100.0)) == []

    def test_hastened_beat_is_due_at_once_and_the_schedule_goes_on_from_there(self) -> None:
        session = established()
        session.wake(session.wake_at)
        session.receive(ACK, INTERVAL)
        session.hasten_beat(INTERVAL + 1)
        assert session.wake_at == INTERVAL + 1
        assert len(commands(session.wake(INTERVAL + 1))) == 1
        assert session.wake_at == INTERVAL + 1 + INTERVAL

    def test_beat_is_not_hastened_while_one_is_to_be_answered(self) -> None:
        session = established()
        session.wake(session.wake_at)
        due = session.wake_at
        session.hasten_beat(due - INTERVAL / 2)
        assert session.wake_at == due

    def test_beats_keep_a_distance_however_often_they_are_hastened(self) -> None:
        session = established()
        beaten_at = session.wake_at
        session.wake(beaten_at)
        session.receive(ACK, beaten_at)
        session.hasten_beat(beaten_at)
        assert session.wake_at == beaten_at + LEAST_GAP

    def test_no_beat_is_hastened_before_the_session_is_ready(self) -> None:
        session = new_session(POINT)
        session.opened(0.0)
        session.hasten_beat(0.0)
        assert session.wake_at == HELLO_TIMEOUT
        session.receive(HELLO, 0.0)
        due = session.wake_at
        session.hasten_beat(0.0)
        assert session.wake_at == due > 0.0


class TestSilence:
    def test_connection_ends_when_hello_does_not_come(self) -> None:
        session = new_session()
        session.opened(10.0)
        assert session.wake_at == 10.0 + HELLO_TIMEOUT
        with pytest.raises(Unanswered, match="connecting"):
            session.wake(session.wake_at)

    def test_waiting_for_a_turn_to_identify_has_no_limit(self) -> None:
        session = new_session()
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        assert commands(session.wake(INTERVAL)) == [Command(Op.HEARTBEAT, None)]

    def test_connection_ends_when_identify_is_not_answered(self) -> None:
        session = new_session()
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        session.identify(100.0)
        with pytest.raises(Unanswered, match="identifying"):
            session.wake(100.0 + READY_TIMEOUT)

    @pytest.mark.parametrize("resume", [None, POINT])
    def test_nothing_is_awaited_once_the_session_is_ready(self, resume: ResumePoint | None) -> None:
        session = new_session(resume)
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        if resume is None:
            session.identify(0.0)
        session.receive(dispatch(42, "RESUMED") if resume else ready(), 0.0)
        assert len(commands(session.wake(READY_TIMEOUT + INTERVAL))) == 1

    def test_each_replayed_dispatch_gives_resume_more_time(self) -> None:
        session = new_session(POINT)
        session.opened(0.0)
        session.receive(HELLO, 0.0)
        session.receive(dispatch(42, "MESSAGE_CREATE"), 50.0)
        session.wake(READY_TIMEOUT)
        session.receive(ACK, READY_TIMEOUT)
        with pytest.raises(Unanswered, match="resuming"):
            session.wake(50.0 + READY_TIMEOUT)


class TestRefusal:
    def test_reconnect_keeps_the_session(self) -> None:
        session = established()
        with pytest.raises(ReconnectRequested):
            session.receive(frame(Op.RECONNECT), 0.0)
        assert session.resume_point is not None

    @pytest.mark.parametrize(("data", "is_kept"), [(True, True), (False, False), (None, False)])
    def test_invalid_session_is_kept_only_when_discord_says_so(self, data: object, is_kept: bool) -> None:
        session = established()
        with pytest.raises(SessionInvalidated):
            session.receive(frame(Op.INVALID_SESSION, data), 0.0)
        assert (session.resume_point is not None) is is_kept

    def test_session_is_given_up_after_several_resumes_without_an_answer(self) -> None:
        session = new_session(POINT)
        for _ in range(MAX_FAILED_RESUMES):
            assert session.session_id == "stored"
            session.opened(0.0)
            session.receive(HELLO, 0.0)
            session.closed()
        assert session.session_id is None

    def test_connections_without_hello_do_not_count_against_the_session(self) -> None:
        session = new_session(POINT)
        for _ in range(MAX_FAILED_RESUMES + 1):
            session.opened(0.0)
            session.closed()
        assert session.session_id == "stored"

    def test_resume_that_worked_clears_the_count(self) -> None:
        session = new_session(POINT)
        for frame in [ACK, dispatch(42, "RESUMED")] * MAX_FAILED_RESUMES:
            session.opened(0.0)
            session.receive(HELLO, 0.0)
            session.receive(frame, 0.0)
            session.closed()
        assert session.session_id == "stored"


class AnyServer(RuleBasedStateMachine):
    """Whatever a server sends and whenever it drops us, the session asks for just what it has not delivered yet."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.session = new_session()
        self.delivered: list[Dispatch] = []
        self.unanswered_beats = 0
        self.beaten_at: deque[float] = deque()
        self.ready_at = math.inf
        self.sessions = 0

    def take(self, actions: list[Action]) -> None:
        self.delivered += delivered(actions)
        for command in commands(actions):
            if command.op is Op.HEARTBEAT:
                assert command.d == self.last_sequence()
                self.beaten_at.append(self.now)
        if any(each.type in {"READY", "RESUMED"} for each in delivered(actions)):
            self.ready_at = self.now

    def last_sequence(self) -> int | None:
        if self.session.session_id is None:
            return None
        return next((d.sequence for d in reversed(self.delivered) if d.session_id == self.session.session_id), None)

    def receive(self, frame: Frame) -> None:
        try:
            self.take(self.session.receive(frame, self.now))
        except ConnectionEnded:
            self.connect()

    @initialize()
    def connect(self) -> None:
        self.session.closed()
        expected = self.last_sequence()
        self.session.opened(self.now)
        self.unanswered_beats = 0
        self.beaten_at.clear()
        self.ready_at = math.inf
        actions = self.session.receive(HELLO, self.now)
        for command in commands(actions):
            assert command.op is Op.RESUME
            assert command.d == {"token": "t", "session_id": self.session.session_id, "seq": expected}
        assert bool(commands(actions)) is (self.session.session_id is not None)

    @rule()
    def cut(self) -> None:
        self.connect()

    @rule(sequence=st.integers(0, 5) | st.none())
    @precondition(lambda self: self.session.phase is GatewayPhase.IDENTIFYING)
    def begin_session(self, sequence: int | None) -> None:
        self.sessions += 1
        self.receive(ready(sequence, f"s{self.sessions}"))

    @rule(sequence=st.integers(0, 20) | st.none(), name=st.sampled_from(["MESSAGE_CREATE", "RESUMED", "X"]))
    def send_dispatch(self, sequence: int | None, name: str) -> None:
        self.receive(dispatch(sequence, name))

    @rule(op=st.sampled_from([Op.HEARTBEAT, Op.RECONNECT, Op.HELLO, 99]))
    def send_control(self, op: int) -> None:
        self.receive(Frame(op=op, d=HELLO.d))

    @rule(resumable=st.booleans())
    def invalidate(self, resumable: bool) -> None:
        self.receive(frame(Op.INVALID_SESSION, resumable))

    @rule()
    def acknowledge(self) -> None:
        """What is heard is what the oldest beat can tell, and only if it went out in the midst of a session."""
        self.unanswered_beats = 0
        actions = self.session.receive(ACK, self.now)
        beaten_at = self.beaten_at.popleft() if self.beaten_at else -math.inf
        assert actions == ([Heard(beaten_at)] if beaten_at > self.ready_at else [])

    @rule()
    def hasten(self) -> None:
        self.session.hasten_beat(self.now)

    @rule(seconds=st.floats(0, 2 * INTERVAL))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds
        try:
            actions = self.session.wake(self.now)
        except Unanswered:
            self.connect()
        else:
            self.unanswered_beats += len(commands(actions))
            self.take(actions)

    @invariant()
    def at_most_one_beat_is_unanswered(self) -> None:
        assert self.unanswered_beats <= 1

    @invariant()
    def sequences_never_fall_within_a_session(self) -> None:
        for session_id in {d.session_id for d in self.delivered}:
            sequences = [d.sequence for d in self.delivered if d.session_id == session_id]
            assert sequences == sorted(sequences)

    @invariant()
    def the_session_wants_to_be_woken_at_some_time(self) -> None:
        assert self.session.wake_at < float("inf")


TestAnyServer = AnyServer.TestCase


@given(st.integers())
def test_first_beat_is_spread_over_the_interval(seed: int) -> None:
    session = Session(
        token="t", browser=Browser.from_user_agent("UA"), gateway="wss://main.example", rng=random.Random(seed)
    )
    session.opened(0.0)
    session.receive(HELLO, 0.0)
    assert 0.0 <= session.wake_at <= INTERVAL
