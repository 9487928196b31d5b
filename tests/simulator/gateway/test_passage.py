import pytest

from mjproxy_simulator.faults import (
    Armed,
    DelayDispatch,
    DropDispatch,
    DuplicateDispatch,
    GatewayLatency,
    LoseWhileAway,
    ReorderDispatch,
)
from mjproxy_simulator.gateway.session import Late, Place
from tests.simulator.gateway_clients import ALICE, Client, Gateway, kinds


@pytest.fixture
def client() -> Client:
    client = Gateway().client()
    client.identify()
    return client


def tell(client: Client, *events: str) -> None:
    for event in events:
        client.gateway.lobby.publish(ALICE.user.id, event, {})


def test_dropped_event_has_its_number_and_can_be_replayed(client: Client) -> None:
    client.gateway.faults.arm(DropDispatch(name="drop_dispatch", event="B"), None)
    tell(client, "A", "B", "C")
    assert [(frame["t"], frame["s"]) for frame in client.frames()[1:]] == [("READY", 1), ("A", 2), ("C", 4)]
    assert kinds(client.gateway.client().resume("session-0", 2)) == ["B", "C", "RESUMED"]


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (DelayDispatch(name="delay_dispatch", seconds=3), Place.OVERTAKEN),
        (ReorderDispatch(name="reorder_dispatch", seconds=3), Place.BEHIND_NEXT),
        (GatewayLatency(name="gateway_latency", seconds=3), Place.IN_LINE),
    ],
)
def test_late_event_says_how_late_and_where_it_stands(client: Client, fault: Armed, place: Place) -> None:
    client.gateway.faults.arm(fault, ALICE.user.id)
    tell(client, "A", "B")
    (late,) = [output for output in client.outputs if isinstance(output, Late)]
    assert (late.place, late.seconds, b'"A"' in late.frame.payload) == (place, 3, True)
    assert kinds(client.frames())[-1] == "B"


def test_faults_of_one_event_compose(client: Client) -> None:
    client.gateway.faults.arm(DuplicateDispatch(name="duplicate_dispatch"), None)
    client.gateway.faults.arm(DropDispatch(name="drop_dispatch"), None)
    tell(client, "A")
    assert [(frame["t"], frame["s"]) for frame in client.frames()[2:]] == [("A", 3)]


def test_event_is_lost_for_good_only_while_its_client_is_away(client: Client) -> None:
    client.gateway.faults.arm(LoseWhileAway(name="lose_while_away", event="RESULT", count=None), None)
    tell(client, "RESULT")
    client.connection.lost(1006, 0.0)
    tell(client, "RESULT", "OTHER")
    frames = client.gateway.client().resume("session-0", 2)
    assert [(frame["t"], frame["s"]) for frame in frames] == [("OTHER", 3), ("RESUMED", 4)]
