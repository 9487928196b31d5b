"""The kinds of faults and their settings. What is unknown in one is refused, so that a slip of the pen is noticed."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mjproxy_simulator.bot.notices import NOTICES

HttpMethod = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Number = Annotated[int, Field(ge=0, le=1_000_000_000)]
Count = Annotated[Number, Field(ge=1)]


class Fault(BaseModel):
    """What every fault has.

    Attributes:
        account: Whom it hits, by user id or channel id; None for everybody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str | None = None


# Strikes


class DropSocket(Fault):
    """Cut the gateway's TCP connections without a close frame."""

    name: Literal["drop_socket"]


class HalfOpen(Fault):
    """Leave the gateway's connections open, and neither send nor hear anything on them from now on."""

    name: Literal["half_open"]


class Reconnect(Fault):
    """Ask the client to reconnect and resume (op 7)."""

    name: Literal["op7"]


class AskForHeartbeat(Fault):
    """Ask the client for a heartbeat at once (op 1)."""

    name: Literal["op1"]


class InvalidateSession(Fault):
    """Send op 9 on the gateway's connections. With `resumable` the sessions live on, otherwise they are gone."""

    name: Literal["invalidate_session"]
    resumable: bool = False


class CloseSocket(Fault):
    """Close the gateway's sockets with a code."""

    name: Literal["close_code"]
    code: int = Field(ge=1000, le=4999)


class ForeignJobs(Fault):
    """Let a stranger draw in the accounts' channels, or, with `own`, the account's user by another program."""

    name: Literal["foreign_jobs"]
    prompt: str = "a stranger's cat"
    jobs: int = Field(default=1, ge=1, le=100)
    own: bool = False


# Armed faults


class ArmedFault(Fault):
    """What every armed fault has.

    Attributes:
        count: How many occasions it takes; None for all until it is deleted.
        probability: How likely it is to take an occasion that fits.
    """

    count: Count | None = 1
    probability: float = Field(default=1.0, gt=0, le=1)


class InvalidSession(ArmedFault):
    """Answer a RESUME, or an IDENTIFY, with op 9. With `resumable` the session lives on, otherwise it is gone."""

    name: Literal["op9"]
    resumable: bool = False
    answers: Literal["resume", "identify"] = "resume"


class CloseOnIdentify(ArmedFault):
    """Close the connection of a client that identifies, for instance with 4004: the token is no longer good."""

    name: Literal["close_on_identify"]
    code: int = Field(default=4004, ge=1000, le=4999)


class NoHeartbeatAck(ArmedFault):
    """Do not acknowledge a heartbeat."""

    name: Literal["no_heartbeat_ack"]


class SplitFrames(ArmedFault):
    """Send a zlib-stream message in pieces of some bytes, each in a WebSocket message of its own."""

    name: Literal["split_frames"]
    piece_bytes: Count = 16


class DispatchFault(ArmedFault):
    """What every fault of a dispatch has; `event` None means any event."""

    event: str | None = None

    def fits(self, event: str) -> bool:
        """Return whether it may hit an event."""
        return self.event in {None, event}


class DuplicateDispatch(DispatchFault):
    """Dispatch an event twice, each time with a sequence number of its own."""

    name: Literal["duplicate_dispatch"]


class DropDispatch(DispatchFault):
    """Do not send an event, which has its sequence number all the same and can be replayed."""

    name: Literal["drop_dispatch"]


class DelayDispatch(DispatchFault):
    """Send an event late; those that follow go ahead."""

    name: Literal["delay_dispatch"]
    seconds: Seconds = 1.0


class ReorderDispatch(DispatchFault):
    """Send an event after the next one, or by itself when none comes for some seconds."""

    name: Literal["reorder_dispatch"]
    seconds: Seconds = 1.0


class GatewayLatency(DispatchFault):
    """Send an event late, and all that follow after it."""

    name: Literal["gateway_latency"]
    seconds: Seconds = 0.2


