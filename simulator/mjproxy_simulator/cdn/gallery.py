"""Fetches the bytes of pictures and uploads: drawn when they are asked for, and recent ones from memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Self

from mjproxy_simulator.cdn.archive import Archive
from mjproxy_simulator.cdn.variants import Variant
from mjproxy_simulator.model.messages import Drawing, Upload
from mjproxy_simulator.pictures.records import Record

_REMEMBERED_BYTES: Final = 32 * 1024 * 1024
_PAINTERS: Final = 2

Source = Drawing | Upload
Key = tuple[Source, str, Variant | None]


class UnsupportedError(ValueError):
    """A file is no picture, so that there is no other form of it."""


class Gallery:
    """The pictures and uploads, as bytes.

    A picture is never drawn twice at the same time, and not more than two are at work: all who ask for it meanwhile get
    the same bytes.

    Args:
        archive: Knows what pictures are drawn from, and where uploads lie.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._painters = ThreadPoolExecutor(_PAINTERS, thread_name_prefix="painter")
        self._recent = _Recent(_REMEMBERED_BYTES)
        self._underway: dict[Key, asyncio.Future[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._painters.shutdown(cancel_futures=True)

    def has(self, source: Source) -> bool:
        """Return whether a picture or upload can be had; nothing is drawn to know it."""
        match source:
            case Upload(upload_name=name):
                return self._archive.upload(name) is not None
            case Drawing(job_id=job_id):
                return self._archive.job(job_id) is not None

    def size(self, source: Source, suffix: str) -> int | None:
        """Return how many bytes a file has; None for a picture that is not drawn yet."""
        if isinstance(source, Upload):
            path = self._archive.upload(source.upload_name)
            return None if path is None else path.stat().st_size
        remembered = self._recent.get((source, suffix, None))
        return None if remembered is None else len(remembered)

    async def fetch(self, source: Source, suffix: str, variant: Variant | None = None) -> bytes | None:
        """Return the bytes of a picture or upload; None when its job or file is gone.

        Args:
            source: What to fetch.
            suffix: The end of its file name, which says how a drawing is written.
            variant: Another form in which it is wanted.

        Raises:
            UnsupportedError: It is no picture, so that it has no other form.
        """
        original = await self._original(source, suffix)
        if variant is None or original is None:
            return original
        return await self._work((source, suffix, variant), partial(_converted, original, suffix, variant))

    async def _original(self, source: Source, suffix: str) -> bytes | None:
        if isinstance(source, Upload):
            path = self._archive.upload(source.upload_name)
            return None if path is None else await asyncio.to_thread(path.read_bytes)
        key = (source, suffix, None)
        if remembered := self._recent.get(key):
            return remembered
        record = self._archive.record(source.job_id)
        return None if record is None else await self._work(key, partial(_render, record, source, suffix))

    async def _work(self, key: Key, work: Callable[[], bytes]) -> bytes:
        if remembered := self._recent.get(key):
            return remembered
        if key not in self._underway:
            future = asyncio.get_running_loop().run_in_executor(self._painters, work)
            self._underway[key] = future
            future.add_done_callback(partial(self._done, key))
        # Shielded, for others may wait for the same picture when one of them gives up.
        return await asyncio.shield(self._underway[key])

    def _done(self, key: Key, future: asyncio.Future[bytes]) -> None:
        del self._underway[key]
        if not future.cancelled() and future.exception() is None:
            self._recent.put(key, future.result())


# The painter brings numpy and Pillow along, which a start should not wait for.


def _render(record: Record, drawing: Drawing, suffix: str) -> bytes:
    from mjproxy_simulator.pictures.rendering import render  # noqa: PLC0415

    return render(record, drawing, suffix)


def _converted(original: bytes, suffix: str, variant: Variant) -> bytes:
    from mjproxy_simulator.pictures.conversion import convert  # noqa: PLC0415

    converted = convert(original, variant.suffix or suffix, (variant.width, variant.height), variant.quality)
    if converted is None:
        raise UnsupportedError
    return converted


class _Recent:
    """The pictures asked for last, up to a number of bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pictures: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> bytes | None:
        """Return a picture that is remembered."""
        if key in self._pictures:
            self._pictures.move_to_end(key)
        return self._pictures.get(key)

    def put(self, key: Key, picture: bytes) -> None:
        """Remember a picture, and forget the ones not asked for longest."""
        self._bytes += len(picture) - len(self._pictures.pop(key, b""))
        self._pictures[key] = picture
        while self._bytes > self._capacity:
            self._bytes -= len(self._pictures.popitem(last=False)[1])
