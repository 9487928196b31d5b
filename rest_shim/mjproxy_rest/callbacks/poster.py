"""Makes one attempt: posts a callback, and says what became of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Final

import httpx
from standardwebhooks.webhooks import Webhook

from mjproxy.v1.delivery_service_pb2 import Delivery, DeliveryResult
from mjproxy_rest.callbacks import results
from mjproxy_rest.callbacks.addresses import ANYWHERE, AddressRules
from mjproxy_rest.callbacks.message import Encode, body, headers
from mjproxy_rest.callbacks.transport import CheckedTransport, HookRefused, Resolve, system_resolve
from mjproxy_rest.tls import client_tls

_ATTEMPT_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 5.0
_LOOKUPS: Final = 64

# Only connecting is bounded by itself, so that of several addresses the second is tried; the poster bounds the whole.
_EXTENSIONS: Final = {"timeout": httpx.Timeout(None, connect=_CONNECT_SECONDS).as_dict()}
_KEEP_NOTHING: Final = httpx.Limits(max_keepalive_connections=0)

_url: Final = lru_cache(1024)(httpx.URL)  # Most tasks share their hook with others.


class Poster:
    """Posts callbacks, each on a connection of its own."""

    def __init__(
        self,
        checked: httpx.AsyncBaseTransport,
        trusted: httpx.AsyncBaseTransport,
        *,
        encode: Encode,
        signer: Webhook | None,
        now: Callable[[], float],
        seconds: float,
    ) -> None:
        """Uses transports that somebody else closes.

        They are called without a client round them, which would follow redirects, keep cookies and look for proxies:
        nothing of that is wanted here.

        Args:
            checked: Leads to the hooks of callers.
            trusted: Leads to the operator's own hook.
            encode: Makes the JSON of a task.
            signer: Signs what is posted; None leaves it unsigned.
            now: The time, in Unix seconds.
            seconds: How long an attempt may take in all.
        """
        self._checked = checked
        self._trusted = trusted
        self._encode = encode
        self._signer = signer
        self._now = now
        self._seconds = seconds

    async def post(self, delivery: Delivery) -> DeliveryResult:
        """Makes the attempt. What goes wrong is in the result."""
        try:
            async with asyncio.timeout(self._seconds):
                status, said = await self._exchange(delivery)
        except (HookRefused, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return results.refused(delivery.lease_id, str(error))
        except TimeoutError:
            return results.failed(delivery.lease_id, f"no answer within {self._seconds:g} s")
        except httpx.ConnectTimeout:
            return results.failed(delivery.lease_id, f"no connection within {_CONNECT_SECONDS:g} s")
        except httpx.HTTPError as error:
            return results.failed(delivery.lease_id, str(error) or type(error).__name__)
        return results.answered(delivery.lease_id, status, said, self._now())

    async def _exchange(self, delivery: Delivery) -> tuple[int, httpx.Headers]:
        """Returns the status and the headers of the answer, whose body says nothing more and is not read."""
        transport = self._trusted if delivery.trusted else self._checked
        answer = await transport.handle_async_request(self._request(delivery))
        await answer.aclose()
        return answer.status_code, answer.headers

    def _request(self, delivery: Delivery) -> httpx.Request:
        """Makes the request; what is before an @ in its URL authorizes it."""
        content = body(delivery.task, self._encode)
        named = headers(delivery, content, self._now(), self._signer)
        request = httpx.Request("POST", _url(delivery.hook), content=content, headers=named, extensions=_EXTENSIONS)
        if request.url.userinfo:
            next(httpx.BasicAuth(request.url.username, request.url.password).auth_flow(request))
        return request


@asynccontextmanager
async def open_poster(
    rules: AddressRules,
    *,
    encode: Encode,
    signer: Webhook | None,
    now: Callable[[], float],
    resolve: Resolve = system_resolve,
    seconds: float = _ATTEMPT_SECONDS,
) -> AsyncIterator[Poster]:
    """Opens a poster for so long.

    Args:
        rules: Which addresses the hooks of callers may have.
        encode: Makes the JSON of a task.
        signer: Signs what is posted; None leaves it unsigned.
        now: The time, in Unix seconds.
        resolve: Finds the addresses of hosts.
        seconds: How long an attempt may take in all.
    """
    async with (
        CheckedTransport(_connection, rules, resolve, _LOOKUPS) as checked,
        CheckedTransport(_connection, ANYWHERE, resolve, _LOOKUPS) as trusted,
    ):
        yield Poster(checked, trusted, encode=encode, signer=signer, now=now, seconds=seconds)


def _connection() -> httpx.AsyncHTTPTransport:
    """Makes a transport for one request, which keeps no connection.

    One for all would search all connections twice for each request, and take two hosts with the same address for one.
    """
    return httpx.AsyncHTTPTransport(client_tls(), limits=_KEEP_NOTHING)
