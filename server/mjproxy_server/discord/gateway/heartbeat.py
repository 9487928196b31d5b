"""The heartbeat of one gateway connection: when the next beat is due, and whether the last one was answered."""

from mjproxy_server.discord.gateway.endings import Unanswered


class Heartbeat:
    """Bookkeeping of beats and answers; times are seconds of a monotonic clock."""

    def __init__(self, interval: float, *, first_due: float) -> None:
        self._interval = interval
        self._unanswered = False
        self.due = first_due

    def beat(self, now: float) -> None:
        """Note that a beat goes out now.

        Raises:
            Unanswered: If the beat before was not answered: the connection is a zombie.
        """
        if self._unanswered:
            raise Unanswered("Discord did not answer a heartbeat")
        self._unanswered = True
        self.due = now + self._interval

    def answered(self) -> None:
        """Note that the server acknowledged a beat."""
        self._unanswered = False
