"""What an HTTP answer of Discord's means: a pure reading of status, headers and body."""

from collections.abc import Iterator
from typing import TypeVar

import httpx
import msgspec

from mjproxy_server.discord.errors import (
    BadRequest,
    DiscordError,
    DiscordUnavailable,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    UnexpectedAnswer,
)
from mjproxy_server.discord.rest.buckets import BucketHeaders

# Some servers that speak Discord's protocol say 400 with this code where Discord says 401.
UNAUTHORIZED_CODE = 40001
# For a 429 that does not say how long to wait, as a proxy in between may give.
DEFAULT_RETRY_AFTER = 5.0

Shape = TypeVar("Shape")


class ErrorBody(msgspec.Struct, frozen=True):
    """Discord's error body (Discord API reference, "Error Messages"), with what a 429 adds."""

    message: str = ""
    code: int | None = None
    errors: object = None
    retry_after: float | None = None
    is_global: bool = msgspec.field(default=False, name="global")


def failure_of(answer: httpx.Response) -> DiscordError | None:
    """Return the error that an answer stands for, None for a 2xx."""
    if answer.is_success:
        return None
    if not answer.is_client_error:
        return DiscordUnavailable(f"Discord answered {answer.status_code}", sent=True)
    body = _error_body(answer)
    return _rate_limited(answer, body) if answer.status_code == 429 else _rejected(answer, body or ErrorBody())


def bucket_headers_of(answer: httpx.Response) -> BucketHeaders | None:
    """Return what the answer's headers tell of its rate-limit bucket; None for most answers to user accounts."""
    headers = answer.headers
    try:
        return BucketHeaders(
            name=headers["X-RateLimit-Bucket"],
            limit=int(headers["X-RateLimit-Limit"]),
            remaining=int(headers["X-RateLimit-Remaining"]),
            reset_after=float(headers["X-RateLimit-Reset-After"]),
        )
    except (KeyError, ValueError):
        return None


def decode(body: bytes, shape: type[Shape]) -> Shape:
    """Read a body as JSON of a given shape.

    Raises:
        UnexpectedAnswer: If it is not of that shape.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise UnexpectedAnswer(f"Discord's answer does not have the expected shape: {error}") from None


def field_errors(tree: object, path: str = "") -> Iterator[str]:
    """Yield "field: message" for each leaf of Discord's error tree, whose lists of messages stand under `_errors`."""
    if not isinstance(tree, dict):
        return
    for key, branch in tree.items():
        if key == "_errors":
            yield from (f"{path}: {error.get('message')}" for error in branch)
        else:
            yield from field_errors(branch, f"{path}.{key}" if path else key)


def _rejected(answer: httpx.Response, body: ErrorBody) -> Rejected:
    status, code = answer.status_code, body.code
    message = "; ".join([body.message or answer.reason_phrase, *field_errors(body.errors)])
    match status:
        case 400 if code == UNAUTHORIZED_CODE:
            return Unauthorized(status, code, message)
        case 401:
            return Unauthorized(status, code, message)
        case 403:
            return Forbidden(status, code, message)
        case 404:
            return NotFound(status, code, message)
        case _:
            return BadRequest(status, code, message)


def _rate_limited(answer: httpx.Response, body: ErrorBody | None) -> RateLimited:
    """Read a 429; one without Discord's body comes from the network before it, and is for the whole address."""
    known = body or ErrorBody(is_global=True)
    scope = answer.headers.get("X-RateLimit-Scope")
    return RateLimited(
        known.code,
        known.message or answer.reason_phrase,
        retry_after=_retry_after(answer, known),
        is_global=known.is_global or scope == "global" or "X-RateLimit-Global" in answer.headers,
        is_shared=scope == "shared",
    )


def _retry_after(answer: httpx.Response, body: ErrorBody) -> float:
    """Prefer the body, which counts in fractions of a second."""
    if body.retry_after is not None:
        return body.retry_after
    try:
        return float(answer.headers["Retry-After"])
    except (KeyError, ValueError):
        return DEFAULT_RETRY_AFTER


def _error_body(answer: httpx.Response) -> ErrorBody | None:
    try:
        return msgspec.json.decode(answer.content, type=ErrorBody)
    except msgspec.DecodeError:
        return None
