"""Errors in Discord's form: a status, a code of Discord's own, a message, and for forms what is wrong with which field.

Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes and /topics/rate-limits.
"""

import math
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import PlainTextResponse, Response

from mjproxy_simulator.discord.forms import Json

_WORDS: Final = {
    "missing": ("BASE_TYPE_REQUIRED", "This field is required"),
    "string_too_long": ("BASE_TYPE_MAX_LENGTH", "Must be {max_length} or fewer in length."),
    "greater_than_equal": ("NUMBER_TYPE_MIN", "int value should be greater than or equal to {ge}."),
}
"""Discord's code and words for what a check of ours finds; a check with a code of Discord's has the words too."""


class JsonResponse(Response):
    """JSON with the content type exactly as Discord writes it; a charset breaks clients."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return orjson.dumps(content)


class DiscordError(Exception):
    """A request that Discord does not do.

    Attributes:
        status: The HTTP status.
        code: Discord's own code, 0 for none.
        message: What it says.
        shared: Whether it is the fault of others, so that it is not counted against the client.
        body: Further keys of the body.
        headers: Further headers.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        shared: bool = False,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.shared = shared
        self._body = body or {}
        self._headers = headers or {}

    def response(self) -> Response:
        """Return the answer that tells it."""
        body = {"message": self.message, "code": self.code} | self._body
        return JsonResponse(body, self.status, headers=dict(self._headers))


def unauthorized() -> DiscordError:
    """A token that is missing or unknown."""
    return DiscordError(HTTPStatus.UNAUTHORIZED, 0, "401: Unauthorized")


def unknown_channel(status: int = HTTPStatus.NOT_FOUND) -> DiscordError:
    """A channel that does not exist, or (400) is not where the guild says."""
    return DiscordError(status, 10003, "Unknown Channel")


def missing_access() -> DiscordError:
    """A channel of somebody else."""
    return DiscordError(HTTPStatus.FORBIDDEN, 50001, "Missing Access")


def unknown_message() -> DiscordError:
    """A message that does not exist."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10008, "Unknown Message")


def only_bots() -> DiscordError:
    """A route that users may not ask."""
    return DiscordError(HTTPStatus.FORBIDDEN, 20002, "Only bots can use this endpoint")


def not_your_message() -> DiscordError:
    """A message that somebody else has posted in a private channel."""
    return DiscordError(HTTPStatus.FORBIDDEN, 50003, "Cannot execute action on a DM channel")


def unknown_attachment() -> DiscordError:
    """An upload that does not exist."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10093, "Unknown attachment")


def unknown_guild() -> DiscordError:
    """A guild that the account is not in."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10004, "Unknown Guild")


def unknown_user() -> DiscordError:
    """A user that does not exist."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10013, "Unknown User")


def unknown_application() -> DiscordError:
    """An application that does not exist."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10002, "Unknown Application")


def unknown_integration() -> DiscordError:
    """An application that is not in the guild."""
    return DiscordError(HTTPStatus.BAD_REQUEST, 10005, "Unknown Integration")


def unknown_interaction() -> DiscordError:
    """A form that is not open, or no longer."""
    return DiscordError(HTTPStatus.NOT_FOUND, 10062, "Unknown interaction")


def empty_message() -> DiscordError:
    """A message without content and attachments."""
    return DiscordError(HTTPStatus.BAD_REQUEST, 50006, "Cannot send an empty message")


def entity_too_large() -> DiscordError:
    """A file that is too large."""
    return DiscordError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 40005, "Request entity too large")


def invalid_json() -> DiscordError:
    """A body that is no JSON."""
    return DiscordError(HTTPStatus.BAD_REQUEST, 50109, "The request body contains invalid JSON.")


def no_such_route() -> DiscordError:
    """A path that leads nowhere."""
    return DiscordError(HTTPStatus.NOT_FOUND, 0, "404: Not Found")


def method_not_allowed() -> DiscordError:
    """A path that has no such method."""
    return DiscordError(HTTPStatus.METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed")


def invalid_form(path: tuple[str | int, ...], code: str, message: str) -> DiscordError:
    """A body with a field that is wrong; `path` leads to it."""
    return _invalid_form([(path, code, message)])


def unknown_upload(path: tuple[str | int, ...], name: str) -> DiscordError:
    """A file that was not put on the upload host before."""
    return invalid_form(path, "ATTACHMENT_NOT_FOUND", f"Uploaded attachment not found: {name}")


def invalid_fields(error: ValidationError) -> DiscordError:
    """A body that does not have the form which the route wants."""
    return _invalid_form([_told(each) for each in error.errors(include_url=False, include_input=False)])


def rate_limited(retry_after: float, limit: int, bucket: str | None, *, shared: bool = False) -> DiscordError:
    """Too many requests: over all routes when there is no bucket, by everybody when `shared`."""
    limited = "The resource is" if shared else "You are"
    scope = "global" if bucket is None else "shared" if shared else "user"
    told = {"X-RateLimit-Global": "true"} if bucket is None else limit_headers(retry_after, limit, 0, bucket)
    return DiscordError(
        HTTPStatus.TOO_MANY_REQUESTS,
        0,
        f"{limited} being rate limited.",
        shared=shared,
        body={"retry_after": round(retry_after, 3), "global": bucket is None},
        headers=told | {"Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": scope},
    )


def limit_headers(reset_after: float, limit: int, remaining: int, bucket: str) -> dict[str, str]:
    """Return the headers that tell of the limit of a bucket."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
        "X-RateLimit-Reset-After": f"{reset_after:.3f}",
        "X-RateLimit-Bucket": bucket,
    }


class Banned(DiscordError):
    """An address that is shut out before Discord even hears of its request, hence without Discord's form."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, 0, "error code: 1015", shared=True)
        self._retry_after = retry_after

    def response(self) -> Response:
        """Return the answer that tells it."""
        headers = {"Retry-After": str(math.ceil(self._retry_after)), "Server": "cloudflare"}
        return PlainTextResponse(self.message, self.status, headers=headers)


def _told(fault: ErrorDetails) -> tuple[tuple[str | int, ...], str, str]:
    kind = fault["type"]
    if kind not in _WORDS:
        return fault["loc"], kind if kind.isupper() else "BASE_TYPE_BAD", fault["msg"]
    code, words = _WORDS[kind]
    return fault["loc"], code, words.format(**fault.get("ctx", {}))


def _invalid_form(faults: list[tuple[tuple[str | int, ...], str, str]]) -> DiscordError:
    errors: dict[str, object] = {}
    for path, code, message in faults:
        place = errors
        for step in path:
            place = _descend(place, str(step))
        place["_errors"] = [{"code": code, "message": message}]
    return DiscordError(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body", body={"errors": errors})


def _descend(place: dict[str, object], step: str) -> dict[str, object]:
    below = place.setdefault(step, {})
    if not isinstance(below, dict):
        raise TypeError(f"the errors of one field cannot lie below those of another: {step}")
    return below
