import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mjproxy_rest.picture_folder import FileDraft, PictureFolder

NAME = "0" * 32 + ".png"


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Has the system refuse larger files, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def begun(folder: PictureFolder) -> FileDraft:
    draft = await folder.draft("1", NAME)
    assert draft is not None
    return draft


async def test_a_picture_is_found_when_it_is_whole(folder: PictureFolder) -> None:
    draft = await begun(folder)
    await draft.write(b"one")
    await draft.write(b"two")
    assert await folder.find("1", NAME, "GET", "") is None
    await draft.keep()
    draft.discard()
    found = await folder.find("1", NAME, "GET", "bytes=1-")
    assert found is not None
    assert b"".join([chunk async for chunk in found.content]) == b"netwo"
    await found.close()


async def test_a_discarded_draft_leaves_nothing_whatever_comes_after(folder: PictureFolder, tmp_path: Path) -> None:
    draft = await begun(folder)
    await draft.write(b"one")
    draft.discard()
    await draft.write(b"two")
    await draft.keep()
    assert not list(tmp_path.iterdir())


async def test_a_full_disk_is_no_error_but_keeps_nothing(
    folder: PictureFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draft = await begun(folder)
    with files_up_to(100_000):
        for _ in range(4):
            await draft.write(b"x" * 50_000)
        await draft.keep()
        draft.discard()
    assert not list(tmp_path.iterdir())
    assert "a picture is not kept" in caplog.text


@pytest.mark.parametrize(
    ("task_id", "name"),
    [
        ("..", NAME),
        ("1", "../x"),
        ("1", "x"),
        ("1", NAME + "/.."),
        ("1/2", NAME),
        ("", NAME),
        ("1", ""),
        ("1", NAME + "\n"),
    ],
)
async def test_no_name_leads_out_of_the_folder(task_id: str, name: str, folder: PictureFolder, tmp_path: Path) -> None:
    assert await folder.find(task_id, name, "GET", "") is None
    assert await folder.draft(task_id, name) is None
    assert not list(tmp_path.iterdir())
