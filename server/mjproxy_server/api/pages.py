"""Pages of a list. A token is opaque, and bound to the arguments of the list that it came from."""

import base64
import binascii
import hashlib
from typing import Final

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy.v1.account_service_pb2 import ListUnknownMessagesRequest
from mjproxy.v1.delivery_service_pb2 import ListDeliveriesRequest
from mjproxy_server.model.errors import InvalidField
from mjproxy_server.model.vocabulary import Fault

DEFAULT_SIZE: Final = 100
LARGEST_SIZE: Final = 1000
_DIGEST_SIZE: Final = 9
_ACCOUNTS: Final = b"accounts:"
_DIGITS: Final = 18
"""The longest number of a row that the store can be asked for."""
_FOREIGN: Final = "does not belong to this list; start again from the first page"


def size(wanted: int) -> int:
    """Returns the size of a page: 0 means the default, more than the largest means the largest.

    Raises:
        InvalidField: It is negative.
    """
    if wanted < 0:
        raise InvalidField("page_size", f"must not be negative, got {wanted}", Fault.NEGATIVE)
    return min(wanted or DEFAULT_SIZE, LARGEST_SIZE)


def token(request: pb.ListTasksRequest, last_id: str) -> str:
    """Returns the token that asks for what comes after the page's last task."""
    return base64.urlsafe_b64encode(_binding(request) + last_id.encode()).decode()


def position(request: pb.ListTasksRequest) -> str:
    """Returns the last id of the page before, or "" for the first page.

    Raises:
        InvalidField: The token is malformed, or belongs to other arguments.
    """
    if not request.page_token:
        return ""
    raw = _decoded(request.page_token)
    binding, last_id = raw[:_DIGEST_SIZE], raw[_DIGEST_SIZE:]
    if binding != _binding(request) or not last_id.isdigit():
        raise InvalidField("page_token", _FOREIGN, Fault.FOREIGN_PAGE)
    return last_id.decode()


def account_token(last_id: str) -> str:
    """Returns the token that asks for the accounts after this one."""
    return base64.urlsafe_b64encode(_ACCOUNTS + last_id.encode()).decode()


def account_position(page_token: str) -> str:
    """Returns the last id of the page of accounts before, or "" for the first page.

    Raises:
        InvalidField: The token is malformed, or belongs to another list.
    """
    if not page_token:
        return ""
    raw = _decoded(page_token)
    if not raw.startswith(_ACCOUNTS):
        raise InvalidField("page_token", _FOREIGN, Fault.FOREIGN_PAGE)
    return raw.removeprefix(_ACCOUNTS).decode(errors="replace")


def unknown_token(request: ListUnknownMessagesRequest, last: int) -> str:
    """Returns the token that asks for the unknown messages after this one."""
    return base64.urlsafe_b64encode(f"unknown:{request.account_id}:{last}".encode()).decode()


def unknown_position(request: ListUnknownMessagesRequest) -> int:
    """Returns the place of the last message of the page before, or 0 for the first page.

    Raises:
        InvalidField: The token is malformed, or belongs to another list.
    """
    if not request.page_token:
        return 0
    list_, _, last = _decoded(request.page_token).rpartition(b":")
    if list_ != f"unknown:{request.account_id}".encode() or not last.isdigit() or len(last) > _DIGITS:
        raise InvalidField("page_token", _FOREIGN, Fault.FOREIGN_PAGE)
    return int(last)


def delivery_token(request: ListDeliveriesRequest, last_id: str) -> str:
    """Returns the token that asks for the deliveries after those of this task."""
    return base64.urlsafe_b64encode(f"deliveries:{request.state}:{last_id}".encode()).decode()


def delivery_position(request: ListDeliveriesRequest) -> str:
    """Returns the last task of the page of deliveries before, or "" for the first page.

    Raises:
        InvalidField: The token is malformed, or belongs to another list.
    """
    if not request.page_token:
        return ""
    list_, _, last_id = _decoded(request.page_token).rpartition(b":")
    if list_ != f"deliveries:{request.state}".encode() or not last_id.isdigit():
        raise InvalidField("page_token", _FOREIGN, Fault.FOREIGN_PAGE)
    return last_id.decode()


def _decoded(page_token: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(page_token.encode())
    except (binascii.Error, ValueError):
        return b""


def _binding(request: pb.ListTasksRequest) -> bytes:
    """A digest of what must stay the same from page to page."""
    arguments = pb.ListTasksRequest(filter=request.filter, oldest_first=request.oldest_first)
    return hashlib.blake2b(arguments.SerializeToString(deterministic=True), digest_size=_DIGEST_SIZE).digest()
