import asyncio
import hashlib
import os
import resource
from pathlib import Path

import pytest

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store import Images


@pytest.fixture
def images(folder: Path) -> Images:
    return Images(folder / "images")


def _files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "images").iterdir()}


async def test_an_image_is_found_by_its_digest(images: Images) -> None:
    digest = await images.put(b"cat")
    assert digest == hashlib.sha256(b"cat").hexdigest()
    assert await images.get(digest) == b"cat"


async def test_an_image_goes_with_its_last_hold(images: Images, folder: Path) -> None:
    digest = await images.put(b"cat")
    await images.put(b"cat")
    assert _files(folder) == {digest}
    await images.drop(digest)
    assert await images.get(digest) == b"cat"
    await images.drop(digest)
    assert _files(folder) == set()
    with pytest.raises(FileNotFoundError):
        await images.get(digest)


async def test_equal_images_share_a_file(images: Images, folder: Path) -> None:
    path = folder / "images" / await images.put(b"cat")
    first = path.stat().st_ino
    await images.put(b"cat")
    assert path.stat().st_ino == first


async def test_an_image_that_is_not_held_is_let_be(images: Images, folder: Path) -> None:
    digest = await images.put(b"cat")
    await images.drop(hashlib.sha256(b"dog").hexdigest())
    await Images(folder / "images").drop(digest)
    assert await images.get(digest) == b"cat"


async def test_a_sweep_keeps_what_is_used_and_counts_its_uses(images: Images, folder: Path) -> None:
    cat, dog, bird = [await images.put(data) for data in (b"cat", b"dog", b"bird")]
    (folder / "images" / f"{cat}.half-written").write_bytes(b"c")
    reopened = Images(folder / "images")
    await reopened.sweep([cat, dog, cat])
    assert bird not in _files(folder)
    assert _files(folder) == {cat, dog}
    await reopened.drop(cat)
    assert await reopened.get(cat) == b"cat"
    await reopened.drop(cat)
    assert _files(folder) == {dog}


async def test_a_sweep_of_a_folder_that_is_not_there_does_nothing(images: Images, folder: Path) -> None:
    await images.sweep([])
    assert not folder.exists()


async def test_equal_images_may_come_and_go_at_once(images: Images, folder: Path) -> None:
    data = os.urandom(100_000)

    async def use() -> None:
        digest = await images.put(data)
        assert await images.get(digest) == data
        await images.drop(digest)

    for _ in range(5):
        await asyncio.gather(*(use() for _ in range(20)))
    assert _files(folder) == set()


async def test_a_full_disk_leaves_nothing_behind(images: Images, folder: Path) -> None:
    await images.put(b"small")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(Unavailable) as refused:
            await images.put(b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(folder) not in str(refused.value)
    assert _files(folder) == {hashlib.sha256(b"small").hexdigest()}
    digest = await images.put(b"x" * 1000)
    assert await images.get(digest) == b"x" * 1000
    await images.drop(digest)  # The put that failed holds nothing.
    assert digest not in _files(folder)
