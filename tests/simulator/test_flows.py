"""What a client sees of the bot's flows besides `/imagine`: commands, forms, follow-ups, films, words and notices."""

import base64
import io
import re

import pytest
from PIL import Image

from tests.simulator.bot_user import BotUser
from tests.simulator.discord_user import DiscordUser, Json, buttons, custom_id
from tests.simulator.simulated_world import Play, World

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture
async def user(connected_alice: DiscordUser) -> BotUser:
    return BotUser(connected_alice)


def style_of(message: Json, label: str) -> int:
    return next(int(each["style"]) for each in buttons(message) if each.get("label") == label)


@pytest.mark.parametrize(
    ("button", "action", "kind"),
    [
        ("Upscale (Subtle)", "Upscaled (Subtle) by ", "upscale_hd"),
        ("Upscale (Creative)", "Upscaled (Creative) by ", "upscale_hd"),
        ("Vary (Subtle)", "Variations (Subtle) by ", "variation"),
        ("Vary (Strong)", "Variations (Strong) by ", "variation"),
        ("Zoom Out 2x", "Zoom Out by ", "zoom"),
        ("Zoom Out 1.5x", "Zoom Out by ", "zoom"),
        ("Make Square", "Zoom Out by ", "square"),
        ("⬅️", "Pan Left by ", "pan"),
        ("⬇️", "Pan Down by ", "pan"),
    ],
)
async def test_button_of_a_picture_starts_its_job(
    world: World, user: BotUser, button: str, action: str, kind: str
) -> None:
    solo = await user.solo("a cat --ar 3:2")
    nonce = await user.press(solo, button)
    start = await user.start()
    final = await user.result()
    (job,) = [each for each in await world.jobs() if each["final_id"] == final["id"]]
    assert start["nonce"] == nonce
    assert start["message_reference"]["message_id"] == final["message_reference"]["message_id"] == solo["id"]
    assert f"** - {action}<@{user.id}>" in final["content"]
    assert (job["kind"], job["parent"] in custom_id(solo, button)) == (kind, True)


async def test_pan_and_square_write_the_new_shape_into_the_prompt(user: BotUser) -> None:
    solo = await user.solo("a cat --ar 1:1")
    await user.press(solo, "➡️")
    assert (await user.result())["content"].startswith("**a cat --v 7.0 --ar 3:2** - Pan Right by")
    wide = await user.solo("a cat --ar 3:2")
    await user.press(wide, "Make Square")
    assert (await user.result())["content"].startswith("**a cat --v 7.0 --ar 1:1** - Zoom Out by")


async def test_upscaled_picture_can_be_upscaled_again_and_varied(user: BotUser) -> None:
    solo = await user.solo("a cat")
    await user.press(solo, "Upscale (Subtle)")
    shown = await user.edited("Upscaling by")
    final = await user.result()
    labels = [each.get("label") for each in buttons(final)]
    assert re.search(r"- Upscaling by <@\d+> \(\d+%\) \(fast\)$", shown["content"])
    assert labels[:4] == ["Redo Upscale (Subtle)", "Redo Upscale (Creative)", "Vary (Subtle)", "Vary (Strong)"]
    assert "Open on website" not in final["content"]


async def test_film_is_announced_shown_and_can_be_taken_apart_and_extended(user: BotUser) -> None:
    solo = await user.solo("a cat --no dogs")
    await user.press(solo, "Animate (High motion)")
    start = await user.start()
    announced = await user.edited("Creating video with prompt ")
    shown = await user.gateway.event("MESSAGE_UPDATE", lambda message: len(message["attachments"]) == 4)
    films = await user.result()
    assert start["content"] == "Animating..."
    assert announced["content"].endswith(
        f"a cat --raw --motion high --video 1 --aspect 1:1** - <@{user.id}> (Waiting to start)"
    )
    names = [each["filename"] for each in shown["attachments"]]
    assert all(re.fullmatch(rf"{UUID}_{n}_step_\d+\.jpeg", name) for n, name in enumerate(names))
    await user.press(films, "U3")
    film = await user.result()
    assert film["content"].endswith(f"- Image #3 <@{user.id}>")
    assert getattr(Image.open(io.BytesIO(await user.download(film))), "n_frames", 1) > 1
    await user.press(film, "Extend (Low motion)")
    assert "--motion low --video 1" in (await user.result())["content"]


