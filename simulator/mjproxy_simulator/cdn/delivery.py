"""Delivers files by the rules of HTTP: to any origin, again only when they have changed, and in parts.

Source: RFC 9110 §8.8 (ETag, Last-Modified), §13 (conditions) and §14 (ranges).
"""

import hashlib
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from mjproxy_simulator.cdn.gallery import Source
from mjproxy_simulator.cdn.ranges import UnsatisfiableError, parse_range
from mjproxy_simulator.cdn.variants import Variant

ANY_ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}
_EXPOSED: Final = {"Access-Control-Expose-Headers": "*"}
_LASTING: Final = {"Cache-Control": "public, max-age=31536000", "Accept-Ranges": "bytes"}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be had.

    Attributes:
        source: Where it comes from.
        suffix: The end of its name.
        content_type: Its type, before a variant changes it.
        created_ms: When it came into being, in Unix milliseconds.
        variant: Another form in which it is wanted.
    """

    source: Source
    suffix: str
    content_type: str
    created_ms: int
    variant: Variant | None = None

    @property
    def type(self) -> str:
        """The content type of what is sent."""
        suffix = None if self.variant is None else self.variant.suffix
        return self.content_type if suffix is None else f"image/{suffix}"

    @property
    def etag(self) -> str:
        """What stands for the bytes; the same source always gives the same ones, so that they need not be known."""
        return f'"{hashlib.sha256(repr((self.source, self.suffix, self.variant)).encode()).hexdigest()[:32]}"'

    @property
    def modified(self) -> str:
        """When it last changed, as HTTP writes it."""
        return formatdate(self.created_ms / 1000, usegmt=True)

    def headers(self) -> dict[str, str]:
        """Return the headers of every answer about it."""
        return ANY_ORIGIN | _EXPOSED | _LASTING | {"ETag": self.etag, "Last-Modified": self.modified}


def gone() -> Response:
    """Return the answer to a link that is forged, expired or dead: the same one, as on the real CDN."""
    return PlainTextResponse("This content is no longer available.", HTTPStatus.NOT_FOUND, headers=ANY_ORIGIN)


def refused(reason: str) -> Response:
    """Return the answer to a request for a form that cannot be had."""
    return PlainTextResponse(reason, HTTPStatus.BAD_REQUEST, headers=ANY_ORIGIN)


def permission() -> Response:
    """Return the answer of a host that any page may read (CORS preflight)."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=ANY_ORIGIN | _PREFLIGHT)


def unchanged(file: File, asked: Headers) -> bool:
    """Return whether the client has the file already, as it is."""
    if (known := asked.get("if-none-match")) is not None:
        return known.strip() == "*" or file.etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    return asked.get("if-modified-since") == file.modified


def announcement(file: File, size: int | None) -> Response:
    """Return the answer to HEAD; without the size of what is not drawn yet."""
    response = Response(media_type=file.type, headers=file.headers())
    if size is None:
        del response.headers["content-length"]
    else:
        response.headers["content-length"] = str(size)
    return response


def whole_or_part(file: File, content: bytes, asked: Headers) -> Response:
    """Return the file, or the part of it that is asked for."""
    try:
        wanted = parse_range(asked.get("range"), len(content)) if _still_same(file, asked) else None
    except UnsatisfiableError:
        headers = ANY_ORIGIN | {"Content-Range": f"bytes */{len(content)}"}
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    if wanted is None:
        return Response(content, media_type=file.type, headers=file.headers())
    headers = file.headers() | {"Content-Range": f"bytes {wanted.start}-{wanted.stop - 1}/{len(content)}"}
    part = content[wanted.start : wanted.stop]
    return Response(part, HTTPStatus.PARTIAL_CONTENT, media_type=file.type, headers=headers)


def _still_same(file: File, asked: Headers) -> bool:
    return asked.get("if-range", file.etag) in {file.etag, file.modified}
