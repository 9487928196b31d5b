import os
import stat
from pathlib import Path

import httpx
import pytest

from mjproxy import download as downloading
from mjproxy.download import Picture, download, may_help_again, store
from mjproxy.errors import DownloadFailed
from tests.client.picture_server import Answer, PictureServer

CAT = Picture(b"cat", "image/png")


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [
        ("image/png", ".png"),
        ("image/webp", ".webp"),
        ("image/jpeg", ".jpg"),
        ("image/gif", ".gif"),
        ("video/mp4", ".mp4"),
        ("image/bmp", ".bmp"),
        ("image/x-unheard-of", ".bin"),
    ],
)
def test_extension_of_each_type(content_type: str, extension: str) -> None:
    assert Picture(b"", content_type).extension == extension


async def test_download_reads_content_and_type(pictures: PictureServer) -> None:
    pictures.answers[0] = Answer(b"cat", "image/PNG; q=1")
    assert await download(pictures.url) == CAT


async def test_download_follows_a_redirect(pictures: PictureServer) -> None:
    pictures.answers.appendleft(Answer(status=302, location=pictures.url))
    assert (await download(pictures.url)).content == b"picture"


async def test_download_is_tried_again_when_the_server_falters(pictures: PictureServer) -> None:
    pictures.answers.extendleft([Answer(status=503), Answer(status=429)])
    assert (await download(pictures.url)).content == b"picture"
    assert pictures.requests == 3


async def test_download_fails_at_once_when_there_is_no_picture(pictures: PictureServer) -> None:
    pictures.answers[0] = Answer(status=404)
    with pytest.raises(DownloadFailed, match="404"):
        await download(pictures.url)
    assert pictures.requests == 1


async def test_download_fails_when_the_answer_is_no_picture(pictures: PictureServer) -> None:
    pictures.answers[0] = Answer(b"<html>", "text/html; charset=utf-8")
    with pytest.raises(DownloadFailed, match="text/html"):
        await download(pictures.url)


async def test_download_fails_when_the_picture_is_too_large(
    pictures: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "MAX_PICTURE_BYTES", 6)
    with pytest.raises(DownloadFailed, match="larger than 6 bytes"):
        await download(pictures.url)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/cat.png", "cat.png", "http://[", "http://127.0.0.1:1/"])
async def test_download_fails_when_the_address_leads_nowhere(url: str) -> None:
    with pytest.raises(DownloadFailed):
        await download(url)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (httpx.ReadError("cut"), True),
        (httpx.ConnectTimeout("slow"), True),
        (httpx.UnsupportedProtocol("ftp"), False),
        (httpx.TooManyRedirects("round and round"), False),
    ],
)
def test_only_broken_connections_are_tried_again(error: httpx.HTTPError, again: bool) -> None:
    assert may_help_again(error) is again


def test_stored_file_is_readable_as_the_umask_says(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        path = store(CAT, tmp_path / "cat.png", name="1", overwrite=False)
    finally:
        os.umask(previous)
    assert path.read_bytes() == b"cat"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_store_chooses_a_free_name(tmp_path: Path) -> None:
    taken = tmp_path / "cat.png"
    taken.write_bytes(b"dog")
    stored = [store(CAT, taken, name="1", overwrite=False) for _ in range(2)]
    assert stored == [tmp_path / "cat-2.png", tmp_path / "cat-3.png"]
    assert taken.read_bytes() == b"dog"


def test_store_overwrites_when_asked_to(tmp_path: Path) -> None:
    taken = tmp_path / "cat.png"
    taken.write_bytes(b"dog")
    assert store(CAT, taken, name="1", overwrite=True) == taken
    assert taken.read_bytes() == b"cat"


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("cat.webp", "cat.png"), ("cat.JPEG", "cat.png"), ("cat.PNG", "cat.PNG"), ("cat", "cat"), ("cat.v7", "cat.v7")],
)
def test_store_corrects_the_extension_of_another_type(tmp_path: Path, asked: str, stored: str) -> None:
    assert store(CAT, tmp_path / asked, name="1", overwrite=False) == tmp_path / stored


def test_store_overwrites_nothing_that_was_not_named(tmp_path: Path) -> None:
    taken = tmp_path / "cat.png"
    taken.write_bytes(b"dog")
    assert store(CAT, tmp_path / "cat.webp", name="1", overwrite=True) == tmp_path / "cat-2.png"
    assert taken.read_bytes() == b"dog"


def test_store_names_the_file_when_given_a_folder(tmp_path: Path) -> None:
    assert store(CAT, tmp_path, name="17", overwrite=False) == tmp_path / "17.png"


def test_store_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "cat.png").mkdir()
    (tmp_path / "cat.png" / "17.png").mkdir()
    with pytest.raises(OSError, match=r"17\.png"):
        store(CAT, tmp_path / "cat.png", name="17", overwrite=True)
    assert [path.name for path in (tmp_path / "cat.png").iterdir()] == ["17.png"]
