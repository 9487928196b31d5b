"""From nothing to a picture: over REST, over gRPC and with the command line, through all processes at once."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import httpx
from PIL import Image, ImageChops

import mjproxy
from e2e.pictures import image, job_in
from e2e.stack import Stack

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
    return max(highest for _, highest in difference.getextrema()) < 24  # type: ignore[misc, str-unpack]


async def test_images_go_into_the_prompt(rest: httpx.AsyncClient, stack: Stack) -> None:
    import base64

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
    assert "does not exist" in err


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
