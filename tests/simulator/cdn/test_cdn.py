import io
import json
import re

import pytest
from PIL import Image, ImageStat

from tests.simulator.discord_user import DiscordUser, Json, buttons, custom_id
from tests.simulator.simulated_world import Play, World

DESCRIBE = {"id": "1092492867185950852", "version": "1237876415471554625", "name": "describe", "type": 1}


def metadata(content: bytes) -> dict[str, object]:
    image = Image.open(io.BytesIO(content))
    text = image.info["mjproxy-simulator"] if image.format == "PNG" else image.getexif()[0x010E]
    return dict(json.loads(text))


@pytest.mark.parametrize(("profile", "kind"), [(2023, "PNG"), (2026, "WEBP")])
async def test_picture_says_whose_it_is(play: Play, profile: int, kind: str) -> None:
    world = await play(profile=profile)
    alice = await world.user(0)
    async with alice.session():
        grid = await alice.imagine("a cat ☕ --ar 2:1")
        await alice.taken(alice.press(grid, custom_id(grid, "U2")))
        await alice.gateway.event("MESSAGE_CREATE")
        single = await alice.result()
    pictures = [await alice.download(message) for message in (grid, single)]
    jobs = await world.jobs()
    assert [metadata(picture) for picture in pictures] == [
        {key: job[key] for key in ("kind", "parent", "index", "prompt", "seed")} | {"job": job["id"], "view": view}
        for job, view in zip(jobs, ("grid", "cell"), strict=True)
    ]
    assert jobs[1]["parent"] == jobs[0]["id"]
    for picture, message in zip(pictures, (grid, single), strict=True):
        image, attachment = Image.open(io.BytesIO(picture)), message["attachments"][0]
        assert image.size == (attachment["width"], attachment["height"])
        assert image.width == pytest.approx(2 * image.height, rel=0.03)
    assert Image.open(io.BytesIO(pictures[0])).format == kind
    assert Image.open(io.BytesIO(pictures[1])).format == "PNG"


