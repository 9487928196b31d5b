"""A client of Discord as small as one can be, written from the protocol alone."""

import asyncio
import itertools
import json
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]

MIDJOURNEY = "936929561302675456"
IMAGINE = {"id": "938956540159881230", "version": "1237876415471554623", "name": "imagine", "type": 1}
TIMEOUT = 10.0

_nonces = itertools.count(1_251_469_216_000_000_000)


class Gateway:
    """One gateway connection."""

    def __init__(self, socket: ClientConnection, *, compressed: bool) -> None:
        self._socket = socket
        self._inflater = zlib.decompressobj() if compressed else None
        self.sequence = 0
        self.session_id = ""

    async def next_raw(self) -> str | bytes:
        """Return the next frame as it came."""
        async with asyncio.timeout(TIMEOUT):
            return await self._socket.recv()

    async def next(self) -> Json:
        """Return the next frame."""
        data = await self.next_raw()
        if self._inflater is None:
            frame: Json = json.loads(data)
        else:
            assert isinstance(data, bytes)
            frame = self.inflate(data)
        self.sequence = frame["s"] or self.sequence
        return frame

    def inflate(self, data: bytes) -> Json:
        """Return the frame that a whole message of the stream holds."""
        assert self._inflater is not None
        assert data.endswith(b"\x00\x00\xff\xff")
        frame: Json = json.loads(self._inflater.decompress(data))
        return frame

    async def until(self, fits: Callable[[Json], object]) -> Json:
        """Skip to a frame that fits."""
        while not fits(frame := await self.next()):
            pass
        return frame

    async def event(self, name: str, fits: Callable[[Json], object] = lambda _: True) -> Json:
        """Skip to an event that fits; return its data."""
        frame = await self.until(lambda frame: frame["t"] == name and fits(frame["d"]))
        data: Json = frame["d"]
        return data

    async def quiet(self) -> list[Json]:
        """Return the frames that are on their way: all that come before the answer to a heartbeat."""
        await self.send(1, self.sequence or None)
        frames = []
        while (frame := await self.next())["op"] != 11:
            frames.append(frame)
        return frames

    async def send(self, op: int, data: object) -> None:
        """Send a frame."""
        await self._socket.send(json.dumps({"op": op, "d": data}))

    async def send_raw(self, data: str | bytes) -> None:
        """Send anything."""
        await self._socket.send(data)

    async def close_code(self) -> int | None:
        """Wait for the end of the connection; None when it was cut."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return None if closed.rcvd is None else closed.rcvd.code

    async def close(self, code: int = 1000) -> None:
        """Close the connection."""
        await self._socket.close(code)

    def cut(self) -> None:
        """Cut the connection."""
        self._socket.transport.abort()


class DiscordUser:
    """A user with a token."""

    def __init__(self, http: httpx.AsyncClient, account: Json) -> None:
        self.http = http
        self.account = account
        self.gateway: Gateway
        self.session_id: str | None = None

    @property
    def id(self) -> str:
        """The user's id."""
        return str(self.account["user_id"])

    @property
    def name(self) -> str:
        """The user's name."""
        return str(self.account["username"])

    @property
    def token(self) -> str:
        """The user's token."""
        return str(self.account["user_token"])

    @property
    def channel_id(self) -> str:
        """The channel of the user's guild."""
        return str(self.account["channel_id"])

    @asynccontextmanager
    async def connection(self, query: str = "encoding=json&v=9") -> AsyncIterator[Gateway]:
        """Connect to the gateway, and do nothing more."""
        url = str(self.http.base_url).replace("http", "ws", 1)
        # Frames that a test does not read must not keep it from closing the connection: hence no limit of the queue.
        async with connect(f"{url}?{query}", ping_interval=None, max_size=None, max_queue=None, proxy=None) as socket:
            assert not socket.protocol.extensions
            yield Gateway(socket, compressed="zlib-stream" in query)

    @asynccontextmanager
    async def session(self, query: str = "encoding=json&v=9") -> AsyncIterator[Gateway]:
        """Connect to the gateway and identify; the session is then the one of this user's interactions."""
        async with self.connection(query) as gateway:
            await self.identify(gateway)
            yield gateway

    async def identify(self, gateway: Gateway) -> Json:
        """Open a session; return READY."""
        await gateway.send(2, {"token": self.token, "capabilities": 16381, "properties": {}})
        ready = await gateway.event("READY")
        await gateway.event("READY_SUPPLEMENTAL")
        self.gateway, self.session_id = gateway, ready["session_id"]
        gateway.session_id = ready["session_id"]
        return ready

    async def resume(self, gateway: Gateway, session_id: str, sequence: int) -> None:
        """Ask to resume a session."""
        await gateway.send(6, {"token": self.token, "session_id": session_id, "seq": sequence})

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **content: object
    ) -> httpx.Response:
        """Ask the REST API; `content` is httpx's `json`, `params`, `files` or `content`."""
        headers = {"Authorization": self.token} | dict(headers or {})
        request = self.http.build_request(method, f"/api/v9{path}", headers=headers, **content)  # type: ignore[arg-type]
        return await self.http.send(request)

    def command(self, prompt: str, **changes: object) -> Json:
        """Return an imagine interaction."""
        options = [{"type": 3, "name": "prompt", "value": prompt}]
        return self._envelope(2) | {"data": IMAGINE | {"options": options, "attachments": []}} | changes

    def press(self, message: Json, custom_id: str, **changes: object) -> Json:
        """Return a press of a button."""
        pressed = {"message_id": message["id"], "message_flags": message["flags"]}
        return self._envelope(3) | pressed | {"data": {"component_type": 2, "custom_id": custom_id}} | changes

    async def interact(self, body: Json) -> httpx.Response:
        """Send an interaction."""
        return await self.request("POST", "/interactions", json=body)

    async def taken(self, body: Json) -> str:
        """Send an interaction that has to be taken; return its nonce."""
        response = await self.interact(body)
        assert (response.status_code, response.content) == (204, b""), response.text
        return str(body["nonce"])

    async def imagine(self, prompt: str) -> Json:
        """Let the bot draw; return the message with the grid."""
        await self.taken(self.command(prompt))
        return await self.result()

    async def result(self) -> Json:
        """Wait for the next result of a job."""
        return await self.gateway.event("MESSAGE_CREATE", lambda message: message["attachments"])

    async def history(self, **query: str | int) -> list[Json]:
        """Return messages of the channel."""
        response = await self.request("GET", f"/channels/{self.channel_id}/messages", params=query)
        assert response.status_code == 200, response.text
        messages: list[Json] = response.json()
        return messages

    async def download(self, message: Json) -> bytes:
        """Return the first attachment of a message."""
        response = await self.http.get(message["attachments"][0]["url"])
        assert response.status_code == 200, response.text
        return response.content

    def _envelope(self, kind: int) -> Json:
        return {
            "type": kind,
            "application_id": MIDJOURNEY,
            "guild_id": self.account["guild_id"],
            "channel_id": self.channel_id,
            "session_id": self.session_id or "none",
            "nonce": str(next(_nonces)),
        }


def buttons(message: Json) -> list[Json]:
    """Return all buttons of a message, row by row."""
    return [button for row in message["components"] for button in row["components"]]


def custom_id(message: Json, label: str) -> str:
    """Return the custom id of the button with a label or emoji."""
    found = [each for each in buttons(message) if label in {each.get("label"), each.get("emoji", {}).get("name")}]
    return str(found[0]["custom_id"])