async def test_custom_zoom_asks_in_a_form(world: World, user: BotUser) -> None:
    solo = await user.solo("a cat")
    modal = await user.open(solo, "Custom Zoom")
    job_id = custom_id(solo, "Custom Zoom").rpartition("::")[2]
    (field,) = [each for row in modal["components"] for each in row["components"]]
    assert modal["custom_id"] == f"MJ::OutpaintCustomZoomModal::{job_id}"
    assert field["custom_id"] == "MJ::OutpaintCustomZoomModal::prompt"
    assert field["value"] == "a cat --v 7.0 --ar 1:1 --zoom 1.8"
    nonce = await user.submit(modal, "a cat in a hat --zoom 1.4")
    start = await user.start()
    final = await user.result()
    assert start["nonce"] == nonce
    metadata = start["interaction_metadata"]
    assert (metadata["type"], metadata["triggering_interaction_metadata"]["id"]) == (5, modal["id"])
    assert final["content"].startswith("**a cat in a hat --zoom 1.4 --v 7.0** - Zoom Out by")
    assert [job["kind"] for job in await world.jobs()] == ["imagine", "upscale", "zoom"]


async def test_opener_of_a_form_succeeds_before_the_form_comes(user: BotUser) -> None:
    solo = await user.solo("a cat")
    await user.press(solo, "Custom Zoom")
    events = [(await user.gateway.next())["t"] for _ in range(3)]
    assert events == ["INTERACTION_CREATE", "INTERACTION_SUCCESS", "INTERACTION_MODAL_CREATE"]


async def test_form_is_taken_once_and_only_as_it_was_opened(user: BotUser) -> None:
    solo = await user.solo("a cat")
    modal = await user.open(solo, "Custom Zoom")
    body = user.submission(modal, "a dog --zoom 2")
    wrong_form = body | {"data": body["data"] | {"custom_id": "MJ::RemixModal::x"}}
    wrong_field = body | {"data": body["data"] | {"components": []}}
    unknown = body | {"data": body["data"] | {"id": "1"}}
    assert (await user.interact(wrong_form)).json()["code"] == 50035
    assert (await user.interact(wrong_field)).json()["code"] == 50035
    assert (await user.interact(unknown)).json()["code"] == 10062
    assert (await user.interact(body)).status_code == 204
    again = await user.interact(body)
    assert (again.status_code, again.json()["code"]) == (404, 10062)


@pytest.mark.parametrize(
    ("button", "form", "field", "action"),
    [
        ("V2", r"MJ::RemixModal::{job}::2::1", "MJ::RemixModal::new_prompt", "Remix (Strong) by "),
        ("🔄", r"MJ::ImagineModal::{message}", "MJ::ImagineModal::new_prompt", ""),
    ],
)
async def test_remix_mode_asks_for_the_prompt_of_a_grid(
    user: BotUser, button: str, form: str, field: str, action: str
) -> None:
    await user.command("prefer", options=[{"type": 1, "name": "remix", "options": []}])
    assert "Remix mode turned on!" in (await user.start())["content"]
    grid = await user.imagine("a cat")
    modal = await user.open(grid, button)
    expected = form.format(job=custom_id(grid, "U1").rpartition("::")[2], message=grid["id"])
    assert (modal["custom_id"], modal["components"][0]["components"][0]["custom_id"]) == (expected, field)
    assert modal["components"][0]["components"][0]["value"] == "a cat --v 7.0"
    await user.submit(modal, "a dog")
    assert f"**a dog --v 7.0** - {action}<@" in (await user.result())["content"]


@pytest.mark.parametrize(
    ("button", "form", "field"),
    [
        ("Vary (Subtle)", "MJ::RemixModal::{job}::1::0", "MJ::RemixModal::new_prompt"),
        ("Vary (Strong)", "MJ::RemixModal::{job}::1::1", "MJ::RemixModal::new_prompt"),
        ("⬅️", "MJ::PanModal::left::{job}::1", "MJ::PanModal::prompt"),
        ("Animate (Low motion)", "MJ::AnimateModal::{job}::1::low::0", "MJ::AnimateModal::prompt"),
    ],
)
async def test_remix_mode_asks_for_the_prompt_of_a_picture(user: BotUser, button: str, form: str, field: str) -> None:
    solo = await user.solo("a cat")
    await user.command("prefer", options=[{"type": 1, "name": "remix", "options": []}])
    modal = await user.open(solo, button)
    job_id = custom_id(solo, "Custom Zoom").rpartition("::")[2]
    assert modal["custom_id"] == form.format(job=job_id)
    assert modal["components"][0]["components"][0]["custom_id"] == field
    await user.submit(modal, "a dog")
    assert "a dog" in (await user.result())["content"]


