"""Pictures through the shim, over real sockets: who may read them, from where, and how they are passed on."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from mjproxy.v1.task_pb2 import Task
from mjproxy_rest.cdn import MAX_PICTURE_BYTES
from mjproxy_rest.picture_links import picture_name
from tests.rest.openapi_checks import conforms
from tests.rest.rest_bucket import Bucket
from tests.rest.rest_cdn import Cdn
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer, running

PATH = "/attachments/1/2/user_a_cat_5f2a1826-7bb0-42c2-b441-98a48a39e760.png"
PICTURE = bytes(range(256)) * 1000
SHOWN: dict[str, object] = {"images": "proxy", "public_url": "https://mj.example/sub/"}

Kept = Callable[[], list[bytes]]


@pytest.fixture
async def cdn() -> AsyncIterator[Cdn]:
    async with Cdn.serve() as serving:
        yield serving


@pytest.fixture
async def proxy(guarded_server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    """A shim that shows links to itself."""
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key", rest=SHOWN) as client:
        yield client


@pytest.fixture
async def picture(guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn) -> tuple[httpx.AsyncClient, str]:
    """The shim, and the link to a picture that it shows."""
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    return proxy, await shown(proxy)


def pictured(url: str, task_id: str = "1", caller: str = "ann") -> Task:
    task = running(task_id, caller=caller)
    task.image_url = url
    return task


async def shown(shim: httpx.AsyncClient, task_id: str = "1") -> str:
    """Returns the path of the link that Ann is shown."""
    task = (await shim.get(f"/mj/task/{task_id}/fetch", headers={"mj-api-secret": "key-of-ann"})).json()
    assert task["imageUrl"].startswith("https://mj.example/sub/mj/image/")
    return str(task["imageUrl"]).removeprefix("https://mj.example/sub")


async def test_a_picture_is_read_without_a_key_by_the_link_that_was_shown(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    link = await shown(proxy)
    assert link.endswith(".png")
    calls = len(guarded_server.calls)
    answer = await proxy.get(link, headers={"Origin": "https://page.example"})
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PICTURE))
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["last-modified"] == "Fri, 01 Aug 2025 00:00:00 GMT"
    assert len(guarded_server.calls) == calls, "what was just shown costs no question"


async def test_a_picture_that_the_client_has_is_not_sent_again(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    link = await shown(proxy)
    etag = (await proxy.get(link)).headers["etag"]
    again = await proxy.get(link, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, len(cdn.asked)) == (304, b"", 1)


@pytest.mark.parametrize(
    ("headers", "status", "first"), [({}, 206, 10), ({"If-Range": "ETAG"}, 206, 10), ({"If-Range": '"other"'}, 200, 0)]
)
async def test_a_part_is_passed_on_as_asked_for(
    headers: dict[str, str], status: int, first: int, picture: tuple[httpx.AsyncClient, str]
) -> None:
    proxy, link = picture
    etag = (await proxy.head(link)).headers["etag"]
    conditions = {name: value.replace("ETAG", etag) for name, value in headers.items()}
    answer = await proxy.get(link, headers={"Range": "bytes=10-19", **conditions})
    assert (answer.status_code, answer.content[:10]) == (status, PICTURE[first : first + 10])
    assert answer.headers.get("content-range") == (f"bytes 10-19/{len(PICTURE)}" if status == 206 else None)


async def test_head_is_answered_without_the_picture(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    answer = await proxy.head(await shown(proxy))
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(len(PICTURE)), b"")
    assert cdn.asked[0].startswith("HEAD ")


async def test_a_preview_can_be_read_though_the_task_has_a_newer_one(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put("/a/1/a_grid_0.webp", b"first", "image/webp")))
    link = await shown(proxy)
    await guarded_server.put(pictured(cdn.put("/a/2/a_grid_0.webp", b"second", "image/webp")))
    assert (await proxy.get(link)).content == b"first"


async def test_an_expired_link_is_made_new_by_the_server(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    cdn.put(PATH, PICTURE)
    await guarded_server.put(pictured(cdn.link(PATH, expiry=1)))
    guarded_server.fresh_links["1"] = cdn.link(PATH)
    assert (await proxy.get(await shown(proxy))).content == PICTURE
    assert guarded_server.calls.count("GetImageUrl") == 1
    assert "ex=ffffffff" in cdn.asked[0]


async def test_another_shim_serves_the_same_link(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    """So that several can stand side by side, and links outlive restarts."""
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    link = await shown(proxy)
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key") as other:
        assert (await other.get(link)).content == PICTURE


async def test_a_picture_cannot_be_read_by_guessing_and_nobody_asks_discord_for_it(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.link(PATH, expiry=1)))
    for name in ("x", "0" * 32, "0" * 32 + ".png", picture_name("https://cdn.discordapp.com/a.png")):
        answer = await proxy.get(f"/mj/image/1/{name}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert not cdn.asked
    assert "GetImageUrl" not in guarded_server.calls


async def test_the_picture_of_a_task_is_found_with_a_key(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)), running("2", caller="ann"))
    found = await proxy.get("/mj/image/1", headers={"mj-api-secret": "key-of-ann"}, follow_redirects=True)
    assert found.content == PICTURE
    conforms(found.history[0])
    statuses = [
        (await proxy.get(path, headers={"mj-api-secret": key} if key else {})).status_code
        for path, key in (
            ("/mj/image/1", ""),
            ("/mj/image/1", "key-of-bob"),
            ("/mj/image/2", "key-of-ann"),
            ("/mj/image/3", "key-of-ann"),
        )
    ]
    assert statuses == [401, 404, 404, 404]


@pytest.mark.parametrize("status", [403, 404])
async def test_what_discord_has_no_longer_is_not_there(
    status: int, guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, b"gone", "text/plain", status)))
    assert (await proxy.get(await shown(proxy))).status_code == 404


@pytest.mark.parametrize(
    ("status", "kind", "content"),
    [
        (200, "text/html", b"<script>"),
        (200, "image/svg+xml", b"<svg/>"),
        (500, "image/png", b"oops"),
        (302, "image/png", b"http://127.0.0.1:1/elsewhere.png"),
    ],
    ids=str,
)
async def test_what_is_no_picture_is_not_passed_on(  # noqa: PLR0917 - three of them are the case
    status: int, kind: str, content: bytes, guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn
) -> None:
    await guarded_server.put(pictured(cdn.put(PATH, content, kind, status)))
    answer = await proxy.get(await shown(proxy))
    assert answer.status_code == 502
    assert content not in answer.content
    assert len(cdn.asked) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://evil.example/a.png", "evil.example is no host of Discord's"),
        ("http://cdn.discordapp.com/a.png", "cdn.discordapp.com is no host of Discord's"),
        ("https://cdn.discordapp.com.evil.example/a.png", "evil.example is no host of Discord's"),
        ("https://cdn.discordapp.com@evil.example/a.png", "evil.example is no host of Discord's"),
        ("file:///etc/passwd", " is no host of Discord's"),
        ("https://[::1/a.png", "its link is none"),
    ],
)
async def test_nothing_is_fetched_from_other_hosts_than_discords(
    url: str, reason: str, guarded_server: ScriptedServer, proxy: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await guarded_server.put(pictured(url))
    with caplog.at_level(logging.WARNING, "mjproxy_rest"):
        answer = await proxy.get(await shown(proxy))
    assert answer.status_code == 502
    assert reason in caplog.text


async def test_a_picture_that_is_too_large_is_not_passed_on(
    guarded_server: ScriptedServer, proxy: httpx.AsyncClient, cdn: Cdn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_PICTURE_BYTES > 100_000_000
    monkeypatch.setattr("mjproxy_rest.cdn.MAX_PICTURE_BYTES", 1000)
    await guarded_server.put(pictured(cdn.put(PATH, b"x" * 1001)), pictured(cdn.put("/b.png", b"x" * 1000), "2"))
    assert (await proxy.get(await shown(proxy))).status_code == 502
    assert (await proxy.get(await shown(proxy, "2"))).status_code == 200


@pytest.fixture(params=["folder", "bucket"])
def kept_in(request: pytest.FixtureRequest, bucket: Bucket, tmp_path: Path) -> tuple[dict[str, object], Kept]:
    """Settings under which pictures are kept, and what is kept so far."""
    if request.param == "bucket":
        return {"image_store": "s3://pictures/mj"}, lambda: [content for _, content in bucket.objects.values()]
    folder = tmp_path / "pictures"
    return {"image_store": str(folder)}, lambda: [path.read_bytes() for path in folder.iterdir()]


async def test_a_picture_that_was_read_is_kept(
    guarded_server: ScriptedServer, cdn: Cdn, kept_in: tuple[dict[str, object], Kept]
) -> None:
    settings, kept = kept_in
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key", rest=SHOWN | settings) as shim:
        link = await shown(shim)
        assert (await shim.get(link, headers={"Range": "bytes=0-9"})).status_code == 206
        assert kept() == [], "a part is not kept"
        assert (await shim.get(link)).content == PICTURE
        assert kept() == [PICTURE], "the reader has all of it, and may have left"
    cdn.pictures.clear()
    await guarded_server.remove("1")
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key", rest=SHOWN | settings) as shim:
        answer = await shim.get(link)
        assert (answer.content, answer.headers["content-type"]) == (PICTURE, "image/png")
        assert answer.headers["content-length"] == str(len(PICTURE))
        assert (await shim.get(link, headers={"Range": "bytes=10-19"})).content == PICTURE[10:20]
        assert (await shim.get(link, headers={"Range": f"bytes={len(PICTURE)}-"})).status_code == 416
        assert (await shim.head(link)).headers["content-length"] == str(len(PICTURE))
        assert (await shim.get(link.replace("/1/", "/2/"))).status_code == 404


async def test_a_picture_is_read_though_the_store_is_away(
    guarded_server: ScriptedServer, cdn: Cdn, bucket: Bucket
) -> None:
    bucket.away = True
    settings = SHOWN | {"image_store": "s3://pictures/mj"}
    await guarded_server.put(pictured(cdn.put(PATH, PICTURE)))
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key", rest=settings) as shim:
        assert (await shim.get(await shown(shim))).content == PICTURE


async def test_a_picture_that_was_not_read_to_its_end_is_not_kept(
    guarded_server: ScriptedServer, cdn: Cdn, tmp_path: Path
) -> None:
    settings = {**SHOWN, "image_store": str(tmp_path / "pictures")}
    await guarded_server.put(pictured(cdn.put(PATH, b"x" * 50_000_000)))
    async with (
        running_shim(f"127.0.0.1:{guarded_server.port}", "service-key", rest=settings) as shim,
        shim.stream("GET", await shown(shim)) as answer,
    ):
        assert answer.status_code == 200
    assert not list((tmp_path / "pictures").iterdir())


async def test_links_lead_to_discord_unless_set_otherwise(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    url = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3&"
    await server.put(pictured(url))
    assert (await shim.get("/mj/task/1/fetch")).json()["imageUrl"] == url


async def test_links_lead_to_a_mirror_that_is_set(server: ScriptedServer) -> None:
    await server.put(pictured("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3&"), running("2"))
    settings = {"image_base": "https://mirror.example/discord/"}
    async with running_shim(f"127.0.0.1:{server.port}", rest=settings) as shim:
        tasks = (await shim.get("/mj/task/list")).json()
    mirrored = "https://mirror.example/discord/attachments/1/2/a.png?ex=1&is=2&hm=3&"
    assert [task["imageUrl"] for task in tasks] == [None, mirrored]
