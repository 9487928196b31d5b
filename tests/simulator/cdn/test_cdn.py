import io
import json

import pytest
from discord_user import DiscordUser, custom_id
from PIL import Image
from simulated_world import Play, World


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


async def test_picture_may_be_read_from_any_origin(world: World, connected_alice: DiscordUser) -> None:
    grid = await connected_alice.imagine("a cat")
    url = grid["attachments"][0]["url"]
    first, again = await world.http.get(url), await world.http.get(url)
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["content-type"] == "image/webp"
    assert first.content == again.content


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
