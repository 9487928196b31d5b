import pytest

from mjproxy_rest.picture_bucket import ObjectDraft, PictureBucket
from tests.rest.rest_bucket import Bucket

NAME = "0" * 32 + ".png"
PATH = f"/pictures/of/mj/1-{NAME}"
CONTENT = bytes(range(256))


@pytest.fixture
def pictures(bucket: Bucket) -> PictureBucket:
    return PictureBucket("s3://pictures/of/mj")


async def begun(pictures: PictureBucket) -> ObjectDraft:
    draft = await pictures.draft("1", NAME)
    assert draft is not None
    return draft


async def read(pictures: PictureBucket, wanted: str = "", method: str = "GET") -> tuple[int, bytes] | None:
    found = await pictures.find("1", NAME, method, wanted)
    return (found.status, b"".join([chunk async for chunk in found.content])) if found else None


async def test_a_picture_is_found_when_it_is_whole(pictures: PictureBucket, bucket: Bucket) -> None:
    draft = await begun(pictures)
    await draft.write(CONTENT[:100])
    await draft.write(CONTENT[100:])
    assert await read(pictures) is None
    await draft.keep()
    draft.discard()
    assert bucket.objects == {PATH: ("image/png", CONTENT)}
    assert await read(pictures) == (200, CONTENT)


async def test_a_large_picture_is_kept_in_parts(pictures: PictureBucket, bucket: Bucket) -> None:
    draft = await begun(pictures)
    for _ in range(7):
        await draft.write(CONTENT * 4096)
    await draft.keep()
    draft.discard()
    assert len(bucket.parts) == 2
    assert await read(pictures) == (200, CONTENT * 4096 * 7)


async def test_a_part_is_read_and_told_as_one(pictures: PictureBucket, bucket: Bucket) -> None:
    bucket.objects[PATH] = "image/png", CONTENT
    assert await read(pictures, "bytes=10-19") == (206, CONTENT[10:20])
    assert await read(pictures, "bytes=256-") == (416, b"")
    assert await read(pictures, "bytes=10-19", "HEAD") == (206, b"")
    told = await pictures.find("1", NAME, "HEAD", "")
    assert told is not None
    assert told.headers == {"content-type": "image/png", "content-length": "256"}


async def test_a_discarded_draft_leaves_nothing(pictures: PictureBucket, bucket: Bucket) -> None:
    draft = await begun(pictures)
    await draft.write(CONTENT)
    draft.discard()
    await draft.write(CONTENT)
    await draft.keep()
    assert not bucket.objects


async def test_a_store_that_is_away_is_no_error_but_keeps_nothing(
    pictures: PictureBucket, bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.away = True
    draft = await begun(pictures)
    await draft.write(CONTENT)
    await draft.keep()
    draft.discard()
    assert await read(pictures) is None
    assert not bucket.objects
    assert "a picture is not kept" in caplog.text
    assert "a kept picture cannot be had" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(("task_id", "name"), [("..", NAME), ("1", "../x"), ("1/2", NAME), ("1", "")])
async def test_no_name_leads_out_of_the_folder(task_id: str, name: str, pictures: PictureBucket) -> None:
    assert await pictures.find(task_id, name, "GET", "") is None
    assert await pictures.draft(task_id, name) is None


def test_an_environment_that_says_too_little_is_an_error_that_says_so() -> None:
    with pytest.raises(OSError, match=r"rest\.image_store: .*Account must be specified; set what"):
        PictureBucket("az://container/folder")
