"""How the control API reads requests, and how it says what is wrong with one."""

import contextlib
import math
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mjproxy_simulator.control.complaints import complaint
from mjproxy_simulator.model.accounts import Account, Directory
from mjproxy_simulator.model.snowflakes import LARGEST_ID
from mjproxy_simulator.rest.errors import JsonResponse

_T = TypeVar("_T")

DONE = HTTPStatus.NO_CONTENT


class Body(BaseModel):
    """A body; a key that is not known is refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


async def read(request: Request, form: TypeAdapter[_T]) -> _T:
    """Return the body of a request; an empty one counts as an empty object.

    Raises:
        HTTPException: It does not have the form.
    """
    try:
        return form.validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise bad_request(complaint(error, form)) from None


def bad_request(complaint: str) -> HTTPException:
    """A request that makes no sense."""
    return HTTPException(HTTPStatus.BAD_REQUEST, complaint)


def not_found(complaint: str) -> HTTPException:
    """A request about something that does not exist."""
    return HTTPException(HTTPStatus.NOT_FOUND, complaint)


def find_account(directory: Directory, identifier: str) -> Account:
    """Return the account with this user id or channel id.

    Raises:
        HTTPException: There is none.
    """
    account = directory.find(identifier)
    if account is None:
        raise not_found(f"no account {identifier}: give a user_id or channel_id from /control/accounts")
    return account


def asked_account(directory: Directory, request: Request) -> Account | None:
    """Return the account in the query of a request, None when it names none.

    Raises:
        HTTPException: There is no such account.
    """
    identifier = request.query_params.get("account")
    return None if identifier is None else find_account(directory, identifier)


def asked_number(request: Request, name: str, default: float) -> float:
    """Return a number in the query of a request.

    Raises:
        HTTPException: It is no number.
    """
    text = request.query_params.get(name, str(default))
    with contextlib.suppress(ValueError):
        if math.isfinite(number := float(text)):
            return number
    raise bad_request(f"{name}: expected a number, not {text!r:.40}")


def asked_whole_number(request: Request, name: str, default: int) -> int:
    """Return a whole number in the query of a request, such as an id.

    Raises:
        HTTPException: It is none, or one that no id can have.
    """
    text = request.query_params.get(name, str(default))
    if text.isdecimal() and int(text[:20]) <= LARGEST_ID:
        return int(text)
    raise bad_request(f"{name}: expected a whole number from 0 on, not {text!r:.40}")


def tell_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Say what is wrong."""
    if not isinstance(error, HTTPException):
        raise error
    return JsonResponse({"error": error.detail}, error.status_code, headers=error.headers)
