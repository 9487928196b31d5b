from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.faults import CloseOnIdentify, InvalidSession, NoHeartbeatAck
from mjproxy_simulator.gateway.session import CompressFrames, Frame
from tests.simulator.gateway_clients import ALICE, BRUNO, Client, Gateway, kinds


@pytest.fixture
def client() -> Client:
    return Gateway().client()


def test_connection_begins_with_hello(client: Client) -> None:
    (hello,) = client.frames()
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
        (lambda client: client.send(8), 4003),
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


def test_socket_that_is_half_open_says_and_hears_nothing_and_its_session_can_be_resumed(client: Client) -> None:
    client.identify()
    client.gateway.lobby.freeze(ALICE.user.id)
    client.gateway.lobby.publish(ALICE.user.id, "EVENT", {})
    assert client.send(1) == client.send(99) == []
    client.connection.time_out()
    client.connection.lost(1000, 0.0)
    assert client.close_code is None
    assert kinds(client.gateway.client().resume("session-0", 1)) == ["EVENT", "RESUMED"]


@pytest.mark.parametrize("resumable", [True, False])
def test_session_is_invalidated_on_the_open_socket(client: Client, resumable: bool) -> None:
    client.identify()
    client.gateway.lobby.invalidate(ALICE.user.id, resumable=resumable)
    (told,) = [frame for frame in client.frames() if frame["op"] == 9]
    assert told["d"] is resumable
    if resumable:
        assert client.identify() == []
        assert client.close_code == 4005
    else:
        assert kinds(client.identify()) == ["READY"]


def test_client_is_asked_for_a_heartbeat(client: Client) -> None:
    client.identify()
    client.gateway.lobby.ask_for_heartbeat(ALICE.user.id)
    assert kinds(client.frames()[-1:]) == [1]


def test_identify_is_answered_by_op_9_when_a_fault_says_so(client: Client) -> None:
    fault = InvalidSession(name="op9", answers="identify")
    client.gateway.faults.arm(fault, ALICE.user.id)
    assert kinds(client.resume("no such session", 0)) == [9]
    assert client.gateway.faults.armed(), "it waits for an IDENTIFY"
    assert [kinds(client.identify()) for _ in range(2)] == [[9], ["READY"]]


def test_identify_is_answered_by_a_close_code_when_a_fault_says_so(client: Client) -> None:
    client.gateway.faults.arm(CloseOnIdentify(name="close_on_identify", code=4014), ALICE.user.id)
    client.identify()
    assert client.close_code == 4014


@pytest.mark.parametrize(
    ("claim", "code"), [({"shard": [1, 2]}, 4010), ({"intents": -1}, 4013), ({"shard": [0, 1], "intents": 513}, None)]
)
def test_identify_of_a_bot_is_refused_when_it_is_wrong(client: Client, claim: dict[str, object], code: int) -> None:
    client.send(2, {"token": ALICE.token} | claim)
    assert client.close_code == code


def test_frames_are_compressed_one_by_one_when_the_client_wants_it(client: Client) -> None:
    client.send(2, {"token": ALICE.token, "compress": True})
    places = [type(output) for output in client.outputs]
    assert places == [Frame, CompressFrames, Frame]


@pytest.mark.parametrize(("strict", "heard"), [(True, 1), (False, 2)])
def test_whisper_to_a_session_that_is_gone_reaches_nobody_or_everybody(strict: bool, heard: int) -> None:
    gateway = Gateway(strict_sessions=strict)
    client = gateway.client()
    client.identify()
    gateway.lobby.whisper(ALICE.user.id, "no such session", "SECRET", {})
    assert len(client.frames()) == 1 + heard
