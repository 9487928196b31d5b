"""One gateway connection as a state machine: frames of the client go in, frames and closes come out.

There is no socket, no task and no clock in here. Source of the rules:
https://discord.com/developers/docs/events/gateway and https://docs.discord.food/gateway/using-gateway.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.faults import CloseOnIdentify, InvalidSession, NoHeartbeatAck
from mjproxy_simulator.gateway.codes import CLOSED_BY_CLIENT, ENDS_SESSION, HEARTBEATS, TOLERATED, CloseCode, Op
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.session import Close, CompressFrames, Frame, Freeze, Outlet, Output, Session
from mjproxy_simulator.limits import Window
from mjproxy_simulator.model.accounts import Account

Greeting = Callable[[Account, Session, int], Iterable[tuple[str, Json]]]


_M = TypeVar("_M", bound=BaseModel)


class _Payload(BaseModel):
    op: int
    d: object = None


class _Identify(BaseModel):
    token: str
    compress: bool = False
    shard: tuple[int, int] | None = None
    intents: int | None = None


class _Resume(BaseModel):
    token: str
    session_id: str
    seq: int


class _RequestMembers(BaseModel):
    guild_id: int | list[int]
    nonce: str | None = None


_PAYLOAD: Final = TypeAdapter(_Payload)


class _Violation(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """The server's side of one connection.

    Args:
        lobby: Opens and finds sessions.
        greeting: Gives the events that a new session begins with.
        members: Answers REQUEST_GUILD_MEMBERS.
        outlet: Takes what is to be sent, in order.
        now: The time at which the connection was made, in seconds.
    """

    def __init__(
        self,
        lobby: Lobby,
        greeting: Greeting,
        members: Callable[[Account, int, str | None], Json | None],
        outlet: Outlet,
        now: float,
    ) -> None:
        self._lobby = lobby
        self._greeting = greeting
        self._members = members
        self._outlet = outlet
        self._frames = Window(lobby.limits.frames_per_minute, 60.0)
        self._last_heartbeat = now
        self._account: Account | None = None
        self._session: Session | None = None
        self._version = 0
        self._closed = False
        self._frozen = False

    @property
    def user_id(self) -> int:
        """Whose connection it is; 0 until somebody has identified."""
        return 0 if self._session is None else self._session.user_id

    @property
    def deadline(self) -> float:
        """When the connection times out unless a heartbeat comes."""
        limits = self._lobby.limits
        return self._last_heartbeat + limits.heartbeat_interval * limits.patience

    def open(self, version: int) -> None:
        """Say HELLO, or refuse a version of the API that is not played."""
        self._version = version
        if version not in {9, 10}:
            self._close(CloseCode.INVALID_API_VERSION, "Invalid API version")
            return
        interval = round(self._lobby.limits.heartbeat_interval * 1000)
        self._send(Op.HELLO, {"heartbeat_interval": interval, "_trace": ['["gateway-simulated",{"micros":0.0}]']})

    def receive(self, data: str | bytes, now: float) -> None:
        """Take a frame of the client."""
        if self._closed or self._frozen:
            return
        try:
            self._handle(self._decode(data, now), now)
        except _Violation as violation:
            self._close(violation.code, violation.reason)

    def time_out(self) -> None:
        """End the connection of a client that sent no heartbeat, unless none could have been heard."""
        if not self._frozen:
            self._close(CloseCode.SESSION_TIMED_OUT, "Session timed out")

    def lost(self, code: int, now: float) -> None:
        """Note that the socket is gone; `code` is the close code that the client sent, or 1005, 1006."""
        if self._session is None:
            return
        was_attached = self._session.detach(self._emit, now)
        heard = not (self._closed or self._frozen)
        if was_attached and heard and code in CLOSED_BY_CLIENT:
            self._lobby.end(self._session)

    def _decode(self, data: str | bytes, now: float) -> _Payload:
        if not self._frames.spend(now):
            raise _Violation(CloseCode.RATE_LIMITED, "You are being rate limited.")
        if len(data.encode() if isinstance(data, str) else data) > self._lobby.limits.frame_bytes:
            raise _Violation(CloseCode.DECODE_ERROR, "Payload too large")
        try:
            return _PAYLOAD.validate_json(data)
        except ValidationError:
            raise _Violation(CloseCode.DECODE_ERROR, "Error while decoding payload.") from None

    def _handle(self, payload: _Payload, now: float) -> None:
        if payload.op in HEARTBEATS:
            self._heartbeat(now)
        elif payload.op == Op.IDENTIFY:
            self._identify(_parse(_Identify, payload.d))
        elif payload.op == Op.RESUME:
            self._resume(_parse(_Resume, payload.d))
        elif payload.op == Op.REQUEST_GUILD_MEMBERS:
            self._request_members(payload.d)
        elif payload.op in TOLERATED:
            self._authenticated()
        else:
            raise _Violation(CloseCode.UNKNOWN_OPCODE, "Unknown opcode")

    def _heartbeat(self, now: float) -> None:
        self._last_heartbeat = now
        if self._lobby.faults.take(NoHeartbeatAck, self.user_id) is None:
            self._send(Op.HEARTBEAT_ACK, None)

    def _identify(self, identify: _Identify) -> None:
        account = self._log_in(identify.token)
        if fault := self._lobby.faults.take(CloseOnIdentify, account.user.id):
            raise _Violation(fault.code, "Closed on request")
        _check_shards(identify)
        if refusal := self._lobby.faults.take(
            InvalidSession, account.user.id, lambda fault: fault.answers == "identify"
        ):
            self._invalidate(resumable=refusal.resumable)
            return
        session = self._lobby.identify(account)
        if session is None:
            self._invalidate(resumable=False)
            return
        if identify.compress:
            self._emit(CompressFrames())
        self._take(account, session)
        for event, data in self._greeting(account, session, self._version):
            session.dispatch(event, data)

    def _resume(self, resume: _Resume) -> None:
        account = self._log_in(resume.token)
        session = self._lobby.resumable(account, resume.session_id)
        if session is None:
            self._invalidate(resumable=False)
            return
        if fault := self._lobby.refusal(session):
            self._invalidate(resumable=fault.resumable)
            return
        self._replay(account, session, resume.seq)

    def _replay(self, account: Account, session: Session, sequence: int) -> None:
        if sequence > session.sequence:
            self._lobby.end(session)
            raise _Violation(CloseCode.INVALID_SEQUENCE, "Invalid seq")
        missed = session.missed_since(sequence)
        if missed is None:
            self._lobby.end(session)
            self._invalidate(resumable=False)
            return
        self._take(account, session)
        for frame in missed:
            self._emit(frame)
        session.dispatch("RESUMED", {"_trace": ['["gateway-simulated",{"micros":0.0}]']})

    def _request_members(self, data: object) -> None:
        session, account = self._authenticated()
        request = _parse(_RequestMembers, data)
        guild_ids = request.guild_id if isinstance(request.guild_id, list) else [request.guild_id]
        for guild_id in guild_ids:
            if chunk := self._members(account, guild_id, request.nonce):
                session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _invalidate(self, *, resumable: bool) -> None:
        self._send(Op.INVALID_SESSION, resumable)

    def _log_in(self, token: str) -> Account:
        if self._session is not None and self._lobby.is_alive(self._session):
            raise _Violation(CloseCode.ALREADY_AUTHENTICATED, "Already authenticated.")
        account = self._lobby.account(token)
        if account is None:
            raise _Violation(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
        return account

    def _take(self, account: Account, session: Session) -> None:
        self._account, self._session = account, session
        session.attach(self._emit)

    def _authenticated(self) -> tuple[Session, Account]:
        if self._session is None or self._account is None:
            raise _Violation(CloseCode.NOT_AUTHENTICATED, "Not authenticated.")
        return self._session, self._account

    def _send(self, op: Op, data: object) -> None:
        self._emit(Frame.of(op, data))

    def _emit(self, output: Output) -> None:
        if isinstance(output, Freeze):
            self._frozen = True
        if not self._frozen:
            self._outlet(output)

    def _close(self, code: int, reason: str) -> None:
        self._closed = True
        if self._session is not None and code in ENDS_SESSION:
            self._lobby.end(self._session)
        self._emit(Close(code, reason))


def _check_shards(identify: _Identify) -> None:
    """Refuse what only bots may say and these get wrong: a user has one shard, and needs no intents."""
    if identify.shard not in {None, (0, 1)}:
        raise _Violation(CloseCode.INVALID_SHARD, "Invalid shard.")
    if identify.intents is not None and not 0 <= identify.intents < 1 << 32:
        raise _Violation(CloseCode.INVALID_INTENTS, "Invalid intent(s).")


def _parse(model: type[_M], data: object) -> _M:
    try:
        return model.model_validate(data)
    except ValidationError:
        raise _Violation(CloseCode.DECODE_ERROR, "Error while decoding payload.") from None
