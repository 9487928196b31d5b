import json
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.faults import FaultBoard, InvalidSession, NoHeartbeatAck
from mjproxy_simulator.gateway.connection import Connection
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.session import Close, Frame, Output
from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Directory, Profile, derive_account
from mjproxy_simulator.model.seeds import Seed

ALICE, BRUNO = (derive_account(Seed("test"), number, Profile.OF_2026) for number in range(2))


class Gateway:
    """A lobby on a clock of the test's own."""

    def __init__(self, **limits: float) -> None:
        self.time = 0.0
        self.faults = FaultBoard(random.Random(1))
        numbers = iter(range(1000))
        self.lobby = Lobby(
            Directory((ALICE, BRUNO), ()),
            Limits.model_validate({"identify_window": 0.0} | limits),
            self.faults,
            lambda: f"session-{next(numbers)}",
            lambda: self.time,
        )

    def client(self, version: int = 9) -> "Client":
        return Client(self, version)


class Client:
    """What a client sees and sends."""

    def __init__(self, gateway: Gateway, version: int) -> None:
        self.gateway = gateway
        self.outputs: list[Output] = []
        self.connection = Connection(
            gateway.lobby,
            lambda _, session, version: [("READY", {"session_id": session.id, "v": version})],
            lambda _, guild_id, nonce: {"guild_id": str(guild_id), "nonce": nonce},
            self.outputs.append,
            gateway.time,
        )
        self.connection.open(version)

    def send(self, op: int, data: object = None) -> list[dict[str, object]]:
        """Send a frame; return the answers."""
        return self.send_raw(json.dumps({"op": op, "d": data}))

    def send_raw(self, data: str | bytes) -> list[dict[str, object]]:
        before = len(self.outputs)
        self.connection.receive(data, self.gateway.time)
        return [json.loads(each.payload) for each in self.outputs[before:] if isinstance(each, Frame)]

    def identify(self, token: str = ALICE.token) -> list[dict[str, object]]:
        return self.send(2, {"token": token})

    def resume(self, session_id: str, sequence: int, token: str = ALICE.token) -> list[dict[str, object]]:
        return self.send(6, {"token": token, "session_id": session_id, "seq": sequence})

    @property
    def close_code(self) -> int | None:
        return next((each.code for each in self.outputs if isinstance(each, Close)), None)


def kinds(frames: list[dict[str, object]]) -> list[object]:
    return [frame["t"] or frame["op"] for frame in frames]


@pytest.fixture
def client() -> Client:
    return Gateway().client()


def test_connection_begins_with_hello(client: Client) -> None:
    assert isinstance(client.outputs[0], Frame)
    hello = json.loads(client.outputs[0].payload)
    assert (hello["op"], hello["t"], hello["s"], hello["d"]["heartbeat_interval"]) == (10, None, None, 41250)


def test_identify_opens_a_session_with_the_version_asked_for() -> None:
    (ready,) = Gateway().client(version=10).identify()
    assert (ready["t"], ready["s"], ready["d"]) == ("READY", 1, {"session_id": "session-0", "v": 10})


@pytest.mark.parametrize("op", [1, 40])
def test_heartbeat_is_acknowledged_before_and_after_identify(client: Client, op: int) -> None:
    assert kinds(client.send(op)) == [11]
    client.identify()
    assert kinds(client.send(op, 1)) == [11]


@pytest.mark.parametrize("op", [3, 4, 13, 14, 37, 41])
def test_frames_of_user_clients_are_tolerated(client: Client, op: int) -> None:
    client.identify()
    assert client.send(op, {"guild_id": None}) == []
    assert client.close_code is None


def test_members_are_given_when_asked_for(client: Client) -> None:
    client.identify()
    (chunk,) = client.send(8, {"guild_id": str(ALICE.guild_id), "nonce": "n", "query": "", "limit": 0})
    assert (chunk["t"], chunk["d"]) == ("GUILD_MEMBERS_CHUNK", {"guild_id": str(ALICE.guild_id), "nonce": "n"})


def test_version_that_is_not_played_is_refused() -> None:
    assert Gateway().client(version=6).close_code == 4012


@pytest.mark.parametrize(
    ("breach", "code"),
    [
        (lambda client: client.send(3, {}), 4003),
        (lambda client: client.send(8, {"guild_id": "1"}), 4003),
        (lambda client: client.identify("nobody's token"), 4004),
        (lambda client: client.resume("session-0", 0, "nobody's token"), 4004),
        (lambda client: [client.identify(), client.identify()], 4005),
        (lambda client: [client.identify(), client.resume("session-0", 1)], 4005),
        (lambda client: client.send(99), 4001),
        (lambda client: client.send_raw("no json"), 4002),
        (lambda client: client.send_raw("[1]"), 4002),
        (lambda client: client.send_raw(b"\xff\xfe"), 4002),
        (lambda client: client.send(2, None), 4002),
        (lambda client: client.send(2, {"token": "x" * 16_000}), 4002),
        (lambda client: [client.send(1) for _ in range(121)], 4008),
    ],
)
def test_breach_of_protocol_closes_the_connection(
    client: Client, breach: Callable[[Client], object], code: int
) -> None:
    breach(client)
    assert client.close_code == code
    assert client.send(1) == [], "nothing is heard after the close"


