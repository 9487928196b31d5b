"""Fetches the bytes of attachments: uploads from the disk, drawings from the painter, recent ones from memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Attachment, Drawing, Upload
from mjproxy_simulator.store import Store

_REMEMBERED_BYTES: Final = 32 * 1024 * 1024
_PAINTERS: Final = 2


class Gallery:
    """The pictures and uploads, as bytes.

    Args:
        store: Knows the jobs.
        uploads: The folder where uploaded files lie.
    """

    def __init__(self, store: Store, uploads: Path) -> None:
        self._store = store
        self._uploads = uploads
        self._painters = ThreadPoolExecutor(_PAINTERS, thread_name_prefix="painter")
        self._recent = _Recent(_REMEMBERED_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._painters.shutdown(cancel_futures=True)

    async def fetch(self, attachment: Attachment) -> bytes | None:
        """Return the bytes of an attachment; None when its job or file is gone."""
        match attachment.source:
            case Upload(upload_name=name):
                return await asyncio.to_thread(self._read, name)
            case Drawing() as drawing:
                return await self._draw(attachment, drawing)

    def _read(self, name: str) -> bytes | None:
        path = upload_path(self._uploads, name)
        return path.read_bytes() if path.is_file() else None

    async def _draw(self, attachment: Attachment, drawing: Drawing) -> bytes | None:
        if remembered := self._recent.get(attachment.id):
            return remembered
        lineage = tuple(self._lineage(drawing.job_id))
        if not lineage:
            return None
        suffix = attachment.filename.rpartition(".")[2]
        loop = asyncio.get_running_loop()
        picture = await loop.run_in_executor(self._painters, _render, lineage, drawing, suffix)
        self._recent.put(attachment.id, picture)
        return picture

    def _lineage(self, job_id: str | None) -> Iterator[Job]:
        """Yield a job, the job it builds on, and so on."""
        while job_id is not None and (job := self._store.job(job_id)) is not None:
            yield job
            job_id = job.parent


def upload_path(folder: Path, name: str) -> Path:
    """Return where an upload lies; its name is `<uuid>/<file name>`, and only the former is ours."""
    return folder / name.partition("/")[0]


def _render(lineage: tuple[Job, ...], drawing: Drawing, suffix: str) -> bytes:
    # The painter brings numpy and Pillow along, which a start should not wait for.
    from mjproxy_simulator.pictures.rendering import render  # noqa: PLC0415

    return render(lineage, drawing, suffix)


class _Recent:
    """The pictures asked for last, up to a number of bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pictures: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: int) -> bytes | None:
        """Return a picture that is remembered."""
        if key in self._pictures:
            self._pictures.move_to_end(key)
        return self._pictures.get(key)

    def put(self, key: int, picture: bytes) -> None:
        """Remember a picture, and forget the ones not asked for longest."""
        self._bytes += len(picture) - len(self._pictures.pop(key, b""))
        self._pictures[key] = picture
        while self._bytes > self._capacity:
            self._bytes -= len(self._pictures.popitem(last=False)[1])
