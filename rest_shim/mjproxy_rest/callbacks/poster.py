"""Makes one attempt: posts a callback, and says what became of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
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


class Poster:
    """Posts callbacks, each on a connection of its own."""

    def __init__(
        self,
        checked: httpx.AsyncClient,
        trusted: httpx.AsyncClient,
        *,
        encode: Encode,
        signer: Webhook | None,
        now: Callable[[], float],
        seconds: float,
    ) -> None:
        """Uses clients that somebody else closes.

        Args:
            checked: Calls the hooks of callers.
            trusted: Calls the operator's own hook.
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
        content = body(delivery.task, self._encode)
        client = self._trusted if delivery.trusted else self._checked
        named = headers(delivery, content, self._now(), self._signer)
        async with client.stream("POST", delivery.hook, content=content, headers=named) as answer:
            return answer.status_code, answer.headers


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
    checked_by, trusted_by = (CheckedTransport(_connections(), each, resolve, _LOOKUPS) for each in (rules, ANYWHERE))
    async with _client(checked_by) as checked, _client(trusted_by) as trusted:
        yield Poster(checked, trusted, encode=encode, signer=signer, now=now, seconds=seconds)


def _connections() -> httpx.AsyncHTTPTransport:
    """Makes a transport that keeps no connections; how many there are at once is the sender's to bound."""
    return httpx.AsyncHTTPTransport(
        client_tls(), limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
    )


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """Makes a client that follows no redirects, and takes no cookies: what one hook says is not for another.

    It bounds connecting alone, so that of several addresses the second is tried; the poster bounds the whole.
    """
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
        headers={"user-agent": "mjproxy"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )
