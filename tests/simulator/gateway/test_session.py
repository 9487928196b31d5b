import json

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.gateway.session import Close, Frame, Output, Session

MUCH = 10**6  # Bytes that no session of these tests tells.


def sequences(outputs: list[Output]) -> list[int]:
    return [json.loads(output.payload)["s"] for output in outputs if isinstance(output, Frame)]


@given(told=st.integers(0, 60), seen=st.integers(0, 60), kept=st.integers(0, 60))
def test_replay_is_exactly_what_was_missed_or_refused(told: int, seen: int, kept: int) -> None:
    session = Session("s", 1, kept, MUCH)
    heard: list[Output] = []
    session.attach(heard.append)
    for number in range(told):
        session.dispatch("EVENT", {"number": number})
    seen = min(seen, told)
    missed = session.missed_since(seen)
    if told - seen <= kept:
        assert missed == heard[seen:]
    else:
        assert missed is None


@given(sizes=st.lists(st.integers(0, 200)), kept=st.integers(0, 2000))
def test_replay_is_what_fits_into_the_buffer_and_no_less(sizes: list[int], kept: int) -> None:
    session = Session("s", 1, 1000, kept)
    frames = [session.record("EVENT", {"text": "x" * size}) for size in sizes]
    fitting = len(frames)
    while sum(len(frame.payload) for frame in frames[len(frames) - fitting :]) > kept:
        fitting -= 1
    assert session.kept_events == fitting
    for missed in range(len(frames) + 1):
        expected = frames[len(frames) - missed :] if missed <= fitting else None
        assert session.missed_since(len(frames) - missed) == expected


@given(cuts=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=8))
def test_client_that_resumes_after_each_cut_hears_every_event_once(cuts: list[tuple[int, int]]) -> None:
    session = Session("s", 1, 1000, MUCH)
    heard: list[int] = []
    for attached, detached in cuts:
        outlet: list[Output] = []
        put = outlet.append
        replayed = session.missed_since(heard[-1] if heard else 0)
        assert replayed is not None
        heard += sequences([*replayed])
        session.attach(put)
        for _ in range(attached):
            session.dispatch("EVENT", {})
        heard += sequences(outlet)
        session.detach(put, 0.0)
        for _ in range(detached):
            session.dispatch("EVENT", {})
    assert heard == list(range(1, len(heard) + 1))
    assert session.sequence - len(heard) == (cuts[-1][1] if cuts else 0)


def test_older_socket_is_closed_when_another_one_attaches() -> None:
    session = Session("s", 1, 10, MUCH)
    older: list[Output] = []
    newer: list[Output] = []
    put_older, put_newer = older.append, newer.append
    session.attach(put_older)
    session.attach(put_newer)
    session.dispatch("EVENT", {})
    assert [output.code for output in older if isinstance(output, Close)] == [4000]
    assert sequences(newer) == [1]
    assert not session.detach(put_older, 0.0)
    assert session.detach(put_newer, 0.0)
