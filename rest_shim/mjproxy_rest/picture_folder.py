"""Pictures that are kept, as files of a folder: what was fetched once can be had when Discord has it no longer.

A file is named after its task and its picture, so that its name says as much as a link to it. It gets this name when
it is whole; until then it is a draft, which is removed if something goes wrong. Files may be deleted at any time.
"""

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from threading import Lock
from typing import Final

_log = logging.getLogger(__name__)

_TASK_ID: Final = re.compile(r"[0-9]{1,20}")
_NAME: Final = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,4})?")
_DRAFT_SUFFIX: Final = ".draft"


class Draft:
    """A file that comes to be. Its methods block, and a disk that is full costs nobody a picture: it is not kept."""

    def __init__(self, file: BufferedWriter, draft: Path, goal: Path) -> None:
        self._file = file
        self._draft = draft
        self._goal = goal
        self._is_wanted = True
        # A reader may leave, and the draft be discarded, while a thread still writes to it.
        self._lock = Lock()

    def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        with self._lock, self._unwanted_after_error():
            if self._is_wanted:
                self._file.write(chunk)

    def keep(self) -> None:
        """Gives the file its name, now that it is whole."""
        with self._lock, self._unwanted_after_error():
            if self._is_wanted:
                self._file.close()
                self._draft.replace(self._goal)

    def discard(self) -> None:
        """Removes the draft, unless it was kept."""
        with self._lock, self._unwanted_after_error():
            self._is_wanted = False
            self._draft.unlink(missing_ok=True)
            self._file.close()

    @contextmanager
    def _unwanted_after_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._is_wanted = False
            _log.warning("a picture is not kept: %s", error)


class PictureFolder:
    """The kept pictures. Its methods block."""

    def __init__(self, folder: Path) -> None:
        """Uses a folder, and makes it if it is not there.

        Raises:
            OSError: The folder cannot be made or written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def find(self, task_id: str, name: str) -> Path | None:
        """Returns the file of a picture; None if it is not kept."""
        path = self._path(task_id, name)
        return path if path is not None and path.is_file() else None

    def draft(self, task_id: str, name: str) -> Draft | None:
        """Begins the file of a picture; None if there cannot be one."""
        goal = self._path(task_id, name)
        if goal is None:
            return None
        try:
            number, draft = tempfile.mkstemp(suffix=_DRAFT_SUFFIX, dir=self._folder)
        except OSError as error:
            _log.warning("a picture is not kept: %s", error)
            return None
        return Draft(os.fdopen(number, "wb"), Path(draft), goal)

    def _path(self, task_id: str, name: str) -> Path | None:
        """Returns where a picture is; nothing that a caller names leads out of the folder."""
        if not (_TASK_ID.fullmatch(task_id) and _NAME.fullmatch(name)):
            return None
        return self._folder / f"{task_id}-{name}"
