"""One WebSocket connection to the gateway: opened, used, closed, and never used again."""

import logging
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, WebSocketException
from websockets.typing import Origin

from mjproxy_server.discord.browser import ACCEPT_LANGUAGE, Browser
from mjproxy_server.discord.gateway.close_codes import RESUMABLE_CLOSE
from mjproxy_server.discord.gateway.endings import CannotConnect, ClosedByDiscord, ConnectionCut
from mjproxy_server.discord.gateway.frames import Command, Frame, decode_frame
from mjproxy_server.discord.gateway.inflate import Inflater
from mjproxy_server.tls import client_tls

ORIGIN = Origin("https://discord.com")
OPEN_TIMEOUT = 20.0
# A peer that is gone does not answer the closing handshake; nothing is lost by not waiting for it.
CLOSE_TIMEOUT = 2.0

# At DEBUG the websockets library would log every frame, and IDENTIFY holds the token.
_wire_logger = logging.getLogger(f"{__name__}.wire")
_wire_logger.setLevel(logging.INFO)


class Transport:
    """An open connection that carries frames one way and commands the other."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._inflater = Inflater()

    async def receive(self) -> Frame:
        """Return the next frame.

        Raises:
            ClosedByDiscord: If the server closed the connection with a close frame.
            ConnectionCut: If the connection broke off, or brought what cannot be decoded.
        """
        try:
            while (message := self._inflated(await self._websocket.recv())) is None:
                pass
            return decode_frame(message)
        except ConnectionClosed as closed:
            raise _ending(closed) from None
        except (zlib.error, msgspec.DecodeError) as error:
            raise ConnectionCut(f"Discord sent a frame that cannot be decoded: {error}") from None

    async def send(self, command: Command) -> None:
        """Send a command; raises as `receive` does if the connection is closed."""
        try:
            await self._websocket.send(command.encode())
        except ConnectionClosed as closed:
            raise _ending(closed) from None

    def _inflated(self, message: str | bytes) -> str | bytes | None:
        """Undo the compression; text frames are not compressed, whatever was asked for."""
        return message if isinstance(message, str) else self._inflater.feed(message)


@asynccontextmanager
async def open_transport(url: str, *, browser: Browser, proxy: str | None) -> AsyncIterator[Transport]:
    """Connect to `url` as `browser` would, and close at the end so that the session can be resumed.

    Raises:
        CannotConnect: If nobody answers at `url` or the handshake fails.
    """
    websocket = await _connect(url, browser=browser, proxy=proxy)
    try:
        yield Transport(websocket)
    finally:
        await websocket.close(RESUMABLE_CLOSE)


async def _connect(url: str, *, browser: Browser, proxy: str | None) -> ClientConnection:
    try:
        return await connect(
            url,
            origin=ORIGIN,
            user_agent_header=browser.user_agent,
            additional_headers={
                "Accept-Language": ACCEPT_LANGUAGE,
                "Cache-Control": "no-cache",
                "Pragma": "no-cache",
            },
            ssl=client_tls() if url.startswith("wss://") else None,
            proxy=proxy,
            compression=None,
            max_queue=None,  # Whatever has come is taken at once.
            max_size=None,  # READY of an account with many guilds has several megabytes.
            ping_interval=None,  # The gateway has a heartbeat of its own.
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            logger=_wire_logger,
        )
    except (OSError, WebSocketException) as error:
        raise CannotConnect(_why(error)) from None


def _why(error: Exception) -> str:
    match error:
        case InvalidProxy():  # Its own words hold the proxy's URL, and so perhaps a password.
            return "the configured proxy is not a valid proxy URL"
        case InvalidHandshake():
            return f"the gateway's handshake failed: {error}"
        case _:
            return f"cannot connect to the gateway: {str(error) or type(error).__name__}"


def _ending(closed: ConnectionClosed) -> ClosedByDiscord | ConnectionCut:
    if closed.rcvd is None:
        return ConnectionCut("the connection to the gateway broke off")
    return ClosedByDiscord(closed.rcvd.code, closed.rcvd.reason)