@pytest.mark.parametrize("variant", ["body", "path"])
async def test_region_is_marked_on_a_page_of_the_bots_own(world: World, user: BotUser, variant: str) -> None:
    solo = await user.solo("a cat")
    await user.press(solo, "Vary (Region)")
    frame = await user.gateway.event("INTERACTION_IFRAME_MODAL_CREATE")
    token = frame["custom_id"].removeprefix("MJ::iframe::")
    info = (await world.http.get(f"/inpaint/api/get-image-info/0/0/{token}")).json()
    body = {"mask": mask(), "prompt": "a red hat"}
    if variant == "body":
        host = f"/discordsays/{user.application}"
        answer = await world.http.post(f"{host}/inpaint/api/submit-job", json=body | {"customId": token})
    else:
        answer = await world.http.post(f"/.proxy/inpaint/api/submit-job/{token}", json=body)
    start = await user.start()
    final = await user.result()
    assert info["prompt"] == "a cat --v 7.0"
    assert (answer.status_code, "success" in answer.text) == (200, True)
    assert start["interaction_metadata"]["id"] == frame["id"]
    assert "nonce" not in start
    assert "**a red hat --v 7.0** - Variations (Region) by" in final["content"]
    assert (await world.http.post(f"/.proxy/inpaint/api/submit-job/{token}", json=body)).status_code == 404
    assert [entry["kind"] for entry in await world.ledger()][-2:] == ["region", "region_submit"]


async def test_mask_that_is_no_picture_is_refused(world: World, user: BotUser) -> None:
    solo = await user.solo("a cat")
    await user.press(solo, "Vary (Region)")
    frame = await user.gateway.event("INTERACTION_IFRAME_MODAL_CREATE")
    token = frame["custom_id"].removeprefix("MJ::iframe::")
    for bad in ("no base64!", base64.b64encode(b"no picture").decode()):
        answer = await world.http.post(f"/.proxy/inpaint/api/submit-job/{token}", json={"mask": bad, "prompt": "x"})
        assert (answer.status_code, "mask" in answer.json()["error"]) == (400, True)


async def test_bookmark_is_confirmed(user: BotUser) -> None:
    solo = await user.solo("a cat")
    nonce = await user.press(solo, "❤️")
    message = await user.start()
    place = f"{user.account['guild_id']}/{user.channel_id}/{solo['id']}"
    assert message["nonce"] == nonce
    assert message["content"] == (
        f"You have successfully rated [this job](https://discord.com/channels/{place}) with 😍"
    )


async def test_blend_mixes_uploads(world: World, user: BotUser) -> None:
    images = [await user.upload(f"{name}.png") for name in ("a", "b")]
    await user.command("blend", images=images, options=[{"type": 3, "name": "dimensions", "value": "--ar 2:3"}])
    start = await user.start()
    await user.result()
    link = r"<https://s\.mj\.run/[\w-]{11}>"
    assert re.match(rf"\*\*{link} {link} --ar 2:3 --v 7\.0\*\* - ", start["content"])
    assert start["interaction"]["name"] == "blend"
    assert [job["kind"] for job in await world.jobs()] == ["blend"]


async def test_picture_of_the_mirror_is_an_image_for_prompts(world: World, user: BotUser) -> None:
    solo = await user.solo("a cat")
    single = custom_id(solo, "Custom Zoom").rpartition("::")[2]
    job_id = (await world.jobs())[0]["id"]
    mirrored = f"{world.url}/{job_id}/0_3.png"
    assert re.match(r"\*\*<https://s\.mj\.run/[\w-]{11}> a dog", (await user.imagine(f"{mirrored} a dog"))["content"])
    for absent in (f"{job_id}/0_4.png", f"{job_id[::-1]}/0_0.png", f"{single}/0_1.png"):
        await user.command("imagine", options=[{"type": 3, "name": "prompt", "value": f"{world.url}/{absent} a dog"}])
        assert (await user.start())["embeds"][0]["title"] == "Invalid link"


async def test_old_picture_is_remastered(world: World, user: BotUser) -> None:
    old = await user.solo("a cat --v 4")
    await user.press(old, "Remaster")
    final = await user.result()
    assert final["content"].startswith(f"**a cat --v 7.0** - Remaster by <@{user.id}>")
    assert final["message_reference"]["message_id"] == old["id"]
    assert [job["kind"] for job in await world.jobs()] == ["imagine", "upscale", "remaster"]
    assert await user.download(final)


