"""What is done to send one task: one decision after the other, as data."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused
from mjproxy_server.discord.rest.types import Taken as Accepted
from mjproxy_server.engine.transmission import (
    INVALID_FORM_BODY,
    MOST_DOUBT,
    MOST_PATIENCE,
    PROOF_OF_ABSENCE,
    UNREACHABLE_PAUSE,
    Actions,
    ForgetCommands,
    GiveUp,
    Heard,
    Listen,
    LookBack,
    Obstacle,
    Pause,
    Send,
    Settle,
    Transmission,
    may_be_sent,
    obstacle,
)
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Cancelled, Sending, Taken
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Mode, Reason

NOW = 1_000.0
TASK = Task(
    id="1",
    account_id="11",
    action=Action.IMAGINE,
    mode=Mode.FAST,
    command=Imagine("a cat"),
    description="",
    submitted_at=0,
)
PRESS = replace(TASK, source=Source("5", 0, "", "x", ""))
SENT = transition(TASK, Sending(1, "77", session_id="s1"))
LOST = InDoubt("the connection was cut")
LIMITED = Refused(429, 0, "You are being rate limited.", retry_after=3.0)
UNREACHABLE = Refused(None, None, "nobody listens")
OUTDATED = Refused(400, INVALID_FORM_BODY, "Invalid Form Body")
FORBIDDEN = Refused(403, 50001, "Missing Access")


def sent(task: Task = TASK, *, interaction_id: str = "") -> Transmission:
    transmission = Transmission(task)
    assert transmission.begin() == [Send()]
    transmission.sending(1, "77", "s1", interaction_id)
    return transmission


def in_doubt(task: Task = TASK, *, interaction_id: str = "") -> Transmission:
    transmission = sent(task, interaction_id=interaction_id)
    assert transmission.answered(LOST, NOW) == [Listen(PROOF_OF_ABSENCE)]
    return transmission


def told(until: float, session_id: str = "s1", seconds: float = PROOF_OF_ABSENCE) -> Heard:
    return Heard(seconds, session_id, until)


def reason(actions: Actions) -> Reason:
    (last,) = actions[-1:]
    assert isinstance(last, GiveUp)
    return last.failure.reason


def test_what_discord_takes_is_done() -> None:
    assert sent().answered(Accepted(), NOW) == [Settle("77", taken=True)]


def test_a_step_names_the_session_that_is_told_of_it() -> None:
    assert Transmission(TASK).sending(1, "77", "s1", "") == Sending(1, "77", "", Mode.FAST, "s1")
    assert Transmission(TASK).sending(1, "77", "s1", "55") == Sending(1, "77", "55", Mode.FAST, "")


@pytest.mark.parametrize(("refused", "pause"), [(LIMITED, 3.0), (UNREACHABLE, UNREACHABLE_PAUSE)])
def test_what_was_not_taken_is_sent_again_after_a_pause(refused: Refused, pause: float) -> None:
    transmission = sent()
    assert transmission.answered(refused, NOW) == [Settle("77", taken=False), Pause(pause)]
    assert transmission.paused(NOW) == [Send()]


@pytest.mark.parametrize("outcome", [LIMITED, UNREACHABLE, LOST])
def test_what_could_not_be_prepared_is_tried_again_and_settles_nothing(outcome: Refused | InDoubt) -> None:
    assert [type(action) for action in sent().not_composed(outcome)] == [Pause]


def test_what_discord_does_not_want_ends_the_task() -> None:
    assert reason(sent().answered(FORBIDDEN, NOW)) is Reason.DISCORD_REFUSED
    assert reason(sent().not_composed(FORBIDDEN)) is Reason.DISCORD_REFUSED


def test_an_outdated_command_is_discovered_anew_once() -> None:
    transmission = sent()
    assert transmission.answered(OUTDATED, NOW) == [Settle("77", taken=False), ForgetCommands(), Pause(0.0)]
    assert transmission.paused(NOW) == [Send()]
    assert reason(transmission.answered(OUTDATED, NOW)) is Reason.DISCORD_REFUSED
    assert reason(sent(PRESS).answered(OUTDATED, NOW)) is Reason.DISCORD_REFUSED


def test_patience_begins_with_the_first_pause_and_ends() -> None:
    transmission = sent()
    for at in (NOW, NOW + MOST_PATIENCE - 1):
        transmission.answered(LIMITED, at)
        assert transmission.paused(at) == [Send()]
    transmission.answered(LIMITED, NOW + MOST_PATIENCE)
    ended = transmission.paused(NOW + MOST_PATIENCE)
    assert reason(ended) is Reason.DISCORD_REFUSED
    assert LIMITED.message in str(ended)


def test_a_sign_of_what_was_in_doubt_is_enough() -> None:
    taken = transition(SENT, Taken(2, "77"))
    for known in (taken, transition(SENT, Cancelled(2)), transition(SENT, Sending(2, "78")), None):
        assert in_doubt().listened(told(NOW + 100), known) == []


def test_what_the_session_has_not_told_of_in_time_was_not_taken() -> None:
    transmission = in_doubt()
    assert transmission.listened(told(NOW + PROOF_OF_ABSENCE - 1), SENT) == [Listen(PROOF_OF_ABSENCE)]
    proved = transmission.listened(told(NOW + PROOF_OF_ABSENCE), SENT)
    assert proved == [Settle("77", taken=False), Pause(0.0)]


@pytest.mark.parametrize("session_id", ["s2", ""])
def test_another_session_proves_nothing(session_id: str) -> None:
    assert in_doubt().listened(told(NOW + 100, session_id), SENT) == [Listen(PROOF_OF_ABSENCE)]


@pytest.mark.parametrize("session_id", ["s1", ""])
def test_of_what_no_session_is_told_silence_proves_nothing(session_id: str) -> None:
    transmission = in_doubt(interaction_id="55")
    assert transmission.listened(told(NOW + 100, session_id), SENT) == [Listen(PROOF_OF_ABSENCE)]


def test_only_the_time_while_it_was_connected_is_a_time_of_doubt() -> None:
    transmission = in_doubt()
    assert transmission.listened(told(NOW, seconds=0.0), SENT) == [Listen(PROOF_OF_ABSENCE)]
    assert transmission.listened(told(NOW, seconds=MOST_DOUBT - 1), SENT) == [Listen(PROOF_OF_ABSENCE)]
    assert transmission.listened(told(NOW, seconds=1.0), SENT) == [LookBack()]
    assert transmission.looked_back(transition(SENT, Taken(2, "77"))) == []
    assert reason(transmission.looked_back(SENT)) is Reason.OUTCOME_UNKNOWN


def test_each_doubt_has_its_own_time() -> None:
    transmission = in_doubt()
    transmission.listened(told(NOW, seconds=MOST_DOUBT - 1), SENT)
    transmission.sending(2, "78", "s1", "")
    transmission.answered(LOST, NOW + 100)
    again = transition(SENT, Sending(2, "78", session_id="s1"))
    assert transmission.listened(told(NOW + PROOF_OF_ABSENCE), again) == [Listen(PROOF_OF_ABSENCE)]


def test_what_an_earlier_process_has_left_in_doubt_is_settled_before_anything_is_sent() -> None:
    transmission = Transmission(SENT)
    assert transmission.take_up(NOW) == [Listen(PROOF_OF_ABSENCE)]
    proved = transmission.listened(told(NOW + PROOF_OF_ABSENCE), SENT)
    assert proved == [Settle("77", taken=False), Pause(0.0)]
    assert transmission.paused(NOW) == [Send()]
    assert Transmission(TASK).take_up(NOW) == [Send()]


def test_what_has_ended_meanwhile_is_not_sent() -> None:
    assert may_be_sent(SENT)
    assert not may_be_sent(transition(SENT, Cancelled(2)))
    assert not may_be_sent(None)


@pytest.mark.parametrize(
    ("outcome", "met"),
    [
        (Accepted(), None),
        (FORBIDDEN, None),
        (LIMITED, Obstacle(3.0, LIMITED.message)),
        (UNREACHABLE, Obstacle(0.0, UNREACHABLE.message)),
        (LOST, Obstacle(0.0, LOST.reason)),
    ],
)
def test_what_an_outcome_tells_of_discord_as_a_whole(outcome: InteractionOutcome, met: Obstacle | None) -> None:
    assert obstacle(outcome) == met
