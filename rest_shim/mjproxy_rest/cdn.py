"""Fetches pictures from Discord, and from nowhere else; they are never held in memory.

A link that is fetched comes from the server, which has it from Discord. Still the host must be one of Discord's, a
mirror that the operator named, or this machine, where the simulator is; redirects are not followed; and what comes
must be a picture, and say how large it is. So no fault elsewhere makes the shim fetch what is none, or pass it on under
its own name.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from mjproxy.loopback import is_loopback
from mjproxy_rest.picture_links import moved
from mjproxy_rest.proxied import ProxiedTransport
from mjproxy_rest.tls import client_tls

MAX_PICTURE_BYTES: Final = 128 * 1024 * 1024

_HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
# No SVG: it may hold scripts, which would run in the name of the shim's own host.
_TYPES: Final = frozenset(
    {"image/png", "image/webp", "image/jpeg", "image/gif", "image/avif", "video/mp4", "video/webm"}
)
_TIMEOUT: Final = httpx.Timeout(20, connect=10, pool=5)
_LIMITS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=16)


class NoSuchPicture(Exception):
    """There is no such picture, or not any longer."""


class PictureUnreachable(Exception):
    """The picture cannot be had now; the message says why."""


def open_http(proxy: str | None) -> httpx.AsyncClient:
    """Opens what pictures are fetched with; the caller closes it.

    Args:
        proxy: An HTTP or SOCKS proxy by which Discord is reached; this machine is reached without.
    """
    transport = ProxiedTransport(client_tls(), proxy=proxy, limits=_LIMITS)
    direct = httpx.AsyncHTTPTransport(client_tls(), limits=_LIMITS)
    local = {f"all://{host}": direct for host in ("127.0.0.1", "localhost", "[::1]")}
    return httpx.AsyncClient(transport=transport, mounts=local, timeout=_TIMEOUT, trust_env=False)


class Cdn:
    """Discord's CDN."""

    def __init__(self, http: httpx.AsyncClient, mirror: str | None = None) -> None:
        """Uses a client that somebody else closes.

        Args:
            http: Fetches.
            mirror: The base URL of what stands for Discord's CDN; None for that itself.
        """
        self._http = http
        self._mirror = mirror and mirror.rstrip("/")

    async def fetch(self, url: str, method: str, headers: Mapping[str, str]) -> httpx.Response:
        """Begins to fetch a picture; the caller reads and closes the answer, whose status is 200, 206 or 416.

        Raises:
            NoSuchPicture: It is not there any longer.
            PictureUnreachable: It cannot be had, or is no picture.
        """
        request = self._http.build_request(
            method, self._address(url), headers={**headers, "Accept-Encoding": "identity"}
        )
        try:
            answer = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise PictureUnreachable(f"{type(error).__name__} at {request.url.host}") from error
        try:
            _check(answer)
        except BaseException:
            await answer.aclose()
            raise
        return answer

    def _address(self, url: str) -> str:
        """Returns where to fetch, which is where Discord is, or what stands for it."""
        parts = _split(url)
        host = parts.hostname or ""
        if (parts.scheme == "http" and is_loopback(host)) or (self._mirror and url.startswith(f"{self._mirror}/")):
            return url
        if parts.scheme != "https" or host not in _HOSTS:
            raise PictureUnreachable(f"{host} is no host of Discord's")
        return moved(url, self._mirror) if self._mirror else url


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise PictureUnreachable(f"its link is none: {error}") from error


def _check(answer: httpx.Response) -> None:
    """Makes sure that an answer is a picture, or says what is wrong with the part that was asked for."""
    host = answer.request.url.host
    if answer.status_code in {403, 404, 410}:
        raise NoSuchPicture
    if answer.status_code == 416:
        return
    if answer.status_code not in {200, 206}:
        raise PictureUnreachable(f"{host} answered with {answer.status_code}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise PictureUnreachable(f"{host} sent {kind or 'something without a type'}, which is no picture")
    if answer.request.method == "GET" and not 0 <= int(answer.headers.get("content-length", -1)) <= MAX_PICTURE_BYTES:
        raise PictureUnreachable(f"{host} sent more than {MAX_PICTURE_BYTES} bytes, or does not say how many")
