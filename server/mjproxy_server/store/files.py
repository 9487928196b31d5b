"""Files that are private to the server and survive a power failure."""

import os
import tempfile
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Makes a folder that only its owner can read; an existing one stays as it is."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a private file; whatever happens, it is there with all its bytes or not at all.

    It is safe on the disk after `sync_folder` of its folder.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder safe on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
