"""Fetching a picture, and storing it so that nothing is lost or overwritten."""

import asyncio
import mimetypes
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from mjproxy.backoff import Backoff
from mjproxy.errors import DownloadFailed
from mjproxy.loopback import is_loopback

MAX_PICTURE_BYTES: Final = 128 * 1024 * 1024
TIMEOUT_SECONDS: Final = 600.0
_SILENCE: Final = httpx.Timeout(20, connect=10)
_TRIES: Final = 3

_EXTENSIONS: Final = {
    "image/png": ".png",
    "image/webp": ".webp",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
}
_TYPES: Final = {extension: type_ for type_, extension in _EXTENSIONS.items()} | {".jpeg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, or a short film, as the server of pictures gave it."""

    content: bytes = field(repr=False)
    content_type: str

    @property
    def extension(self) -> str:
        """What its file's name should end with, for instance ".webp"."""
        return _EXTENSIONS.get(self.content_type) or mimetypes.guess_extension(self.content_type) or ".bin"


async def download(url: str) -> Picture:
    """Fetches a picture; tries again where that may help.

    Other hosts are reached by way of the proxy that the environment names, if it names one; this machine is not.

    Raises:
        DownloadFailed: It could not be fetched within `TIMEOUT_SECONDS`, is no picture, or is too large.
    """
    try:
        by_proxy = not is_loopback(httpx.URL(url).host)
        http = httpx.AsyncClient(follow_redirects=True, trust_env=by_proxy, timeout=_SILENCE)
        async with asyncio.timeout(TIMEOUT_SECONDS), http:
            return await _download(http, url)
    except TimeoutError:
        raise DownloadFailed(f"the picture was not fetched within {TIMEOUT_SECONDS:g} s: {url}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadFailed(
            f"the picture could not be fetched ({str(error) or type(error).__name__}): {url}"
        ) from error


async def _download(http: httpx.AsyncClient, url: str) -> Picture:
    delays = Backoff()
    tries = 0
    while True:
        tries += 1
        try:
            return await _get(http, url)
        except httpx.HTTPError as error:
            if tries == _TRIES or not may_help_again(error):
                raise
        await asyncio.sleep(next(delays))


def may_help_again(error: httpx.HTTPError) -> bool:
    """Decides whether a failed download is tried again: after a broken connection, or a fault of the server."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == httpx.codes.TOO_MANY_REQUESTS or error.response.is_server_error
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


async def _get(http: httpx.AsyncClient, url: str) -> Picture:
    async with http.stream("GET", url) as response:
        response.raise_for_status()
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not content_type.startswith(("image/", "video/")):
            raise DownloadFailed(f"{url} is no picture, but {content_type or 'of no type'}")
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_PICTURE_BYTES:
                raise DownloadFailed(f"the picture is larger than {MAX_PICTURE_BYTES} bytes: {url}")
    return Picture(bytes(content), content_type)


async def save(picture: Picture, path: Path, *, name: str, overwrite: bool) -> Path:
    """Writes a file off the event loop; see `store`."""
    return await asyncio.to_thread(store, picture, path, name=name, overwrite=overwrite)


def store(picture: Picture, path: Path, *, name: str, overwrite: bool) -> Path:
    """Writes a file that is either whole or not there.

    Args:
        picture: What to write.
        path: The file, in a folder that exists; or a folder. If the file's extension is that of another type, the
            picture's takes its place: a WebP for "cat.png" becomes "cat.webp".
        name: What the file is called in that folder, without its extension.
        overwrite: Replaces the file if it exists. Otherwise, and for a file that was not named like that, a free name
            is chosen: "cat.png" becomes "cat-2.png".

    Returns:
        Where it was written.

    Raises:
        OSError: It could not be written; nothing is left behind.
    """
    named = path / f"{name}{picture.extension}" if path.is_dir() else path
    target = _rightly_named(named, picture)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(picture.content)
        return temporary.replace(target if overwrite and target == named else _reserve(target))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _rightly_named(path: Path, picture: Picture) -> Path:
    claimed = _TYPES.get(path.suffix.lower(), picture.content_type)
    return path if claimed == picture.content_type else path.with_suffix(picture.extension)


def _reserve(path: Path) -> Path:
    """Creates an empty file under the first free name, so that nobody else takes it."""
    number = 1
    candidate = path
    while True:
        try:
            candidate.touch(exist_ok=False)
        except FileExistsError:
            number += 1
            candidate = path.with_stem(f"{path.stem}-{number}")
        else:
            return candidate
