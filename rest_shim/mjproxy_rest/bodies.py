"""Reads bodies, up to a limit, which holds before and after their decompression.

Starlette has such a limit, too, but answers in plain text where the request declares its length.
"""

import zlib

from starlette.requests import Request

from mjproxy_rest import texts
from mjproxy_rest.requests import InvalidBody

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class BodyTooLarge(Exception):
    """The body has more bytes than are taken.

    Attributes:
        limit_mb: How many megabytes are.
    """

    def __init__(self, limit_mb: int) -> None:
        super().__init__(f"the body has more than {limit_mb} MB")
        self.limit_mb = limit_mb


class UnknownEncoding(Exception):
    """The body is compressed in a way that is not understood."""


class BodyReader:
    """Reads the bodies of requests."""

    def __init__(self, limit_mb: int) -> None:
        """Sets the limit.

        Args:
            limit_mb: How many megabytes a body may have, of 1,000,000 bytes.
        """
        self._limit_mb = limit_mb
        self._limit = limit_mb * 1_000_000

    async def read(self, request: Request) -> bytes:
        """Reads a request's body. One that declares too many bytes is not read at all.

        Raises:
            BodyTooLarge: The body has too many bytes, as it comes or decompressed.
            ClientDisconnect: The client left.
            InvalidBody: It cannot be decompressed.
            UnknownEncoding: It is compressed with something other than gzip.
        """
        if int(request.headers.get("content-length", 0)) > self._limit:
            raise BodyTooLarge(self._limit_mb)
        decoder = _decoder(request.headers.get("content-encoding", ""), self._limit)
        body = bytearray()
        async for chunk in request.stream():
            body += decoder.decode(chunk)
            if len(body) > self._limit:
                raise BodyTooLarge(self._limit_mb)
        decoder.end()
        return bytes(body)


class _Identity:
    """For bodies that come as they are."""

    def decode(self, chunk: bytes) -> bytes:
        return chunk

    def end(self) -> None:
        """Nothing can be missing."""


class _Gunzip:
    """For bodies that come as gzip. A chunk never becomes much more than the limit, however small it was."""

    def __init__(self, limit: int) -> None:
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self._limit = limit

    def decode(self, chunk: bytes) -> bytes:
        try:
            return self._inflater.decompress(chunk, self._limit + 1)
        except zlib.error:
            raise InvalidBody(texts.BROKEN_GZIP) from None

    def end(self) -> None:
        if not self._inflater.eof or self._inflater.unused_data:
            raise InvalidBody(texts.BROKEN_GZIP)


def _decoder(encoding: str, limit: int) -> _Identity | _Gunzip:
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Gunzip(limit)
        case _:
            raise UnknownEncoding
