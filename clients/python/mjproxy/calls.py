"""Unary calls: the key, the deadline, and the repeats."""

import asyncio
from typing import Final, TypeVar

import grpc
from google.protobuf.message import Message

from mjproxy.backoff import Backoff
from mjproxy.channel import Metadata
from mjproxy.errors import ServerError, Unavailable, from_rpc

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response")

# Pictures are sent by value, and upwards many networks are slow.
_SECONDS_PER_MIB: Final = 1.0

MAX_TRIES: Final = 5
"""With the default back-off the last try comes two to three seconds after the first."""


def may_repeat(error: ServerError, tries: int) -> bool:
    """Decides whether a call that failed `tries` times is made again.

    Only what did not reach a working server is repeated. A submission may be among it: each carries a request id, and
    the server gives a repeated id its first answer.
    """
    return isinstance(error, Unavailable) and tries < MAX_TRIES


class Calls:
    """Makes unary calls; every error comes as a `ServerError`."""

    def __init__(self, metadata: Metadata, timeout: float) -> None:
        """Prepares calls.

        Args:
            metadata: What goes with every call.
            timeout: Seconds that a call may take, its repeats included, besides one for each mebibyte that it sends.
        """
        self._metadata = metadata
        self._timeout = timeout

    async def __call__(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[_Request, _Response]", request: _Request
    ) -> _Response:
        """Makes a call, and makes it again as `may_repeat` says.

        Raises:
            ServerError: The error of the last try.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timeout + _SECONDS_PER_MIB * request.ByteSize() / 2**20
        delays = Backoff()
        tries = 0
        while True:
            try:
                return await method(request, metadata=self._metadata, timeout=max(deadline - clock(), 0.0))
            except grpc.aio.AioRpcError as cause:
                tries += 1
                error = from_rpc(cause)
                if not may_repeat(error, tries):
                    raise error from cause
            await asyncio.sleep(next(delays))
