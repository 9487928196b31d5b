"""What `imageUrl` says: where callers find the picture of a task.

That is Discord's own link, the same behind a mirror of Discord's CDN, or a link to the shim: /mj/image/ID/NAME, where
ID is the task's and NAME is a digest of the picture's path at Discord. Such a link needs no key, since an <img> cannot
send one, and so it must not be guessable. The ids of tasks are: they are times. The digest is not, because the path
holds random numbers of Discord's and the id of the bot's job; who knows it has seen the picture's link already. So the
name is both, which picture it is and the right to see it; there is no secret to keep, and every shim, now or after a
restart, makes the same one.

A name stands for the same bytes for ever: Discord never changes an attachment, and each preview of a running task is
a new one.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import parse_qs

from mjproxy.v1.task_pb2 import Task

ImageUrl = Callable[[Task], str | None]

# A link is followed some time after it was given out.
_MARGIN_SECONDS: Final = 60
_MOST_REMEMBERED: Final = 8192
_UNIX_SECONDS: Final = re.compile("[0-9a-f]{1,12}")
# What clients tell a picture by, where they look at the end of its link.
_TYPES: Final = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
}


def as_given(task: Task) -> str | None:
    """Shows Discord's own link; None if there is no picture yet."""
    return task.image_url or None


def behind_mirror(base: str) -> ImageUrl:
    """Shows Discord's links with scheme, host and, if it has one, the path of a mirror before their own paths."""

    def image_url(task: Task) -> str | None:
        return moved(task.image_url, base) if task.image_url else None

    return image_url


def moved(url: str, base: str) -> str:
    """Returns a URL on another host; path and query, which hold the signature, are kept."""
    return f"{base.rstrip('/')}/{_path(url)}"


def _path(url: str) -> str:
    """Returns what is behind the host; of any text, since a link that is none must not keep a task from being shown."""
    return url.partition("://")[2].partition("/")[2]


def picture_name(url: str) -> str:
    """Returns the name of the picture to which one of Discord's links leads, whatever its signature."""
    path = _path(url).partition("?")[0]
    suffix = PurePosixPath(path).suffix.lower()
    digest = hashlib.blake2b(path.encode(), digest_size=16).hexdigest()
    return digest + (suffix if suffix in _TYPES else "")


def media_type(name: str) -> str:
    """Returns the content type that a picture's name stands for."""
    return _TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


class OwnLinks:
    """Shows links to the shim, and remembers for a while where they lead.

    So a picture that was just shown costs no question to the server, and a preview can be had though the task has a
    newer one. Whoever asks for a picture may have been shown its link by another worker; therefore this is told of all
    that could be shown.
    """

    def __init__(self, public_url: str, now: Callable[[], float]) -> None:
        """Begins without any.

        Args:
            public_url: Where callers find the shim.
            now: The time, in Unix seconds.
        """
        self._base = public_url.rstrip("/")
        self._now = now
        self._remembered: OrderedDict[tuple[str, str], str] = OrderedDict()

    def image_url(self, task: Task) -> str | None:
        """Shows a link to the shim; None if there is no picture yet."""
        if not task.image_url:
            return None
        name = picture_name(task.image_url)
        self._remember((task.id, name), task.image_url)
        return f"{self._base}/mj/image/{task.id}/{name}"

    def source(self, task_id: str, name: str) -> str | None:
        """Returns where a picture was when it was shown; None if that is forgotten, or the link holds no longer."""
        url = self._remembered.get((task_id, name))
        return url if url is not None and holds(url, self._now()) else None

    def _remember(self, key: tuple[str, str], url: str) -> None:
        self._remembered[key] = url
        self._remembered.move_to_end(key)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)


def holds(url: str, now: float) -> bool:
    """True if one of Discord's links can still be followed; one that is not signed always can.

    Source: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls, with the time in hexadecimal.
    """
    expiry = parse_qs(url.partition("?")[2]).get("ex", [""])[0]
    return not _UNIX_SECONDS.fullmatch(expiry) or int(expiry, 16) > now + _MARGIN_SECONDS
