"""The bytes of images, in files named by their digest, kept as long as a task needs them.

Equal images share a file. Each `put` is a hold on it and each `drop` ends one; with the last hold the file goes. Holds
are counted in memory: after a start, `sweep` counts them anew from the tasks that are unfinished.
"""

import asyncio
import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store.files import make_private_folder, sync_folder, write_atomically

logger = logging.getLogger(__name__)


class Images:
    """The images in a folder, which is made when it is needed. All disk work is done off the event loop.

    Args:
        folder: The folder; nothing else is in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holds: Counter[str] = Counter()
        self._changing = threading.Lock()

    async def put(self, data: bytes) -> str:
        """Stores an image and takes a hold on it; returns its digest once the bytes are safe on the disk.

        Raises:
            Unavailable: The disk is full or fails.
        """
        return await asyncio.to_thread(self._put, data)

    async def get(self, digest: str) -> bytes:
        """Returns the bytes of an image.

        Raises:
            FileNotFoundError: There is no such image.
        """
        return await asyncio.to_thread(self._path(digest).read_bytes)

    async def drop(self, digest: str) -> None:
        """Ends one hold; a digest that is not held is let be."""
        await asyncio.to_thread(self._drop, digest)

    async def sweep(self, keep: Iterable[str]) -> None:
        """Makes these the holds, and removes every other file. Only at start, before the first `put`.

        Args:
            keep: A digest for each use of an image by an unfinished task; one that is used twice comes twice.
        """
        await asyncio.to_thread(self._sweep, Counter(keep))

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        with self._changing:
            self._holds[digest] += 1
        try:
            self._write(self._path(digest), data)
        except OSError as error:
            self._drop(digest)
            raise Unavailable(f"The image cannot be stored: {error.strerror}. Try again later.") from error
        return digest

    def _write(self, path: Path, data: bytes) -> None:
        make_private_folder(self._folder)
        if not path.exists():
            write_atomically(path, data)
        sync_folder(self._folder)  # Also for a file that another put has renamed, but not made safe yet.

    def _drop(self, digest: str) -> None:
        with self._changing:
            if digest not in self._holds:
                return
            self._holds[digest] -= 1
            if not self._holds[digest]:
                del self._holds[digest]
                self._remove(self._path(digest))

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("The image %s could not be removed; the next start does it: %s", path, error)

    def _sweep(self, keep: Counter[str]) -> None:
        with self._changing:
            self._holds = keep
            for path in self._folder.glob("*"):
                if path.name not in keep:
                    self._remove(path)

    def _path(self, digest: str) -> Path:
        return self._folder / digest
