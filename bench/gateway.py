"""A gateway for the benchmark, in a process of its own: it greets whoever comes, and sends what it is told to."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, islice

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bench.messages import USER, Json, progress
from bench.processes import Control

HELLO, IDENTIFY, HEARTBEAT, HEARTBEAT_ACK = 10, 2, 1, 11


Deflate = Callable[[bytes], bytes]


def deflating() -> Deflate:
    """Returns what compresses the frames of one connection, which are one stream."""
    stream = zlib.compressobj()
    return lambda frame: stream.compress(frame) + stream.flush(zlib.Z_SYNC_FLUSH)


def reports(channel_id: str, message_id: str, sequences: Iterator[int]) -> Iterator[bytes]:
    """Yields the frames that bring one report after the other of the only job in a channel."""
    for sequence in sequences:
        report = progress(message_id, channel_id, sequence)
        yield orjson.dumps({"op": 0, "t": "MESSAGE_UPDATE", "s": sequence, "d": report})


def message_of(token: str) -> str:
    """Returns the progress message of the account with this token."""
    return str(2 * 10**18 + int(token))


@dataclass(slots=True)
class _Peer:
    """A peer, the reports that it is yet to be sent, and those that come next."""

    connection: ServerConnection
    deflate: Deflate
    reports: Iterator[bytes]
    next: list[bytes] = field(default_factory=list)


class Gateway:
    """All peers."""

    def __init__(self) -> None:
        self._peers: list[_Peer] = []

    async def meet(self, connection: ServerConnection) -> None:
        """Begins a session, then answers heartbeats until the end."""
        with suppress(ConnectionClosed):
            await self._converse(connection)

    async def _converse(self, connection: ServerConnection) -> None:
        deflate = deflating()

        async def send(frame: Json) -> None:
            await connection.send(deflate(orjson.dumps(frame)))

        await send({"op": HELLO, "d": {"heartbeat_interval": 40_000}})
        async for text in connection:
            frame = orjson.loads(text)
            if frame["op"] == IDENTIFY:
                token = frame["d"]["token"]
                await send({"op": 0, "t": "READY", "s": 1, "d": {"session_id": token, "user": {"id": USER}}})
                self._peers.append(_Peer(connection, deflate, reports(token, message_of(token), count(2))))
            elif frame["op"] == HEARTBEAT:
                await send({"op": HEARTBEAT_ACK})

    def prepare(self, each: int) -> None:
        """Makes so many reports for each peer, so that sending them does not wait for that."""
        for peer in self._peers:
            peer.next = list(islice(peer.reports, each))

    async def send(self) -> None:
        """Sends what was prepared, to all peers by turns: none of them has everything while another has nothing."""
        await asyncio.gather(*map(self._send, self._peers))

    async def _send(self, peer: _Peer) -> None:
        for report in peer.next:
            await peer.connection.send(peer.deflate(report))
            await asyncio.sleep(0)


def answer(connection: ServerConnection, request: Request) -> Response | None:
    """Answers what is asked over HTTP at the same port: the channels hold nothing."""
    return None if "Upgrade" in request.headers else connection.respond(HTTPStatus.OK, "[]")


async def gateway(control: Control) -> None:
    """Serves; `prepare COUNT` gets as many reports ready for each peer, `send` sends them."""
    peers = Gateway()
    async with serve(peers.meet, "127.0.0.1", 0, compression=None, process_request=answer) as server:
        control.say_port(next(iter(server.sockets)).getsockname()[1])
        async for order, *numbers in control.orders():
            if order == "prepare":
                peers.prepare(int(numbers[0]))
                control.say("prepared")
            else:
                control.say("sending")
                await peers.send()
