"""Reads bodies, up to a limit.

Starlette has such a limit, too, but answers in plain text where the request declares its length.
"""

from typing import Final

from starlette.requests import Request

# Clients send up to five pictures of 5 MB as base64, and the server takes messages of 64 MiB.
MAX_BODY_MB: Final = 50
_MAX_BODY_BYTES: Final = MAX_BODY_MB * 1_000_000


class BodyTooLarge(Exception):
    """The body has more bytes than are taken."""


async def read_body(request: Request) -> bytes:
    """Reads a request's body. One that declares too many bytes is not read at all.

    Raises:
        BodyTooLarge: The body has more than `MAX_BODY_MB`.
        ClientDisconnect: The client left.
    """
    if int(request.headers.get("content-length", 0)) > _MAX_BODY_BYTES:
        raise BodyTooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(body)
