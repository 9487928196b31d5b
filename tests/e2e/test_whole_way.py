"""From nothing to a picture: over REST, over gRPC and with the command line, through all processes at once."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
from PIL import Image, ImageChops

import mjproxy
from mjproxy.v1.account_pb2 import AccountSettings
from mjproxy.v1.account_service_pb2 import CreateAccountRequest, DeleteAccountRequest, ListAccountsRequest
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from tests.e2e.pictures import image, job_in
from tests.e2e.stack import Stack

if TYPE_CHECKING:
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub

Json = dict[str, object]


async def submitted(rest: httpx.AsyncClient, kind: str, **body: object) -> str:
    answer = (await rest.post(f"/mj/submit/{kind}", json=body)).json()
    assert answer["code"] in {1, 22}, answer
    return str(answer["result"])


async def ended(rest: httpx.AsyncClient, task_id: str) -> Json:
    """Polls, as clients of this API do, until the task has ended."""
    async with asyncio.timeout(60):
        while True:
            task = (await rest.get(f"/mj/task/{task_id}/fetch")).json()
            if task["status"] in {"SUCCESS", "FAILURE"}:
                return dict(task)


async def test_a_picture_over_rest_and_what_can_be_made_of_it(rest: httpx.AsyncClient) -> None:
    grid = await ended(rest, await submitted(rest, "imagine", prompt="a lighthouse in fog", state="mine"))
    assert (grid["status"], grid["progress"], grid["state"]) == ("SUCCESS", "100%", "mine")
    upscaled = await ended(rest, await submitted(rest, "change", taskId=grid["id"], action="UPSCALE", index=2))
    varied = await ended(rest, await submitted(rest, "simple-change", content=f"{grid['id']} v3"))
    reroll = next(button for button in grid["buttons"] if "reroll" in button["customId"])  # type: ignore[attr-defined]
    redrawn = await ended(rest, await submitted(rest, "action", taskId=grid["id"], customId=reroll["customId"]))
    assert [task["action"] for task in (upscaled, varied, redrawn)] == ["UPSCALE", "VARIATION", "REROLL"]
    assert [task["status"] for task in (upscaled, varied, redrawn)] == ["SUCCESS"] * 3
    whole, cell = await image(grid["imageUrl"]), await image(upscaled["imageUrl"])
    assert (cell.width, cell.height) == (whole.width // 2, whole.height // 2)
    assert alike(cell, quarter(whole, 2))
    assert not alike(cell, quarter(whole, 1))
    for task in (grid, upscaled, varied, redrawn):
        assert (await job_in(task["imageUrl"])) == task["properties"]["messageHash"]  # type: ignore[index]


def quarter(grid: Image.Image, index: int) -> Image.Image:
    width, height = grid.width // 2, grid.height // 2
    left, top = (index - 1) % 2 * width, (index - 1) // 2 * height
    return grid.crop((left, top, left + width, top + height))


def alike(one: Image.Image, other: Image.Image) -> bool:
    """True if no colour differs by more than the loss of a compressed file."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).resize((32, 32))
    return max(highest for _, highest in difference.getextrema()) < 24  # type: ignore[misc]


async def test_a_description_is_read_where_clients_look_and_all_of_it_is_drawn(rest: httpx.AsyncClient) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(buffer, "PNG")
    told = await ended(rest, await submitted(rest, "describe", base64=base64.b64encode(buffer.getvalue()).decode()))
    text = told["properties"]["finalPrompt"]  # type: ignore[index]
    assert text
    assert (told["prompt"], told["promptEn"]) == (text, text)
    every = next(button for button in told["buttons"] if "PicReader::all" in button["customId"])  # type: ignore[attr-defined]
    body = {"taskId": told["id"], "customId": every["customId"], "notifyHook": "http://127.0.0.1:9/mine"}
    answer = (await rest.post("/mj/submit/action", json=body)).json()
    made = answer["properties"]["taskIds"]
    assert (len(set(made)), answer["result"]) == (4, made[0])
    drawn = [await ended(rest, task_id) for task_id in made]
    assert [(task["action"], task["status"]) for task in drawn] == [("IMAGINE", "SUCCESS")] * 4
    assert len({task["prompt"] for task in drawn}) == 4
    assert drawn[3]["properties"]["notifyHook"] == "http://127.0.0.1:9/mine"  # type: ignore[index]


async def test_images_go_into_the_prompt(rest: httpx.AsyncClient, stack: Stack) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(buffer, "PNG")
    data = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    task = await ended(rest, await submitted(rest, "imagine", prompt="in this colour", base64Array=[data]))
    assert task["status"] == "SUCCESS"
    ledger = (await rest.get(f"{stack.simulator}/control/ledger")).json()
    sent = [entry["prompt"] for entry in ledger if "in this colour" in (entry["prompt"] or "")]
    assert len(sent) == 1
    assert sent[0].startswith("http")
    assert f"{task['id']}.png" in sent[0]


async def test_a_picture_over_grpc_without_polling(stack: Stack) -> None:
    async with mjproxy.AsyncClient(stack.grpc) as client:
        task = await client.imagine("a fox in the snow")
        seen = [update async for update in client.updates(task.id)]
        progress = [update.message.progress for update in seen]
        assert progress == sorted(progress)
        assert progress[-1] == 100
        assert len(seen) > 3


async def test_a_picture_with_the_command_line(stack: Stack, tmp_path: Path) -> None:
    code, out, err = await command(stack, tmp_path, "imagine", "a lighthouse in fog")
    assert code == 0, err
    saved = tmp_path / out.strip().splitlines()[-1]
    with Image.open(saved) as picture:
        assert picture.size == (1024, 1024)
    code, out, err = await command(stack, tmp_path, "upscale", saved.stem, "2", "--json")
    assert code == 0, err
    last = json.loads(out.strip().splitlines()[-1])
    assert (last["status"], last["parent_id"]) == ("success", saved.stem)
    assert (tmp_path / last["file"]).exists()
    code, out, err = await command(stack, tmp_path, "tasks", "--json")
    assert code == 0, err
    assert saved.stem in out
    code, out, err = await command(stack, tmp_path, "upscale", "1700000000000000", "1")
    assert (code, out) == (4, "")
    assert "There is no task 1700000000000000" in err


async def command(stack: Stack, folder: Path, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mjproxy", *words, "--server", stack.grpc),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_an_account_that_is_added_to_a_simulated_service_has_no_pace_either(
    rest: httpx.AsyncClient, stack: Stack
) -> None:
    (made,) = (await rest.post(f"{stack.simulator}/control/accounts", json={"count": 1})).json()
    settings = AccountSettings(guild_id=made["guild_id"], channel_id=made["channel_id"])
    async with grpc.aio.insecure_channel(stack.grpc) as channel:
        accounts: AccountServiceAsyncStub = AccountServiceStub(channel)
        added = await accounts.CreateAccount(CreateAccountRequest(settings=settings, user_token=made["user_token"]))
        listed = (await accounts.ListAccounts(ListAccountsRequest())).accounts
        await accounts.DeleteAccount(DeleteAccountRequest(id=added.account.id))
    assert {account.settings.interval_seconds for account in listed} == {0}
