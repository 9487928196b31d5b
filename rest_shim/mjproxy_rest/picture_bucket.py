"""Pictures that are kept in an object store (S3 and what speaks like it, Google's, Azure's); see `picture_store`.

Its library is optional: `pip install 'mjproxy[object-store]'`. It reads credentials, region and endpoint where each
store's own tools look for them, for instance AWS_ACCESS_KEY_ID; none of them is a setting here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from mjproxy_rest.picture_links import media_type
from mjproxy_rest.picture_store import Download, Selection, kept_name, nothing

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_log = logging.getLogger(__name__)

# While the store is away, a reader waits for the first two before Discord is asked. The last one is for a whole
# picture, which the caller reads as slowly as he likes; left out, it would be half a minute.
_CLIENT: Final["ClientConfig"] = {
    "allow_http": True,  # Only an endpoint that the operator has named is reached without TLS.
    "connect_timeout": timedelta(seconds=3),
    "read_timeout": timedelta(seconds=20),
    "timeout": timedelta(days=1),
}
_RETRY: Final["RetryConfig"] = {"max_retries": 2, "retry_timeout": timedelta(seconds=5)}

_HELD_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024


class ObjectDraft:
    """An object that comes to be; what does not fit into a little memory waits in a temporary file."""

    def __init__(self, store: "ObjectStore", path: str, kind: str) -> None:
        self._store = store
        self._path = path
        self._kind = kind
        self._spool = SpooledTemporaryFile(max_size=_HELD_BYTES)  # noqa: SIM115 - `discard` closes it
        self._is_wanted = True

    async def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        with self._unwanted_after_error():
            if self._is_wanted:
                await asyncio.to_thread(self._spool.write, chunk)

    async def keep(self) -> None:
        """Puts the object into the store, now that it is whole."""
        with self._unwanted_after_error():
            if self._is_wanted:
                self._spool.seek(0)
                await obstore.put_async(self._store, self._path, self._spool, attributes={"Content-Type": self._kind})

    def discard(self) -> None:
        """Drops the draft."""
        self._is_wanted = False
        self._spool.close()

    @contextmanager
    def _unwanted_after_error(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            self._is_wanted = False
            _log.warning("a picture is not kept: %s", _first_line(error))


class PictureBucket:
    """The bucket, or a folder of it."""

    def __init__(self, url: str) -> None:
        """Prepares to use a bucket; whether it is there, is not asked.

        Args:
            url: Where it is, as s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER.

        Raises:
            OSError: The environment says too little, or something wrong, of how to reach it.
        """
        try:
            self._store = from_url(url, client_options=_CLIENT, retry_config=_RETRY)
        except (BaseError, ValueError) as error:
            raise OSError(f"rest.image_store: {_first_line(error)}; set what the store's own tools need") from None

    async def find(self, task_id: str, name: str, method: str, wanted: str) -> Download | None:
        """Begins to read a kept picture; see `PictureStore.find`."""
        path = kept_name(task_id, name)
        if path is None:
            return None
        try:
            size = (await obstore.head_async(self._store, path))["size"]
            selection = Selection.of(wanted, size)
            content = nothing() if method == "HEAD" or selection.status == 416 else await self._read(path, selection)
        except FileNotFoundError:
            return None
        except BaseError as error:
            _log.warning("a kept picture cannot be had: %s", _first_line(error))
            return None
        return Download(selection.status, selection.headers(name), content, _nothing_to_close)

    async def draft(self, task_id: str, name: str) -> ObjectDraft | None:
        """Begins to keep a picture; None if it cannot be kept."""
        path = kept_name(task_id, name)
        return ObjectDraft(self._store, path, media_type(name)) if path else None

    async def _read(self, path: str, selection: Selection) -> AsyncIterator[bytes]:
        part = (selection.first, selection.end)
        result = await obstore.get_async(self._store, path, options={"range": part})
        return result.stream(min_chunk_size=_CHUNK_BYTES)


async def _nothing_to_close() -> None:
    """A stream that is not read any longer ends by itself."""


def _first_line(error: Exception) -> str:
    """Returns what the library says in a sentence; what it adds is its own innards."""
    return str(error).partition("\n")[0]
