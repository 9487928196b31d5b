"""The limits that Discord sets, as settings, and the windows that count against them.

None of them is scaled by the simulator's speed: software has to live with the real ones.
"""

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """How much a client may do, and how long Discord waits for it. Times are in seconds.

    Discord documents the gateway's figures; those of the interactions route are not known, and chosen generously.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    heartbeat_interval: float = Field(default=41.25, gt=0, description="How often a client has to send a heartbeat.")
    patience: float = Field(
        default=1.5, gt=1, description="Heartbeat intervals without one after which a socket is closed."
    )
    frames_per_minute: int = Field(default=120, gt=0, description="Frames a client may send on one gateway connection.")
    frame_bytes: int = Field(default=15 * 1024, gt=0, description="Size of the largest frame a user's client may send.")
    identify_window: float = Field(default=5.0, ge=0, description="Time within which a user may identify once.")
    resume_window: float = Field(default=300.0, ge=0, description="How long a session without a socket can be resumed.")
    replay_events: int = Field(default=2000, ge=0, description="Events that a session keeps for a RESUME.")
    replay_bytes: int = Field(
        default=1024 * 1024,
        ge=0,
        description="Bytes that these may have: what five jobs at a time tell in five minutes.",
    )
    outbound_frames: int = Field(
        default=10_000, gt=0, description="Frames waiting for a slow client before its socket is cut."
    )
    requests_per_second: int = Field(default=50, gt=0, description="Requests of one user, over all routes.")
    route_requests_per_second: int = Field(
        default=40, gt=0, description="Requests of one user on one route, about one channel or guild."
    )
    rate_limit_headers: bool = Field(
        default=False, description="Whether each answer tells of its route's limit, as bots see it, or only a refusal."
    )
    invalid_requests: int = Field(
        default=10_000, gt=0, description="Refused requests (401, 403, 429) of one address in ten minutes; then a ban."
    )
    interactions_per_second: int = Field(default=20, gt=0, description="Interactions of one user in one channel.")
    strict_sessions: bool = Field(
        default=True,
        description="Whether nobody hears of an interaction that names no living session, or all sessions of the user.",
    )
    interaction_deadline: float = Field(default=3.0, gt=0, description="How long an application may take to answer.")
    bot_latency: float = Field(
        default=0.1, ge=0, description="How long a bot takes to answer, and once more when it says that it is thinking."
    )
    upload_bytes: int = Field(
        default=25 * 1024 * 1024, gt=0, description="Size of the largest file that can be uploaded."
    )


class Window:
    """Counts what happens in windows of fixed length that start with their first event, as Discord's buckets do.

    Args:
        limit: How often it may happen in one window.
        seconds: How long a window lasts.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._ends = float("-inf")
        self._spent = 0

    def spend(self, now: float) -> bool:
        """Count one event at the time `now`, unless the limit is reached; return whether it was counted."""
        if now >= self._ends:
            self._ends = now + self.seconds
            self._spent = 0
        if self._spent >= self.limit:
            return False
        self._spent += 1
        return True

    def exhausted(self, now: float) -> bool:
        """Return whether the limit is reached."""
        return self.left(now) == 0

    def left(self, now: float) -> int:
        """Return how often it may still happen in the current window."""
        return self.limit if now >= self._ends else self.limit - self._spent

    def resets_in(self, now: float) -> float:
        """Return how long the current window still lasts."""
        return max(0.0, self._ends - now)
