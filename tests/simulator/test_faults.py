import random

import pytest

from mjproxy_simulator.faults import BotSilent, DuplicateDispatch, FaultBoard, NoHeartbeatAck

ALICE, BRUNO = 1, 2


@pytest.fixture
def board() -> FaultBoard:
    return FaultBoard(random.Random(1))


def test_fault_hits_as_often_as_it_says(board: FaultBoard) -> None:
    board.arm(BotSilent(name="bot_silent", count=2), None)
    assert [board.take(BotSilent, ALICE) is not None for _ in range(3)] == [True, True, False]
    assert board.armed() == ()


def test_fault_without_count_hits_until_it_is_taken_down(board: FaultBoard) -> None:
    posted = board.arm(BotSilent(name="bot_silent", count=None), None)
    assert all(board.take(BotSilent, ALICE) for _ in range(10))
    assert board.disarm(posted.id)
    assert not board.disarm(posted.id)
    assert board.take(BotSilent, ALICE) is None


def test_fault_hits_only_whom_it_is_meant_for(board: FaultBoard) -> None:
    board.arm(BotSilent(name="bot_silent"), ALICE)
    assert board.take(BotSilent, BRUNO) is None
    assert board.take(NoHeartbeatAck, ALICE) is None
    assert board.take(BotSilent, ALICE) is not None


def test_fault_hits_about_as_often_as_is_likely(board: FaultBoard) -> None:
    board.arm(BotSilent(name="bot_silent", count=None, probability=0.25), None)
    hits = sum(board.take(BotSilent, ALICE) is not None for _ in range(1000))
    assert 200 < hits < 300


def test_faults_of_one_name_are_taken_in_the_order_of_their_posting(board: FaultBoard) -> None:
    board.arm(DuplicateDispatch(name="duplicate_dispatch", event="A"), None)
    board.arm(DuplicateDispatch(name="duplicate_dispatch", event="B"), None)
    board.arm(DuplicateDispatch(name="duplicate_dispatch"), None)

    def taken(event: str) -> str | None:
        fault = board.take(DuplicateDispatch, ALICE, lambda fault: fault.event in {None, event})
        return "none" if fault is None else fault.event

    assert [taken("B"), taken("B"), taken("B"), taken("A")] == ["B", None, "none", "A"]
