"""Gathers from the store what the pictures of a job are drawn from."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Drawing, Upload, View
from mjproxy_simulator.pictures.records import Elsewhere, Record, Shown, Source
from mjproxy_simulator.store import Store

_MIRRORED: Final = re.compile(r"https?://[^/]+/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/0_([0-3])\.\w+")


class Archive:
    """Everything that was ever drawn or uploaded.

    Args:
        store: Knows jobs and attachments.
        own: Tells channel, attachment and file name of a link to the simulator's own CDN, `Links.own`.
        uploads: The folder where uploaded files lie.
    """

    def __init__(self, store: Store, own: Callable[[str], tuple[int, int, str] | None], uploads: Path) -> None:
        self._store = store
        self._own = own
        self._uploads = uploads

    def job(self, job_id: str) -> Job | None:
        """Return a job."""
        return self._store.job(job_id)

    def record(self, job_id: str) -> Record | None:
        """Return what the pictures of a job are made from; None if it was forgotten."""
        record = None
        for job in reversed(self._lineage(job_id)):
            images = tuple(map(self._source, job.images))
            mask = None if job.mask is None else self.upload(job.mask)
            record = Record(job, record, images, mask)
        return record

    def upload(self, name: str) -> Path | None:
        """Return where an uploaded file lies; None if there is none of this name."""
        path = upload_path(self._uploads, name)
        return path if path.is_file() else None

    def _lineage(self, job_id: str | None) -> list[Job]:
        """Return a job, the job it builds on, and so on."""
        jobs = []
        while job_id is not None and (job := self._store.job(job_id)) is not None:
            jobs.append(job)
            job_id = job.parent
        return jobs

    def _source(self, url: str) -> Source:
        """Return what a link shows; one that leads nowhere is treated like one of another host."""
        if mirrored := _MIRRORED.match(url):
            return self._shown(Drawing(mirrored[1], View.CELL, cell=int(mirrored[2]) + 1)) or Elsewhere(url)
        place = self._own(url)
        attachment = None if place is None else self._store.attachment(place[0], place[1])
        match attachment and attachment.source:
            case Upload(upload_name=name):
                return self.upload(name) or Elsewhere(url)
            case Drawing() as drawing:
                return self._shown(drawing) or Elsewhere(url)
        return Elsewhere(url)

    def _shown(self, drawing: Drawing) -> Shown | None:
        record = self.record(drawing.job_id)
        return None if record is None else Shown(record, drawing)


def upload_path(folder: Path, name: str) -> Path:
    """Return where an upload lies; its name is `<uuid>/<file name>`, and only the former is ours."""
    return folder / name.partition("/")[0]
