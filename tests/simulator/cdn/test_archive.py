from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mjproxy_simulator.cdn.archive import Archive, upload_path
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.model.jobs import Kind
from mjproxy_simulator.model.messages import Attachment, Drawing, Upload, View
from mjproxy_simulator.pictures.records import Elsewhere, Record, Shown
from mjproxy_simulator.store import Store
from tests.simulator.pictures.records_of_jobs import JOB

NAME = "b1946ac9/cat.png"


class Library:
    """A store with an archive over it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.links = Links(b"key", "http://127.0.0.1:1", lambda: 0.0)
        self.archive = Archive(store, self.links.own, folder)

    def attach(self, number: int, source: Drawing | Upload) -> str:
        """Keep an attachment; return its link."""
        self.store.put_attachment(5, Attachment(number, "cat.png", "image/png", 1, source))
        return self.links.attachment(5, number, "cat.png")

    def upload(self) -> Path:
        """Put a file; return where it lies."""
        path = upload_path(self.folder, NAME)
        path.write_bytes(b"file")
        return path


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Store(tmp_path / "store.sqlite3") as store:
        yield Library(store, tmp_path)


def test_record_holds_the_whole_lineage(library: Library) -> None:
    variation = replace(JOB, id="k", number=2, kind=Kind.VARIATION, parent="j", index=1)
    upscale = replace(JOB, id="l", number=3, kind=Kind.UPSCALE, parent="k", index=4)
    for job in (JOB, variation, upscale):
        library.store.put_job(job)
    assert library.archive.record("l") == Record(upscale, Record(variation, Record(JOB)))


def test_record_ends_where_a_job_was_forgotten(library: Library) -> None:
    orphan = replace(JOB, id="k", number=2, parent="gone")
    library.store.put_job(orphan)
    assert library.archive.record("k") == Record(orphan)
    assert library.archive.record("gone") is None


def test_images_are_found_wherever_they_are(library: Library) -> None:
    path = library.upload()
    drawing = Drawing("j", View.CELL)
    images = (library.attach(7, Upload(NAME)), library.attach(8, drawing), "https://example.com/a.png")
    library.store.put_job(JOB)
    library.store.put_job(replace(JOB, id="k", number=2, images=images))
    record = library.archive.record("k")
    assert record is not None
    assert record.images == (path, Shown(Record(JOB), drawing), Elsewhere("https://example.com/a.png"))


def test_link_to_the_mirror_leads_to_the_picture_of_the_job(library: Library) -> None:
    job = replace(JOB, id="5f2a1826-7bb0-42c2-b441-98a48a39e760")
    known = f"https://cdn.midjourney.com/{job.id}/0_2.png"
    unknown = known.replace("5f2a", "0000")
    library.store.put_job(job)
    library.store.put_job(replace(JOB, id="k", number=2, images=(known, unknown)))
    record = library.archive.record("k")
    assert record is not None
    assert record.images == (Shown(Record(job), Drawing(job.id, View.CELL, cell=3)), Elsewhere(unknown))


@pytest.mark.parametrize("source", [Upload("none/cat.png"), Drawing("gone", View.GRID)])
def test_image_that_is_gone_counts_as_one_of_another_host(library: Library, source: Drawing | Upload) -> None:
    url = library.attach(7, source)
    library.store.put_job(replace(JOB, images=(url, library.links.attachment(5, 99, "cat.png"))))
    record = library.archive.record("j")
    assert record is not None
    assert record.images == (Elsewhere(url), Elsewhere(library.links.attachment(5, 99, "cat.png")))


def test_mask_is_the_uploaded_file(library: Library) -> None:
    path = library.upload()
    library.store.put_job(replace(JOB, kind=Kind.REGION, mask=NAME))
    record = library.archive.record("j")
    assert record is not None
    assert record.mask == path
