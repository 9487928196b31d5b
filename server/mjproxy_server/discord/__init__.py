"""Discord as a user account meets it: the gateway and the REST API. It knows nothing of bots, tasks or stores."""

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import (
    AuthenticationFailed,
    BadRequest,
    DiscordError,
    DiscordUnavailable,
    Forbidden,
    GatewayFatal,
    InvalidRequestBudgetSpent,
    NotFound,
    RateLimited,
    RateLimitTooLong,
    Rejected,
    Unauthorized,
    UnexpectedAnswer,
    UploadRefused,
)
from mjproxy_server.discord.gateway.client import GatewayClient
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus, ResumePoint
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.rest.types import (
    ApplicationCommand,
    InDoubt,
    InteractionOutcome,
    Refused,
    Taken,
    UploadedFile,
    UploadFile,
    User,
)
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock

__all__ = [
    "ApplicationCommand",
    "AuthenticationFailed",
    "BadRequest",
    "Clock",
    "DiscordError",
    "DiscordRest",
    "DiscordUnavailable",
    "Dispatch",
    "Endpoints",
    "Forbidden",
    "GatewayClient",
    "GatewayFatal",
    "GatewayPhase",
    "GatewayStatus",
    "IdentifyGate",
    "InDoubt",
    "InteractionOutcome",
    "InvalidRequestBudget",
    "InvalidRequestBudgetSpent",
    "NonceSource",
    "NotFound",
    "RateLimitTooLong",
    "RateLimited",
    "Refused",
    "Rejected",
    "ResumePoint",
    "Taken",
    "Unauthorized",
    "UnexpectedAnswer",
    "UploadFile",
    "UploadRefused",
    "UploadedFile",
    "User",
]
