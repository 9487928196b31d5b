"""The way out by a proxy; the server has the same for its own."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx
from socksio import SOCKSError

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream


class ProxiedTransport(httpx.AsyncHTTPTransport):
    """What httpx has, with a limit for the handshake with a SOCKS proxy, and an end for one that fails.

    The library below waits for a SOCKS proxy without any limit, lets through the errors of its own parser, and leaves
    the connection open.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request; the handshake has as long as connecting.

        Raises:
            httpx.RequestError: There was no answer.
        """
        limit: float | None = request.extensions.get("timeout", {}).get("connect")
        shaking: AsyncNetworkStream | None = None

        async def follow(event: str, told: Mapping[str, Any]) -> None:
            nonlocal shaking
            if event == "socks.setup_socks5_connection.started":
                shaking = told["stream"]
                bound.reschedule(None if limit is None else asyncio.get_running_loop().time() + limit)
            elif event == "socks.setup_socks5_connection.complete":
                shaking = None
                bound.reschedule(None)

        request.extensions["trace"] = follow
        try:
            async with asyncio.timeout(None) as bound:
                return await super().handle_async_request(request)
        except TimeoutError:
            raise httpx.ConnectTimeout("the SOCKS proxy does not answer", request=request) from None
        except SOCKSError:
            raise httpx.ProxyError("the SOCKS proxy broke off", request=request) from None
        finally:
            if shaking:
                await shaking.aclose()
