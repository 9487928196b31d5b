"""The wall round hooks: a name is resolved, its addresses are judged, and one that passed is connected to.

Nothing resolves the name again between the judgement and the connection, so that a name whose answer changes from one
moment to the next (DNS rebinding) leads nowhere else. A redirect would be a request of its own, and judged like any.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import httpx

from mjproxy_rest.callbacks.addresses import AddressRules

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[], httpx.AsyncBaseTransport]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MOST_TRIED: Final = 3
_JUDGEMENTS: Final = 1024


class HookRefused(Exception):
    """The hook must not be called; the message says why."""


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Returns the addresses of a host, the best first. Blocks.

    Raises:
        OSError: It has none, or that cannot be found out now.
        UnicodeError: It is no host's name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _place(url: httpx.URL) -> tuple[str, int]:
    """Returns the host and the port that a URL names."""
    if url.scheme not in _DEFAULT_PORTS:
        raise httpx.UnsupportedProtocol(f"{url.scheme or 'no scheme'} is neither http nor https")
    if not url.host:
        raise HookRefused("the hook has no host")
    return url.raw_host.decode("ascii"), url.port or _DEFAULT_PORTS[url.scheme]


def _is_address(host: str) -> bool:
    """Tells whether a host is an address as such, and no name; `127.1` and the like count as names."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that the rules allow, and to no others."""

    def __init__(self, connect: Connect, rules: AddressRules, resolve: Resolve, lookups: int) -> None:
        """Prepares the wall.

        Args:
            connect: Makes a transport that is used for one attempt to connect, and need not be closed.
            rules: Which addresses are allowed.
            resolve: Finds addresses; called in threads.
            lookups: How many names may be looked up at once. The threads are the wall's own: a name server that does
                not answer holds one for half a minute, and must not keep others from theirs.
        """
        self._connect = connect
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(lookups, thread_name_prefix="lookup")
        self._allow = lru_cache(_JUDGEMENTS)(rules.allow)  # A judgement never changes, and most are made again soon.

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request to the first allowed address of its host that can be connected to.

        Raises:
            HookRefused: There are addresses, but none that is allowed; or there is no host, or what is there is none.
            httpx.UnsupportedProtocol: The URL's scheme is neither http nor https.
            httpx.TransportError: The host has no address now, or the request failed.
        """
        url = request.url
        host, port = _place(url)
        *others, last = await self._allowed(host, port)
        request.extensions["sni_hostname"] = host
        for address in others:
            try:
                return await self._send(request, url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(request, url, last)

    async def aclose(self) -> None:
        """Closes; lookups under way go on in their threads, and nobody hears of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _send(self, request: httpx.Request, url: httpx.URL, address: str) -> httpx.Response:
        """Sends a request, whose `Host` is set already, to an address in the place of the host that its URL names."""
        request.url = url if url.host == address else url.copy_with(host=address)
        return await self._connect().handle_async_request(request)

    async def _allowed(self, host: str, port: int) -> Sequence[str]:
        found = [host] if _is_address(host) else await self._look_up(host, port)
        allowed = [address for address in found if self._allow(host, port, ip_address(address))]
        if not allowed:
            raise HookRefused(
                f"{host} has the address {found[0]}, which is not public; if that is meant to be, add {host} to "
                "allow_hosts in [callbacks]"
            )
        return allowed[:_MOST_TRIED]

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._resolve, host, port)
        except UnicodeError:
            raise HookRefused(f"{host} is no name of a host") from None
        except OSError as error:
            raise httpx.ConnectError(f"no address was found ({error.strerror})") from error
