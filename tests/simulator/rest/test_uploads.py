import io

import httpx
import pytest
from PIL import Image

from tests.simulator.discord_user import DiscordUser, Json
from tests.simulator.simulated_world import Play, World


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


async def slot(alice: DiscordUser, size: int = 100) -> Json:
    body = {"files": [{"filename": "a cat.png", "file_size": size, "id": "0"}]}
    response = await alice.request("POST", f"/channels/{alice.channel_id}/attachments", json=body)
    assert response.status_code == 200, response.text
    (opened,) = response.json()["attachments"]
    return dict(opened)


async def post(alice: DiscordUser, uploaded_filename: str) -> httpx.Response:
    attachment = {"id": "0", "filename": "a cat.png", "uploaded_filename": uploaded_filename}
    body = {"content": "", "attachments": [attachment]}
    return await alice.request("POST", f"/channels/{alice.channel_id}/messages", json=body)


async def test_uploaded_picture_is_served_from_the_message_that_has_it(world: World, alice: DiscordUser) -> None:
    opened = await slot(alice)
    put = await world.http.put(opened["upload_url"], content=picture(), headers={"Content-Type": "image/png"})
    message = (await post(alice, opened["upload_filename"])).json()
    (attachment,) = message["attachments"]
    served = await world.http.get(attachment["url"])
    assert (opened["id"], put.status_code) == (0, 200)
    assert (attachment["filename"], attachment["content_type"]) == ("a cat.png", "image/png")
    assert (attachment["width"], attachment["height"], attachment["size"]) == (40, 30, len(picture()))
    assert (served.content, served.headers["content-type"]) == (picture(), "image/png")


async def test_file_that_is_no_picture_has_no_size_in_pixels(world: World, alice: DiscordUser) -> None:
    opened = await slot(alice)
    await world.http.put(opened["upload_url"], content=b"no picture")
    (attachment,) = (await post(alice, opened["upload_filename"])).json()["attachments"]
    assert attachment["size"] == len(b"no picture")
    assert "width" not in attachment


async def test_uploaded_picture_serves_as_image_prompt(world: World, connected_alice: DiscordUser) -> None:
    alice = connected_alice
    opened = await slot(alice)
    await world.http.put(opened["upload_url"], content=picture())
    message = (await post(alice, opened["upload_filename"])).json()
    await alice.gateway.event("MESSAGE_CREATE")
    grid = await alice.imagine(f"a cat {message['attachments'][0]['url']}")
    assert grid["content"].startswith("**<https://s.mj.run/")
    assert "> a cat --v 7.0** - " in grid["content"]


async def test_picture_of_no_upload_is_refused(alice: DiscordUser) -> None:
    opened = await slot(alice)
    never_put = await post(alice, opened["upload_filename"])
    never_opened = await post(alice, "00000000-0000-4000-8000-000000000000/a cat.png")
    assert [(each.status_code, each.json()["code"]) for each in (never_put, never_opened)] == [(400, 50035)] * 2


@pytest.mark.parametrize("change", [("upload_id=", "upload_id=x"), ("a%20cat.png", "another.png")])
async def test_file_is_not_stored_without_the_whole_address(
    world: World, alice: DiscordUser, change: tuple[str, str]
) -> None:
    opened = await slot(alice)
    response = await world.http.put(opened["upload_url"].replace(*change), content=picture())
    assert response.status_code == 404
    assert (await post(alice, opened["upload_filename"])).status_code == 400


async def test_file_that_is_too_large_is_refused(play: Play) -> None:
    world = await play(limits={"upload_bytes": 100})
    alice = await world.user(0)
    body = {"files": [{"filename": "cat.png", "file_size": 101, "id": "0"}]}
    announced = await alice.request("POST", f"/channels/{alice.channel_id}/attachments", json=body)
    put = await world.http.put((await slot(alice))["upload_url"], content=bytes(101))
    assert (announced.status_code, announced.json()["code"]) == (413, 40005)
    assert put.status_code == 413


@pytest.mark.parametrize("files", [[], [{"filename": "../cat.png", "file_size": 1, "id": "0"}], [{"filename": "a"}]])
async def test_slots_are_refused_when_the_files_are_none(alice: DiscordUser, files: list[Json]) -> None:
    response = await alice.request("POST", f"/channels/{alice.channel_id}/attachments", json={"files": files})
    assert (response.status_code, response.json()["code"]) == (400, 50035)


async def test_links_are_signed_anew(world: World, connected_alice: DiscordUser) -> None:
    grid = await connected_alice.imagine("a cat")
    stale = grid["attachments"][0]["url"].partition("?")[0] + "?ex=1&is=1&hm=00&"
    dead = ["https://example.com/cat.png", f"{world.url}/attachments/1/{2**63}/cat.png"]
    response = await connected_alice.request(
        "POST", "/attachments/refresh-urls", json={"attachment_urls": [stale, *dead]}
    )
    fresh, *unknown = response.json()["refreshed_urls"]
    assert fresh["original"] == stale
    assert (await world.http.get(fresh["refreshed"])).status_code == 200
    assert unknown == [{"original": url, "refreshed": None} for url in dead]


async def test_upload_is_forgotten_when_it_is_deleted(world: World, alice: DiscordUser) -> None:
    bruno = await world.user(1)
    path = f"/channels/{alice.channel_id}/attachments"
    files = [{"id": "0", "filename": "cat.png", "file_size": 3}]
    slot = (await alice.request("POST", path, json={"files": files})).json()["attachments"][0]
    name = slot["upload_filename"]
    by_whom = (bruno, alice, alice)
    deleted = [(await each.request("DELETE", f"/attachments/{name}")).status_code for each in by_whom]
    assert deleted == [403, 204, 404]
    assert (await world.http.put(slot["upload_url"], content=b"cat")).status_code == 404