async def test_describe_suggests_prompts_that_can_be_imagined(world: World, user: BotUser) -> None:
    nonce = await user.command("describe", images=[await user.upload("a.png")])
    start = await user.start()
    described = await user.gateway.event("MESSAGE_UPDATE")
    embed = described["embeds"][0]
    prompts = [line.partition(" ")[2] for line in embed["description"].split("\n\n")]
    assert (start["nonce"], start["interaction"]["name"], start["embeds"]) == (nonce, "describe", [])
    assert (described["id"], len(prompts), described["flags"]) == (start["id"], 4, 0)
    assert (await user.http.get(embed["image"]["url"])).status_code == 200
    assert "/ephemeral-attachments/1092492867185950852/" in embed["image"]["url"]
    modal = await user.open(described, "2️⃣")
    assert modal["custom_id"] == "MJ::Picreader::Modal::2"
    assert modal["components"][0]["components"][0]["value"] == prompts[1]
    await user.submit(modal, "a dog")
    assert "**a dog" in (await user.result())["content"]
    await user.press(described, "🔄")
    again = await user.gateway.event("MESSAGE_UPDATE", lambda message: message["id"] == start["id"])
    assert again["embeds"][0]["description"] != embed["description"]
    await user.press(again, "Imagine all")
    assert len([await user.result() for _ in range(4)]) == 4
    kinds = [job["kind"] for job in await world.jobs()]
    assert kinds == ["describe", "imagine", "describe", *["imagine"] * 4]


async def test_describe_takes_a_link(user: BotUser) -> None:
    await user.command("describe", options=[{"type": 3, "name": "link", "value": "https://example.com/a.png"}])
    described = await user.gateway.event("MESSAGE_UPDATE")
    assert described["embeds"][0]["image"]["url"] == "https://example.com/a.png"


async def test_shorten_tells_what_matters_and_shows_details(user: BotUser) -> None:
    prompt = "a very beautiful girl, in the style of old japanese woodcuts, soft light --ar 3:2"
    nonce = await user.command("shorten", options=[{"type": 3, "name": "prompt", "value": prompt}])
    start = await user.start()
    shortened = await user.gateway.event("MESSAGE_UPDATE")
    embed = shortened["embeds"][0]
    assert (start["nonce"], shortened["id"]) == (nonce, start["id"])
    assert embed["description"].startswith("## Important tokens\n")
    assert "## Shortened prompts\n1️⃣ " in embed["description"]
    assert embed["footer"]["text"] == "Click on a button to imagine one of the shortened prompts"
    modal = await user.open(shortened, "1️⃣")
    assert modal["custom_id"] == f"MJ::ImagineModal::{shortened['id']}"
    await user.press(shortened, "Show Details")
    details = await user.gateway.event("MESSAGE_UPDATE")
    assert (details["id"], "(1.00)" in details["embeds"][0]["description"]) == (start["id"], True)
    assert "█" in details["embeds"][0]["description"]


async def test_info_tells_what_was_used(user: BotUser) -> None:
    await user.imagine("a cat")
    nonce = await user.command("info")
    start = await user.start()
    info = await user.gateway.event("MESSAGE_UPDATE")
    lines = dict(re.findall(r"\*\*(.+?)\*\*: (.+)", info["embeds"][0]["description"]))
    assert (start["nonce"], start["flags"], info["flags"]) == (nonce, 192, 64)
    assert info["embeds"][0]["title"] == f"Your info - {user.name}"
    assert (lines["Job Mode"], lines["Visibility Mode"]) == ("Fast", "Public")
    assert lines["Lifetime Usage"] == "4 images (0.02 hours)"
    assert lines["Fast Time Remaining"] == "59.98/60.0 hours (99.97%)"
    assert lines["Running Jobs"] == "None"


async def test_settings_are_changed_in_place_and_hold_for_prompts(user: BotUser) -> None:
    await user.command("settings")
    first = await user.gateway.event("MESSAGE_UPDATE")
    assert (style_of(first, "Remix mode"), style_of(first, "Fast mode")) == (2, 3)
    await user.press(first, "Relax mode")
    relaxed = await user.gateway.event("MESSAGE_UPDATE")
    assert (relaxed["id"], style_of(relaxed, "Fast mode"), style_of(relaxed, "Relax mode")) == (first["id"], 2, 3)
    await user.choose(relaxed, "MJ::Settings::VersionSelector", "6.1")
    chosen = await user.gateway.event("MESSAGE_UPDATE")
    options = chosen["components"][0]["components"][0]["options"]
    assert [option["value"] for option in options if option["default"]] == ["6.1"]
    await user.press(chosen, "Stylize high")
    await user.gateway.event("MESSAGE_UPDATE")
    grid = await user.imagine("a cat")
    assert grid["content"].startswith("**a cat --s 250 --v 6.1** - ")
    assert grid["content"].endswith(" (relaxed)")


