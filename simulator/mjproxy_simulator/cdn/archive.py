"""Gathers from the store what the pictures of a job are drawn from."""

from collections.abc import Callable
from pathlib import Path

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Upload
from mjproxy_simulator.pictures.records import Elsewhere, Record, Shown, Source
from mjproxy_simulator.store import Store


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
        place = self._own(url)
        attachment = None if place is None else self._store.attachment(place[0], place[1])
        if attachment is None:
            return Elsewhere(url)
        if isinstance(attachment.source, Upload):
            return self.upload(attachment.source.upload_name) or Elsewhere(url)
        record = self.record(attachment.source.job_id)
        return Elsewhere(url) if record is None else Shown(record, attachment.source)


def upload_path(folder: Path, name: str) -> Path:
    """Return where an upload lies; its name is `<uuid>/<file name>`, and only the former is ours."""
    return folder / name.partition("/")[0]
