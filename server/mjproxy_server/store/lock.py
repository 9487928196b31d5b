"""One server to a data folder."""

import fcntl
import os
from pathlib import Path

from mjproxy_server.store.errors import StoreLocked

_NAME = "lock"


class FolderLock:
    """An exclusive lock on a folder, held from construction until `release` or the end of the process.

    The lock is the kernel's, so a crash leaves none behind. The file stays; its text names the holder, for people, and
    a holder that has not taken it out has died.

    Args:
        folder: An existing folder.

    Attributes:
        last_died: Whether the last holder has not released it.

    Raises:
        StoreLocked: Another holder has it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._text()
            os.close(self._file)
            raise StoreLocked(folder, holder) from None
        self.last_died = bool(self._text())
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Lets the next one in."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _text(self) -> str:
        return os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
