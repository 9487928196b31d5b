"""Pictures that are kept as files of a folder; see `picture_store`."""

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import BufferedReader, BufferedWriter
from pathlib import Path
from threading import Lock
from typing import Final

from mjproxy_rest.picture_store import Download, Selection, kept_name, nothing

_log = logging.getLogger(__name__)

_DRAFT_SUFFIX: Final = ".draft"
_CHUNK_BYTES: Final = 256 * 1024


class FileDraft:
    """A file that comes to be."""

    def __init__(self, file: BufferedWriter, draft: Path, goal: Path) -> None:
        self._file = file
        self._draft = draft
        self._goal = goal
        self._is_wanted = True
        # A reader may leave, and the draft be discarded, while a thread still writes to it.
        self._lock = Lock()

    async def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        await asyncio.to_thread(self._write, chunk)

    async def keep(self) -> None:
        """Gives the file its name, now that it is whole."""
        await asyncio.to_thread(self._keep)

    def discard(self) -> None:
        """Removes the draft, unless it was kept."""
        with self._lock, self._unwanted_after_error():
            self._is_wanted = False
            self._draft.unlink(missing_ok=True)
            self._file.close()

    def _write(self, chunk: bytes) -> None:
        with self._lock, self._unwanted_after_error():
            if self._is_wanted:
                self._file.write(chunk)

    def _keep(self) -> None:
        with self._lock, self._unwanted_after_error():
            if self._is_wanted:
                self._file.close()
                self._draft.replace(self._goal)

    @contextmanager
    def _unwanted_after_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._is_wanted = False
            _log.warning("a picture is not kept: %s", error)


class PictureFolder:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        """Uses a folder, and makes it if it is not there.

        Raises:
            OSError: The folder cannot be made or written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def find(self, task_id: str, name: str, method: str, wanted: str) -> Download | None:
        """Begins to read a kept picture; see `PictureStore.find`."""
        path = self._path(task_id, name)
        file = await asyncio.to_thread(_opened, path) if path else None
        if file is None:
            return None
        selection = Selection.of(wanted, os.fstat(file.fileno()).st_size)

        async def close() -> None:
            file.close()

        content = _read(file, selection) if method == "GET" else nothing()
        return Download(selection.status, selection.headers(name), content, close)

    async def draft(self, task_id: str, name: str) -> FileDraft | None:
        """Begins the file of a picture; None if there cannot be one."""
        goal = self._path(task_id, name)
        return await asyncio.to_thread(self._draft, goal) if goal else None

    def _draft(self, goal: Path) -> FileDraft | None:
        try:
            number, draft = tempfile.mkstemp(suffix=_DRAFT_SUFFIX, dir=self._folder)
        except OSError as error:
            _log.warning("a picture is not kept: %s", error)
            return None
        return FileDraft(os.fdopen(number, "wb"), Path(draft), goal)

    def _path(self, task_id: str, name: str) -> Path | None:
        """Returns where a picture is; nothing that a caller names leads out of the folder."""
        file = kept_name(task_id, name)
        return self._folder / file if file else None


def _opened(path: Path) -> BufferedReader | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("a kept picture cannot be had: %s", error)
        return None


async def _read(file: BufferedReader, selection: Selection) -> AsyncIterator[bytes]:
    file.seek(selection.first)
    left = selection.end - selection.first
    while left and (chunk := await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk
