"""All sessions: who may open one, which are alive, and whom an event reaches."""

import logging
from collections import defaultdict
from collections.abc import Callable

import orjson

from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.faults import FaultBoard, InvalidSession
from mjproxy_simulator.gateway.codes import ENDS_SESSION, Op
from mjproxy_simulator.gateway.passage import Passage
from mjproxy_simulator.gateway.session import Close, Cut, Frame, Freeze, Output, Session
from mjproxy_simulator.limits import Limits, Window
from mjproxy_simulator.model.accounts import Account, Directory

_logger = logging.getLogger(__name__)


class Lobby:
    """The sessions of all users.

    Args:
        directory: Knows the tokens.
        limits: How often a user may identify, and how long a session waits for its client.
        faults: What is made to go wrong.
        new_session_id: Makes the ids of sessions.
        now: A clock that never goes back, in seconds.
    """

    def __init__(
        self,
        directory: Directory,
        limits: Limits,
        faults: FaultBoard,
        new_session_id: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self.limits = limits
        self.faults = faults
        self._directory = directory
        self._new_session_id = new_session_id
        self._now = now
        self._passage = Passage(faults)
        self._sessions: defaultdict[int, dict[str, Session]] = defaultdict(dict)
        self._identifies: dict[int, Window] = {}

    def account(self, token: str) -> Account | None:
        """Return the account that a token opens."""
        return self._directory.by_token(token)

    def identify(self, account: Account) -> Session | None:
        """Open a session; None when the user did so too recently."""
        window = self._identifies.setdefault(account.user.id, Window(1, self.limits.identify_window))
        if not window.spend(self._now()):
            return None
        limits = self.limits
        session = Session(self._new_session_id(), account.user.id, limits.replay_events, limits.replay_bytes)
        self._sessions[account.user.id][session.id] = session
        _logger.info("%s opened a session", account.user.username)
        return session

    def resumable(self, account: Account, session_id: str) -> Session | None:
        """Return a user's session, if it is alive."""
        return next((session for session in self._alive(account.user.id) if session.id == session_id), None)

    def refusal(self, session: Session) -> InvalidSession | None:
        """Return the fault that keeps a session from being resumed; it may be the end of the session."""
        fault = self.faults.take(InvalidSession, session.user_id, lambda fault: fault.answers == "resume")
        if fault is not None and not fault.resumable:
            self.end(session)
        return fault

    def is_alive(self, session: Session) -> bool:
        """Return whether a session has not ended."""
        return session.id in self._sessions[session.user_id]

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._sessions[session.user_id].pop(session.id, None)

    def publish(self, user_id: int, event: str, data: Json) -> None:
        """Tell an event to every session of a user."""
        encoded = orjson.Fragment(orjson.dumps(data))
        for session in self._alive(user_id):
            self._passage.dispatch(session, event, encoded)

    def whisper(self, user_id: int, session_id: str | None, event: str, data: Json) -> None:
        """Tell an event to one session of a user; to none or all if it is not alive, as the limits say."""
        alive = self._alive(user_id)
        addressed = tuple(session for session in alive if session.id == session_id)
        for session in addressed or (() if self.limits.strict_sessions else alive):
            self._passage.dispatch(session, event, orjson.Fragment(orjson.dumps(data)))

    def ask_to_reconnect(self, user_id: int) -> None:
        """Ask the clients of a user to reconnect and resume."""
        self._emit(user_id, Frame.of(Op.RECONNECT, None))

    def ask_for_heartbeat(self, user_id: int) -> None:
        """Ask the clients of a user for a heartbeat at once."""
        self._emit(user_id, Frame.of(Op.HEARTBEAT, None))

    def invalidate(self, user_id: int, *, resumable: bool) -> None:
        """Tell the clients of a user that their sessions are invalid; unless `resumable` they are gone."""
        self._emit(user_id, Frame.of(Op.INVALID_SESSION, resumable))
        if not resumable:
            self._end_all(user_id)

    def freeze(self, user_id: int) -> None:
        """Leave the sockets of a user open, and neither send nor hear anything on them from now on."""
        self._emit(user_id, Freeze())

    def close(self, user_id: int, code: int) -> None:
        """Close the sockets of a user with a code, which may end their sessions."""
        self._emit(user_id, Close(code, "Closed on request"))
        if code in ENDS_SESSION:
            self._end_all(user_id)

    def cut(self, user_id: int) -> None:
        """Cut the sockets of a user without a close frame."""
        self._emit(user_id, Cut())

    def sessions(self) -> tuple[Session, ...]:
        """Return all sessions that are alive."""
        return tuple(session for user_id in tuple(self._sessions) for session in self._alive(user_id))

    def _end_all(self, user_id: int) -> None:
        for session in self._alive(user_id):
            self.end(session)

    def _emit(self, user_id: int, output: Output) -> None:
        for session in self._alive(user_id):
            session.emit(output)

    def _alive(self, user_id: int) -> tuple[Session, ...]:
        """Return a user's sessions, without those whose client has been away for too long."""
        oldest = self._now() - self.limits.resume_window
        for session in tuple(self._sessions[user_id].values()):
            if session.detached_at is not None and session.detached_at < oldest:
                self.end(session)
        return tuple(self._sessions[user_id].values())
