"""What can happen to an event on its way to a session: faults lose, double, delay and reorder it."""

from typing import Final, TypeVar

import orjson

from mjproxy_simulator.faults import (
    DelayDispatch,
    DispatchFault,
    DropDispatch,
    DuplicateDispatch,
    FaultBoard,
    GatewayLatency,
    LoseWhileAway,
    ReorderDispatch,
)
from mjproxy_simulator.gateway.session import Frame, Late, Place, Session

_F = TypeVar("_F", bound=DispatchFault)
_LATENESS: Final[tuple[tuple[type[DelayDispatch | ReorderDispatch | GatewayLatency], Place], ...]] = (
    (DelayDispatch, Place.OVERTAKEN),
    (ReorderDispatch, Place.BEHIND_NEXT),
    (GatewayLatency, Place.IN_LINE),
)


class Passage:
    """Dispatches events, as faithfully as the faults allow."""

    def __init__(self, faults: FaultBoard) -> None:
        self._faults = faults

    def dispatch(self, session: Session, event: str, data: orjson.Fragment) -> None:
        """Tell a session an event."""
        if self._faults.bare:  # As it mostly is, and every event comes by.
            session.dispatch(event, data)
            return
        if not session.attached and self._struck(LoseWhileAway, session, event):
            return
        for _ in range(2 if self._struck(DuplicateDispatch, session, event) else 1):
            self._send(session, event, session.record(event, data))

    def _send(self, session: Session, event: str, frame: Frame) -> None:
        if self._struck(DropDispatch, session, event):
            return
        for kind, place in _LATENESS:
            if fault := self._struck(kind, session, event):
                session.emit(Late(frame, fault.seconds, place))
                return
        session.emit(frame)

    def _struck(self, kind: type[_F], session: Session, event: str) -> _F | None:
        return self._faults.take(kind, session.user_id, lambda fault: fault.fits(event))
