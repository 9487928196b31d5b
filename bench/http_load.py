"""Load over HTTP/1.1 that costs as little as can be, since it shares the machine with what is measured."""

import asyncio
import time
from collections.abc import Callable

from bench.measure import Sample
from bench.processes import Running

CONNECTIONS = 16


def get(path: str) -> bytes:
    """Makes a request."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """Makes a request with a body of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def cpu_per_request(
    servers: list[Running], make: Callable[[int], bytes], seconds: float, connections: int = CONNECTIONS
) -> Sample:
    """Sends requests for some seconds, with several connections at once, to the first of the servers.

    Returns:
        The microseconds of CPU that a request takes, of all the servers together.
    """
    before = sum(server.cpu for server in servers)
    begin = time.perf_counter()
    counts = await asyncio.gather(
        *(_ask(servers[0].port, make, first, connections, begin + seconds) for first in range(connections))
    )
    elapsed = time.perf_counter() - begin
    return Sample((sum(server.cpu for server in servers) - before) / sum(counts) * 1e6, sum(counts) / elapsed)


async def _ask(port: int, make: Callable[[int], bytes], first: int, step: int, end: float) -> int:
    """Sends one request after the other over one connection, one at least; returns how many."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    number = first
    while number == first or time.perf_counter() < end:
        writer.write(make(number))
        await read_answer(reader)
        number += step
    writer.close()
    await writer.wait_closed()
    return (number - first) // step


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Reads a whole answer, which has to be a good one; returns its body."""
    _, body = await read_message(reader)
    return body


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Reads a whole answer, which has to be a good one; returns its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    assert head.startswith(b"HTTP/1.1 2"), (head, body)
    return head, body
