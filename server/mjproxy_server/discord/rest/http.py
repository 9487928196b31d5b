"""The HTTP client below the REST API, and what its failures prove about a request."""

import logging
import socket
import struct
from collections.abc import Mapping

import httpx

from mjproxy_server.discord.browser import ACCEPT_LANGUAGE
from mjproxy_server.discord.errors import DiscordUnavailable
from mjproxy_server.proxied import ProxiedTransport
from mjproxy_server.tls import client_tls

DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=15.0)

# Of a network that carries less a large file cannot be expected to arrive.
_SLOWEST_BYTES_PER_SECOND = 50_000

# These happen before the first byte of a request is written, and so prove that it was not taken.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

# Whoever closes a connection drops what he has written and the network has not taken yet, also when the process is
# killed. The system would go on to send it otherwise: an interaction that was given up could be taken minutes later,
# after it was proved that it was not, and sent once more.
_NOTHING_LINGERS = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

# At INFO the library would log every URL, and those of uploads carry a signature that lets anybody write.
logging.getLogger("httpx").setLevel(logging.WARNING)


def open_http(*, user_agent: str, proxy: str | None, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """Return a client that goes out by `proxy` only, whatever the environment says."""
    transport = ProxiedTransport(proxy=proxy, trust_env=False, verify=client_tls(), socket_options=[_NOTHING_LINGERS])
    headers = {"User-Agent": user_agent, "Accept-Language": ACCEPT_LANGUAGE}
    return httpx.AsyncClient(headers=headers, timeout=timeout, trust_env=False, transport=transport)


async def request(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, str | int] | None = None,
    json: Mapping[str, object] | None = None,
    content: bytes | None = None,
) -> httpx.Response:
    """Send one request and read its whole answer.

    Raises:
        DiscordUnavailable: If there was no whole answer; its `sent` tells whether the request may have arrived.
    """
    if http.is_closed:
        raise DiscordUnavailable("the account's connections are closed", sent=False)
    message = http.build_request(method, url, headers=headers, params=params, json=json, content=content)
    message.extensions["timeout"] = _limits(http.timeout, len(message.content)).as_dict()
    try:
        return await http.send(message)
    except _NEVER_SENT as error:
        raise DiscordUnavailable(_describe(error), sent=False) from None
    except httpx.RequestError as error:
        raise DiscordUnavailable(_describe(error), sent=True) from None


def _limits(silence: httpx.Timeout, size: int) -> httpx.Timeout:
    """Returns the limits for a body of so many bytes: the library holds one for a silence against the whole of it.

    The answer is waited for while the last of the body is still on its way.
    """
    longer = size / _SLOWEST_BYTES_PER_SECOND
    return httpx.Timeout(
        connect=silence.connect,
        pool=silence.pool,
        write=None if silence.write is None else silence.write + longer,
        read=None if silence.read is None else silence.read + longer,
    )


def _describe(error: httpx.RequestError) -> str:
    return f"no answer from Discord: {type(error).__name__} {error}".rstrip()