class LoseWhileAway(DispatchFault):
    """Let a session that has no socket miss an event for good: a RESUME does not bring it."""

    name: Literal["lose_while_away"]


class HttpFault(ArmedFault):
    """What every fault of an HTTP request has.

    Attributes:
        method: The method that it hits; None for any.
        route: The path that it hits, without `/api/v9`; `*` stands for anything. None for any path.
    """

    method: HttpMethod | None = None
    route: str | None = None

    def fits(self, method: str, path: str) -> bool:
        """Return whether it may hit a request."""
        return self.method in {None, method} and (self.route is None or fnmatchcase(path, self.route))


class HttpLatency(HttpFault):
    """Take a request only after some seconds."""

    name: Literal["http_latency"]
    seconds: Seconds = 0.2


class HttpStatus(HttpFault):
    """Answer a request with an error and do nothing of what it asks.

    Attributes:
        code: Discord's own code in the body.
        retry_after: For status 429: seconds to wait.
        scope: For status 429: whether the limit is the user's on this route, the user's on all routes, or that of
            everybody who uses the route.
    """

    name: Literal["http_status"]
    status: int = Field(ge=400, le=599)
    code: Number = 0
    message: str | None = None
    retry_after: Seconds = 1.0
    scope: Literal["user", "global", "shared"] = "user"


class HttpCut(HttpFault):
    """Cut the connection of a request after some bytes of its body, and do nothing of what it asks."""

    name: Literal["http_cut"]
    after_bytes: Number = 0


class ExpiredLinks(ArmedFault):
    """Write a link of an attachment whose time has run out already; refreshing it gives a good one."""

    name: Literal["expired_links"]


class InteractionStatus(ArmedFault):
    """Answer an interaction with an error instead of taking it."""

    name: Literal["interaction_status"]
    status: int = Field(ge=400, le=599)
    code: Number = 0
    message: str | None = None
    retry_after: Seconds = Field(default=1.0, description="For status 429: seconds to wait.")


class InteractionLostAnswer(ArmedFault):
    """Take an interaction, but cut the connection instead of answering, or answer with a 5xx `status`."""

    name: Literal["interaction_lost_answer"]
    status: int | None = Field(default=None, ge=500, le=599)


class BotSilent(ArmedFault):
    """The bot does not answer an interaction, which therefore fails after three seconds."""

    name: Literal["bot_silent"]


class BotNotice(ArmedFault):
    """The bot answers a request to draw with a notice; `GET /control/notices` lists their names."""

    name: Literal["bot_notice"]
    notice: str

    @field_validator("notice")
    @classmethod
    def _is_known(cls, notice: str) -> str:
        if notice not in NOTICES:
            raise ValueError(f"must be one of {', '.join(NOTICES)}")
        return notice


class CurtailJob(ArmedFault):
    """A job that is started now goes no further than some steps.

    Attributes:
        steps: How many steps it still takes; 0 means that it does not even start.
        outcome: Whether the bot says that it was stopped, or nothing at all.
    """

    name: Literal["stop_job"]
    steps: Number = 2
    outcome: Literal["stopped", "silent"] = "stopped"


Strike = DropSocket | HalfOpen | Reconnect | AskForHeartbeat | InvalidateSession | CloseSocket | ForeignJobs
GatewayFault = (
    InvalidSession
    | CloseOnIdentify
    | NoHeartbeatAck
    | SplitFrames
    | DuplicateDispatch
    | DropDispatch
    | DelayDispatch
    | ReorderDispatch
    | GatewayLatency
    | LoseWhileAway
)
BotFault = InteractionStatus | InteractionLostAnswer | BotSilent | BotNotice | CurtailJob
Armed = GatewayFault | HttpLatency | HttpStatus | HttpCut | ExpiredLinks | BotFault
AnyFault = Annotated[Strike | Armed, Field(discriminator="name")]