def test_frames_within_the_limit_are_taken_when_the_minute_is_over(client: Client) -> None:
    for _ in range(3):
        for _ in range(120):
            client.send(1)
        client.gateway.time += 60
    assert client.close_code is None


def test_silence_ends_the_connection_and_its_session(client: Client) -> None:
    client.identify()
    assert client.connection.deadline == pytest.approx(1.5 * 41.25)
    client.gateway.time = 40.0
    client.send(1)
    assert client.connection.deadline == pytest.approx(40.0 + 1.5 * 41.25)
    client.connection.time_out()
    assert client.close_code == 4009
    assert kinds(client.gateway.client().resume("session-0", 1)) == [9]


def test_identify_is_refused_when_it_comes_too_soon() -> None:
    gateway = Gateway(identify_window=5.0)
    first, second = gateway.client(), gateway.client()
    first.identify()
    (refused,) = second.identify()
    assert (refused["op"], refused["d"]) == (9, False)
    assert kinds(gateway.client().identify(BRUNO.token)) == ["READY"]
    gateway.time = 5.0
    assert kinds(second.identify()) == ["READY"]


@given(told=st.integers(0, 30), cut=st.integers(0, 30))
def test_resume_replays_what_was_missed_and_then_says_so(told: int, cut: int) -> None:
    gateway = Gateway()
    first, second = gateway.client(), gateway.client()
    first.identify()
    for number in range(told):
        if number == cut:
            first.connection.lost(1006, 0.0)
        gateway.lobby.publish(ALICE.user.id, "EVENT", {"number": number})
    heard = 1 + min(cut, told)
    frames = second.resume("session-0", heard)
    assert [frame["s"] for frame in frames] == list(range(heard + 1, told + 3))
    assert kinds(frames) == ["EVENT"] * (told + 1 - heard) + ["RESUMED"]


@pytest.mark.parametrize(("code", "survives"), [(1000, False), (1001, False), (1006, True), (4000, True)])
def test_session_survives_unless_its_client_says_goodbye(client: Client, code: int, survives: bool) -> None:
    client.identify()
    client.connection.lost(code, 0.0)
    assert kinds(client.gateway.client().resume("session-0", 1)) == (["RESUMED"] if survives else [9])


def test_session_is_forgotten_when_its_client_stays_away(client: Client) -> None:
    client.identify()
    client.connection.lost(1006, 0.0)
    client.gateway.time = 300.1
    (answer,) = client.gateway.client().resume("session-0", 1)
    assert (answer["op"], answer["d"]) == (9, False)


def test_session_of_another_user_cannot_be_resumed(client: Client) -> None:
    client.identify()
    assert kinds(client.gateway.client().resume("session-0", 1, BRUNO.token)) == [9]


def test_sequence_from_the_future_is_invalid(client: Client) -> None:
    client.identify()
    second = client.gateway.client()
    second.resume("session-0", 2)
    assert second.close_code == 4007
    assert kinds(client.gateway.client().resume("session-0", 1)) == [9]


def test_resume_is_refused_when_the_buffer_has_lost_events() -> None:
    gateway = Gateway(replay_events=3)
    client = gateway.client()
    client.identify()
    for _ in range(4):
        gateway.lobby.publish(ALICE.user.id, "EVENT", {})
    assert kinds(gateway.client().resume("session-0", 1)) == [9]


def test_identify_works_on_the_socket_whose_resume_was_refused(client: Client) -> None:
    assert kinds(client.resume("no such session", 7)) == [9]
    assert kinds(client.identify()) == ["READY"]


def test_superseded_socket_cannot_end_the_session(client: Client) -> None:
    client.identify()
    newer = client.gateway.client()
    newer.resume("session-0", 1)
    client.connection.lost(1000, 0.0)
    assert kinds(client.gateway.client().resume("session-0", 2)) == ["RESUMED"]


def test_sessions_of_one_user_all_hear_an_event_and_a_whisper_only_one() -> None:
    gateway = Gateway()
    first, second, stranger = gateway.client(), gateway.client(), gateway.client()
    first.identify()
    second.identify()
    stranger.identify(BRUNO.token)
    gateway.lobby.publish(ALICE.user.id, "EVENT", {})
    gateway.lobby.whisper(ALICE.user.id, "session-1", "SECRET", {})
    assert [len(each.outputs) for each in (first, second, stranger)] == [3, 4, 2]


@pytest.mark.parametrize("resumable", [True, False])
def test_resume_is_refused_when_a_fault_says_so(client: Client, resumable: bool) -> None:
    client.identify()
    client.gateway.faults.arm(InvalidSession(name="op9", resumable=resumable), ALICE.user.id)
    second = client.gateway.client()
    (refused,) = second.resume("session-0", 1)
    assert (refused["op"], refused["d"]) == (9, resumable)
    assert kinds(second.resume("session-0", 1)) == (["RESUMED"] if resumable else [9])


def test_heartbeats_stay_unanswered_when_a_fault_says_so(client: Client) -> None:
    client.identify()
    client.gateway.faults.arm(NoHeartbeatAck(name="no_heartbeat_ack", count=2), ALICE.user.id)
    assert [kinds(client.send(1)) for _ in range(3)] == [[], [], [11]]
