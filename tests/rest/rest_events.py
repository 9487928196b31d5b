"""Reads server-sent events as a browser does: by the rules of the HTML Living Standard, §9.2.6."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx
import orjson


@dataclass(frozen=True)
class Event:
    kind: str
    data: dict[str, Any]


class EventSource:
    """A stream that is being read.

    Attributes:
        last_id: What is sent back to resume.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self._lines = response.aiter_lines()

    @classmethod
    @asynccontextmanager
    async def opened(cls, client: httpx.AsyncClient, path: str, last_id: str = "", **extra: Any) -> AsyncIterator[Self]:  # noqa: ANN401 - httpx's own
        headers = extra.pop("headers", {}) | ({"Last-Event-ID": last_id} if last_id else {})
        async with client.stream("GET", path, headers=headers, **extra) as response:
            source = cls(response)
            source.last_id = last_id
            yield source

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Returns the next event; ends with the stream."""
        async with asyncio.timeout(10):
            while True:
                block = await self._block()
                self.last_id = block.get("id", self.last_id)
                if "data" in block:
                    return Event(block.get("event", "message"), orjson.loads(block["data"]))

    async def moved(self) -> None:
        """Reads a block without an event that only says how far the stream has got."""
        async with asyncio.timeout(10):
            block = await self._block()
        assert block.keys() == {"id"}
        self.last_id = block["id"]

    async def beat(self) -> None:
        """Reads a comment."""
        async with asyncio.timeout(10):
            assert await self._block() == {"": ""}

    async def _block(self) -> dict[str, str]:
        block: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                return block
            field, _, value = line.partition(":")
            block[field] = value.removeprefix(" ")
        raise StopAsyncIteration


async def progress_of(source: EventSource, count: int) -> list[str]:
    """Returns the progress that so many events tell of."""
    return [(await anext(source)).data["progress"] for _ in range(count)]