async def test_preview_shows_the_job_at_work(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    await alice.taken(alice.command("a cat"))
    shown = await alice.gateway.event("MESSAGE_UPDATE", lambda message: message["attachments"])
    picture = await alice.download(shown)
    (job,) = await world.jobs()
    assert Image.open(io.BytesIO(picture)).size == (512, 512)
    assert (metadata(picture)["job"], metadata(picture)["view"]) == (job["id"], "preview")


async def upload(world: World, alice: DiscordUser, filename: str, content: bytes) -> Json:
    """Upload a file; return it as a message or a command names it."""
    announced = {"files": [{"filename": filename, "file_size": len(content), "id": "0"}]}
    slots = await alice.request("POST", f"/channels/{alice.channel_id}/attachments", json=announced)
    (slot,) = slots.json()["attachments"]
    await world.http.put(slot["upload_url"], content=content)
    return {"id": "0", "filename": filename, "uploaded_filename": slot["upload_filename"]}


async def uploaded(world: World, alice: DiscordUser, filename: str, content: bytes) -> str:
    """Upload a file and post it; return the link to it."""
    body = {"content": "", "attachments": [await upload(world, alice, filename, content)]}
    message = await alice.request("POST", f"/channels/{alice.channel_id}/messages", json=body)
    return str(message.json()["attachments"][0]["url"])


@pytest.fixture
async def url(connected_alice: DiscordUser) -> str:
    """The link to a grid."""
    grid = await connected_alice.imagine("a cat")
    return str(grid["attachments"][0]["url"])


async def test_picture_may_be_read_from_any_origin(world: World, url: str) -> None:
    first, again = await world.http.get(url), await world.http.get(url)
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["content-type"] == "image/webp"
    assert first.content == again.content


async def test_image_prompt_leaves_a_trace_in_the_picture(world: World, connected_alice: DiscordUser) -> None:
    alice, blue = connected_alice, io.BytesIO()
    Image.new("RGB", (64, 64), "blue").save(blue, "PNG")
    link = await uploaded(world, alice, "blue.png", blue.getvalue())
    await alice.gateway.event("MESSAGE_CREATE")
    pictures = [await alice.download(await alice.imagine(f"{head}a cat --seed 7")) for head in ("", f"{link} ")]
    plain, traced = (ImageStat.Stat(Image.open(io.BytesIO(file)).convert("RGB")).mean for file in pictures)
    assert traced[2] - traced[0] > plain[2] - plain[0] + 20


async def test_short_link_in_a_prompt_leads_to_the_image(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    link = await uploaded(world, alice, "a cat.png", b"anything")
    await alice.gateway.event("MESSAGE_CREATE")
    (code,) = re.findall(r"<https://(s\.mj\.run/\S+)>", (await alice.imagine(f"{link} a cat"))["content"])
    response = await world.http.get(f"/{code}", follow_redirects=False)
    assert response.status_code == 302
    assert (await world.http.get(response.headers["location"])).content == b"anything"
    assert (await world.http.get("/s.mj.run/unknown")).status_code == 404


async def test_pictures_of_a_job_are_told_without_drawing(world: World, url: str) -> None:
    assert url
    (job,) = await world.jobs()
    pictures = (await world.http.get(f"/control/jobs/{job['id']}/pictures")).json()
    assert [(each["view"], each["cell"], each["job"]) for each in pictures] == [
        ("grid", 0, job["id"]),
        *(("cell", cell, job["id"]) for cell in range(1, 5)),
    ]
    assert (await world.http.get("/control/jobs/none/pictures")).status_code == 404


async def test_browser_may_ask_for_permission_first(world: World, url: str) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}
    response = await world.http.options(url.partition("?")[0], headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "GET" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "*"


async def test_head_says_whose_picture_it_is_before_it_is_drawn(world: World, url: str) -> None:
    head = await world.http.head(url)
    (job,) = await world.jobs()
    assert head.status_code == 200
    assert "content-length" not in head.headers
    told = {name: head.headers.get(f"x-simulator-{name}") for name in ("job", "kind", "parent", "seed", "view")}
    assert told == {"job": job["id"], "kind": "imagine", "parent": None, "seed": str(job["seed"]), "view": "grid"}
    content = (await world.http.get(url)).content
    again = await world.http.head(url)
    assert int(again.headers["content-length"]) == len(content)
    assert {name: again.headers[name] for name in ("etag", "last-modified", "content-type")} == {
        name: head.headers[name] for name in ("etag", "last-modified", "content-type")
    }


async def test_part_of_a_picture_is_served(world: World, url: str) -> None:
    whole = (await world.http.get(url)).content
    part = await world.http.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    beyond = await world.http.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")


async def test_picture_that_the_client_has_is_not_sent_again(world: World, url: str) -> None:
    first = await world.http.get(url)
    for condition in (
        {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        response = await world.http.get(url, headers=condition)
        assert (response.status_code, response.content) == (304, b"")
    other = await world.http.get(url, headers={"If-None-Match": '"other"'})
    assert other.content == first.content


async def test_part_is_served_only_of_the_file_that_the_client_knows(world: World, url: str) -> None:
    etag = (await world.http.head(url)).headers["etag"]
    part = {"Range": "bytes=0-9"}
    assert (await world.http.get(url, headers=part | {"If-Range": etag})).status_code == 206
    assert (await world.http.get(url, headers=part | {"If-Range": '"other"'})).status_code == 200


async def test_media_host_gives_other_sizes_and_formats(world: World, url: str) -> None:
    response = await world.http.get(f"{url}=&format=png&quality=lossless&width=320&height=999")
    image = Image.open(io.BytesIO(response.content))
    assert (response.headers["content-type"], image.format, image.size) == ("image/png", "PNG", (320, 320))
    assert metadata(response.content)["job"] == (await world.jobs())[0]["id"]
    assert response.headers["etag"] != (await world.http.head(url)).headers["etag"]


async def test_media_host_names_what_it_does_not_take(world: World, url: str) -> None:
    response = await world.http.get(f"{url}=&format=bmp")
    assert (response.status_code, response.text) == (400, "format: one of webp, png, jpeg, jpg")


async def test_mirror_serves_single_pictures_of_finished_jobs(world: World, url: str) -> None:
    assert url
    (job,) = await world.jobs()
    response = await world.http.get(f"/{job['id']}/0_3.png")
    assert response.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (512, 512)
    assert metadata(response.content)["view"] == "cell"
    for path in (f"/{job['id']}/0_4.png", f"/{job['id']}/0_0.exe", "/00000000-0000-4000-8000-000000000000/0_0.png"):
        assert (await world.http.get(path)).status_code == 404


async def test_mirror_has_nothing_of_a_job_at_work(play: Play) -> None:
    world = await play(speed=1.0)
    alice = await world.user(0)
    async with alice.session():
        await alice.taken(alice.command("a cat"))
        await alice.gateway.event("MESSAGE_CREATE")
    (job,) = await world.jobs()
    assert (await world.http.get(f"/{job['id']}/0_0.png")).status_code == 404


async def test_upload_is_served_as_it_was_uploaded(world: World, alice: DiscordUser) -> None:
    link = await uploaded(world, alice, "note.txt", b"0123456789")
    response = await world.http.get(link, headers={"Range": "bytes=-3"})
    assert (response.status_code, response.content) == (206, b"789")
    head = await world.http.head(link)
    assert (head.headers["content-length"], head.headers["content-type"]) == ("10", "text/plain; charset=utf-8")
    assert not any(name.startswith("x-simulator") for name in head.headers)
    assert (await world.http.get(f"{link}=&width=10")).status_code == 400


@pytest.mark.parametrize(
    "change", [("hm=", "hm=0"), ("?ex=", "?xe="), (".webp", ".png"), ("/attachments/", "/attachments/1")]
)
async def test_link_that_is_not_as_it_was_signed_is_dead(
    world: World, connected_alice: DiscordUser, change: tuple[str, str]
) -> None:
    grid = await connected_alice.imagine("a cat")
    response = await world.http.get(grid["attachments"][0]["url"].replace(*change))
    assert (response.status_code, response.text) == (404, "This content is no longer available.")
    assert response.headers["access-control-allow-origin"] == "*"


async def test_file_that_came_with_a_command_has_a_link_of_its_own(world: World, connected_alice: DiscordUser) -> None:
    alice, picture = connected_alice, io.BytesIO()
    Image.new("RGB", (64, 64), "blue").save(picture, "PNG")
    data = DESCRIBE | {
        "options": [{"type": 11, "name": "image", "value": 0}],
        "attachments": [await upload(world, alice, "a cat.png", picture.getvalue())],
    }
    await alice.taken(alice.command("", data=data))
    described = await alice.gateway.event("MESSAGE_UPDATE", lambda message: message["embeds"])
    link = described["embeds"][0]["image"]["url"]
    assert f"/ephemeral-attachments/{DESCRIBE['id']}/" in link
    assert (await world.http.get(link)).content == picture.getvalue()
    assert (await world.http.get(link.partition("?")[0])).status_code == 404
    answer = await alice.request("POST", "/attachments/refresh-urls", json={"attachment_urls": [link]})
    (refreshed,) = answer.json()["refreshed_urls"]
    assert (await world.http.get(refreshed["refreshed"])).content == picture.getvalue()


@pytest.mark.parametrize(
    ("button", "size", "frames"),
    [
        ("MJ::JOB::upsample_v7_2x_subtle::1::", (1024, 1024), 1),
        ("MJ::JOB::low_variation::1::", (1024, 1024), 1),
        ("MJ::Outpaint::50::1::", (1024, 1024), 1),
        ("MJ::JOB::pan_left::1::", (1248, 832), 1),
        ("MJ::JOB::animate_high::1::", (512, 512), 12),
    ],
)
async def test_result_of_a_follow_up_is_the_file_that_its_message_announces(
    world: World, connected_alice: DiscordUser, button: str, size: tuple[int, int], frames: int
) -> None:
    alice = connected_alice
    grid = await alice.imagine("a cat")
    await alice.taken(alice.press(grid, custom_id(grid, "U2")))
    solo = await alice.gateway.event("MESSAGE_CREATE", lambda message: message["attachments"])
    pressed = next(each["custom_id"] for each in buttons(solo) if each.get("custom_id", "").startswith(button))
    await alice.taken(alice.press(solo, pressed))
    result = await alice.gateway.event("MESSAGE_CREATE", lambda message: message["attachments"])
    content, (attachment,) = await alice.download(result), result["attachments"]
    image = Image.open(io.BytesIO(content))
    assert image.size == (attachment["width"], attachment["height"]) == size
    assert getattr(image, "n_frames", 1) == frames
    assert attachment["content_type"] == f"image/{str(image.format).lower()}"
    assert metadata(content)["job"] == (await world.jobs())[-1]["id"]
