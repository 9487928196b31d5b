"""The ways in which a gateway connection ends without ending the client: one class for each policy that follows."""


class ConnectionEnded(Exception):
    """Base of all endings; as such, an ending that leaves the session resumable."""


class CannotConnect(ConnectionEnded):
    """The WebSocket was never open: nobody listens, or the handshake failed."""


class ConnectionCut(ConnectionEnded):
    """The connection broke off without a close frame, or brought something that cannot be decoded."""


class ReconnectRequested(ConnectionEnded):
    """Discord asked to connect again and to resume (opcode 7), as it does at each of its deployments."""

    def __init__(self) -> None:
        super().__init__("Discord asked to reconnect")


class Unanswered(ConnectionEnded):
    """Discord did not answer in time: a heartbeat, IDENTIFY, RESUME, or the connection itself (HELLO)."""


class SessionInvalidated(ConnectionEnded):
    """Discord refused the session (opcode 9); whether it may be resumed is already settled in the session's state."""

    def __init__(self) -> None:
        super().__init__("Discord invalidated the session")


class ClosedByDiscord(ConnectionEnded):
    """Discord closed the connection with a close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"Discord closed the connection with {code}" + (f": {reason}" if reason else ""))
        self.code = code