async def test_value_that_a_menu_does_not_have_is_refused(user: BotUser) -> None:
    await user.command("settings")
    message = await user.gateway.event("MESSAGE_UPDATE")
    answer = await user.interact(user.choice(message, "MJ::Settings::VersionSelector", "99"))
    assert (answer.status_code, answer.json()["code"]) == (400, 50035)


@pytest.mark.parametrize(
    ("command", "mode"), [("relax", "(relaxed)"), ("turbo", "(turbo)"), ("stealth", "(fast, stealth)")]
)
async def test_mode_is_switched_by_command(user: BotUser, command: str, mode: str) -> None:
    await user.command(command)
    answer = await user.start()
    assert (answer["content"][:5], answer["flags"]) == ("Done!", 64)
    assert (await user.imagine("a cat"))["content"].endswith(mode)


async def test_suffix_is_appended_to_prompts(user: BotUser) -> None:
    suffix = {"type": 3, "name": "new_value", "value": "in blue --s 50"}
    await user.command("prefer", options=[{"type": 1, "name": "suffix", "options": [suffix]}])
    assert (await user.imagine("a cat"))["content"].startswith("**a cat in blue --s 50 --v 7.0**")


async def test_show_posts_a_result_again_and_the_envelope_tells_its_seed(user: BotUser) -> None:
    grid = await user.imagine("a cat --seed 42")
    job_id = custom_id(grid, "U1").rpartition("::")[2]
    await user.command("show", private=True, options=[{"type": 3, "name": "job_id", "value": job_id}])
    assert (await user.start())["content"] == "Displaying..."
    shown = await user.result()
    assert shown["channel_id"] == user.account["private_channel_id"]
    assert shown["content"] == grid["content"]
    for message in (shown, grid):
        answer = await user.react(message)
        told = await user.gateway.event("MESSAGE_CREATE")
        assert answer.status_code == 204
        assert told["channel_id"] == user.account["private_channel_id"]
        assert told["content"] == f"**a cat --seed 42 --v 7.0**\n**Job ID**: {job_id}\n**seed** 42"


async def test_message_command_cancels_a_job_without_a_button(play: Play) -> None:
    world = await play(speed=0.01)
    alice = await world.user(0)
    async with alice.session():
        user = BotUser(alice)
        await user.command("imagine", options=[{"type": 3, "name": "prompt", "value": "a cat"}])
        start = await user.start()
        await user.command("Cancel Job", target_id=start["id"])
        stopped = await user.edited("(Stopped)")
    assert stopped["id"] == start["id"]


async def test_second_bot_draws_in_its_own_manner(user: BotUser) -> None:
    niji = user.talking_to("1022952195194359889")
    grid = await niji.imagine("a cat")
    await niji.press(grid, "U1")
    solo = await niji.result()
    assert grid["author"]["id"] == "1022952195194359889"
    assert grid["content"].startswith("**a cat --niji 7** - ")
    assert any("upsample_v7_2x_subtle" in each.get("custom_id", "") for each in buttons(solo))


async def test_face_is_kept_and_swapped(user: BotUser) -> None:
    swapper = user.talking_to("1090660574196674713")
    name = [{"type": 3, "name": "idname", "value": "me"}]
    await swapper.command("saveid", images=[await user.upload("face.png")], options=name)
    assert "me" in (await swapper.start())["content"]
    nonce = await swapper.command("swapid", images=[await user.upload("picture.png")], options=name)
    start = await swapper.start()
    swapped = await swapper.gateway.event("MESSAGE_UPDATE")
    assert (start["nonce"], swapped["id"], len(swapped["attachments"])) == (nonce, start["id"], 1)
    assert (await user.http.get(swapped["attachments"][0]["url"])).status_code == 200


def mask() -> str:
    file = io.BytesIO()
    Image.new("L", (64, 64), 255).save(file, "WEBP")
    return base64.b64encode(file.getvalue()).decode()
