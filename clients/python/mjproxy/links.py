"""Two ways to use a connection: from the event loop that it lives on, and from any other thread.

The classes have the same methods, so that `mjproxy.sync` is `mjproxy.aio` without its `await`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from mjproxy.loop_thread import LoopThread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Generator

    import grpc
    from google.protobuf.message import Message

    from mjproxy.connection import Connection

_Request = TypeVar("_Request", bound="Message")
_Response = TypeVar("_Response")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class AsyncLink:
    """A connection, used from its event loop."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def call(self, method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response], request: _Request) -> _Response:
        """Makes a unary call."""
        return await self.connection.calls(method, request)

    async def run(self, coroutine: Coroutine[object, None, _Result]) -> _Result:
        """Awaits it."""
        return await coroutine

    def iterate(self, generator: AsyncGenerator[_Item, None]) -> AsyncGenerator[_Item, None]:
        """Iterates over it."""
        return generator

    async def aclose(self) -> None:
        """Closes the connection."""
        await self.connection.aclose()


class Link:
    """A connection on an event loop of its own, used from other threads: from several at once, too."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._loop: Final = LoopThread()
        self._loop.run(connection.open())

    def call(self, method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response], request: _Request) -> _Response:
        """Makes a unary call, and waits for its answer."""
        return self._loop.run(self.connection.calls(method, request))

    def run(self, coroutine: Coroutine[object, None, _Result]) -> _Result:
        """Waits for its result."""
        return self._loop.run(coroutine)

    def iterate(self, generator: AsyncGenerator[_Item, None]) -> Generator[_Item, None, None]:
        """Iterates over it; each item is made when it is asked for."""
        return self._loop.iterate(generator)

    def close(self) -> None:
        """Closes the connection and ends the thread."""
        if not self._loop.closed:
            self._loop.run(self.connection.aclose())
            self._loop.close()
