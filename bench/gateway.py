"""A gateway for the benchmark, in a process of its own: it greets whoever comes, and sends what it is told to."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from itertools import count

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bench.messages import USER, Json, progress
from bench.processes import Control

HELLO, IDENTIFY, HEARTBEAT, HEARTBEAT_ACK = 10, 2, 1, 11


def deflating() -> Callable[[Json], bytes]:
    """Returns what compresses the frames of one connection, which are one stream."""
    stream = zlib.compressobj()
    return lambda frame: stream.compress(orjson.dumps(frame)) + stream.flush(zlib.Z_SYNC_FLUSH)


def reports(channel_id: str, message_id: str, sequences: Iterator[int]) -> Iterator[Json]:
    """Yields one report after the other of the only job in a channel."""
    for sequence in sequences:
        yield {"op": 0, "t": "MESSAGE_UPDATE", "s": sequence, "d": progress(message_id, channel_id, sequence)}


def message_of(token: str) -> str:
    """Returns the progress message of the account with this token."""
    return str(2 * 10**18 + int(token))


class Gateway:
    """The peers, each with the frames that it is yet to be sent."""

    def __init__(self) -> None:
        self._peers: list[tuple[ServerConnection, Iterator[bytes]]] = []

    async def meet(self, peer: ServerConnection) -> None:
        """Begins a session, then answers heartbeats until the end."""
        with suppress(ConnectionClosed):
            await self._converse(peer)

    async def _converse(self, peer: ServerConnection) -> None:
        packed = deflating()
        await peer.send(packed({"op": HELLO, "d": {"heartbeat_interval": 40_000}}))
        async for text in peer:
            frame = orjson.loads(text)
            if frame["op"] == IDENTIFY:
                token = frame["d"]["token"]
                ready = {"session_id": token, "user": {"id": USER}}
                await peer.send(packed({"op": 0, "t": "READY", "s": 1, "d": ready}))
                self._peers.append((peer, map(packed, reports(token, message_of(token), count(2)))))
            elif frame["op"] == HEARTBEAT:
                await peer.send(packed({"op": HEARTBEAT_ACK}))

    async def send(self, each: int) -> None:
        """Sends so many reports to each peer."""
        await asyncio.gather(*(self._send(peer, frames, each) for peer, frames in self._peers))

    async def _send(self, peer: ServerConnection, frames: Iterator[bytes], number: int) -> None:
        for _ in range(number):
            await peer.send(next(frames))


def answer(connection: ServerConnection, request: Request) -> Response | None:
    """Answers what is asked over HTTP at the same port: the channels hold nothing."""
    return None if "Upgrade" in request.headers else connection.respond(HTTPStatus.OK, "[]")


async def gateway(control: Control) -> None:
    """Serves; `send COUNT` sends as many reports to each peer."""
    peers = Gateway()
    async with serve(peers.meet, "127.0.0.1", 0, compression=None, process_request=answer) as server:
        control.say_port(next(iter(server.sockets)).getsockname()[1])
        async for _, each in control.orders():
            control.say("sent")
            await peers.send(int(each))
