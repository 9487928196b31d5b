"""The states that the cases of the documentation need, made in a running service and its simulator."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

import grpc
import httpx
from PIL import Image

from mjproxy.channel import authorization
from mjproxy.v1.account_pb2 import CONNECTION_PHASE_READY, AccountSettings
from mjproxy.v1.account_service_pb2 import (
    CreateAccountRequest,
    DeleteAccountRequest,
    SyncAccountRequest,
    WatchAccountsRequest,
)
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from tests.e2e.pictures import image
from tests.e2e.stack import running_stack
from tests.rest.documented_cases import Case, Json, filled
from tests.rest.rest_rules import check

# The documentation has it in its examples.
SECRET: Final = "sk-xxxx"

_CONFIG: Final = f"""
api_secret = "{SECRET}"

[account_defaults]
core_size = 12

[translate]
backend = "openai"
openai_base_url = "{{translator}}"
openai_model = "any"

[callbacks]
allow_hosts = ["127.0.0.1"]
"""

_TRANSLATIONS: Final = {"猫猫": "Cat", "Important tokens": "重要词汇", "Shortened prompts": "简化提示"}


def _data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _mask(picture: Image.Image) -> Image.Image:
    """A white square on black, as large as the picture."""
    mask = Image.new("L", picture.size, "black")
    mask.paste("white", (0, 0, picture.width // 2, picture.height // 2))
    return mask


_PICTURES: Final = {
    "picture": _data_url(Image.new("RGB", (64, 64), "teal")),
    "picture2": _data_url(Image.new("RGB", (64, 64), "orange")),
}


class _Translator(BaseHTTPRequestHandler):
    """Answers like a language model that knows a few words."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        lines = asked["messages"][-1]["content"].splitlines()
        told = "\n".join(_TRANSLATIONS.get(line, "译文") for line in lines)
        body = json.dumps({"choices": [{"message": {"content": told}}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@contextmanager
def _running_translator() -> Iterator[str]:
    """Runs the translator for so long; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Translator) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


Names = dict[str, str]


class World:
    """A running service, as its clients, its operator and the simulator's control API see it."""

    def __init__(self, rest: httpx.AsyncClient, control: httpx.AsyncClient, channel: grpc.aio.Channel) -> None:
        self.rest = rest
        self._control = control
        self._accounts = AccountServiceStub(channel)
        self._made: list[str] = []

    @classmethod
    @asynccontextmanager
    async def connected(cls, rest: str, simulator: str, grpc_target: str) -> AsyncIterator[Self]:
        """Connects to a service for so long."""
        headers, checked = {"mj-api-secret": SECRET}, {"response": [check]}
        async with (
            httpx.AsyncClient(
                base_url=rest, headers=headers, event_hooks=checked, trust_env=False, timeout=60
            ) as client,
            httpx.AsyncClient(base_url=f"{simulator}/control", trust_env=False, timeout=60) as control,
            grpc.aio.insecure_channel(grpc_target) as channel,
        ):
            yield cls(client, control, channel)

    @asynccontextmanager
    async def given(self, words: str) -> AsyncIterator[Names]:
        """Makes a state; yields the names that it gives, and removes the accounts that it needed."""
        try:
            yield _PICTURES | (await STATES[words](self) if words else {})
        finally:
            while self._made:
                request = DeleteAccountRequest(id=self._made.pop())
                await self._accounts.DeleteAccount(request, metadata=authorization(SECRET), timeout=30)

    async def answer(self, case: Case, names: Names) -> httpx.Response:
        """Sends a case's request."""
        request = case.request
        body = filled(request.body, names)
        content = None if body is None else json.dumps(body)
        path = filled(request.path, names)
        return await self.rest.request(request.method, path, content=content, headers=request.headers)

    async def fetch(self, task_id: str) -> dict[str, Any]:
        """Returns a task."""
        return dict((await self.rest.get(f"/mj/task/{task_id}/fetch")).json())

    async def ended(self, task_id: str) -> dict[str, Any]:
        """Polls until a task has ended."""
        return await self.until(task_id, lambda task: task["status"] in {"SUCCESS", "FAILURE", "CANCEL"})

    async def until(self, task_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Polls until a task is so."""
        async with asyncio.timeout(30):
            while not condition(task := await self.fetch(task_id)):
                pass
        return task

    async def submitted(self, command: str, **body: Json) -> str:
        """Submits; returns the task's id."""
        answer = (await self.rest.post(f"/mj/submit/{command}", json=body)).json()
        assert answer["code"] in {1, 21, 22}, answer
        return str(answer["result"])

    async def finished(self, command: str, **body: Json) -> Names:
        """Submits and waits; returns the names that a finished task gives."""
        task = await self.ended(await self.submitted(command, **body))
        assert task["status"] == "SUCCESS", task
        return {"task": task["id"], "hash": task["properties"]["messageHash"]}

    async def pressed(self, task_id: str, words: str) -> str:
        """Presses the task's first button that has these words; returns the new task's id."""
        return await self.submitted("action", taskId=task_id, customId=await self.button(task_id, words))

    async def button(self, task_id: str, words: str) -> str:
        """Returns the custom id of the first of a task's buttons that has these words in it or as its label."""
        buttons = (await self.fetch(task_id))["buttons"]
        found = [button for button in buttons if words in button["customId"] or words == button["label"]]
        return str(found[0]["customId"])

    async def new_account(self, *, queue_size: int = 10, remix_auto_submit: bool = False) -> str:
        """Adds an account with one core to simulator and service; returns its id."""
        (made,) = (await self._control.post("/accounts", json={"count": 1})).json()
        request = CreateAccountRequest(
            settings=AccountSettings(
                guild_id=made["guild_id"],
                channel_id=made["channel_id"],
                mj_bot_channel_id=made["private_channel_id"],
                core_size=1,
                queue_size=queue_size,
                remix_auto_submit=remix_auto_submit,
            ),
            user_token=made["user_token"],
        )
        await self._accounts.CreateAccount(request, metadata=authorization(SECRET), timeout=30)
        self._made.append(str(made["channel_id"]))
        return self._made[-1]

    async def in_remix_mode(self, account: str) -> str:
        """Turns the remix mode of an account on, and lets the service ask the bot for its settings."""
        (await self._control.patch(f"/accounts/{account}", json={"remix": True})).raise_for_status()
        await self._connected(account)
        await self._accounts.SyncAccount(SyncAccountRequest(id=account), metadata=authorization(SECRET), timeout=30)
        return account

    async def _connected(self, account: str) -> None:
        """Waits until an account is connected."""
        watch = self._accounts.WatchAccounts(WatchAccountsRequest(), metadata=authorization(SECRET), timeout=30)
        async for change in watch:
            if change.account.id == account and change.account.health.phase == CONNECTION_PHASE_READY:
                watch.cancel()
                return

    async def stopping(self, account: str, steps: int) -> str:
        """Submits a task that goes so many steps, and is silent from then on; returns its id when it is at the bot."""
        fault = {"name": "stop_job", "account": account, "steps": steps, "outcome": "silent"}
        (await self._control.post("/faults", json=fault)).raise_for_status()
        task_id = await self.submitted("imagine", prompt="Cat", accountFilter={"instanceId": account})
        await self.until(task_id, lambda task: task["status"] != "NOT_START")
        return task_id

    async def crowded(self, account: str) -> Names:
        """Lets one task be at work at an account for ever, and another one wait."""
        await self.stopping(account, 1)
        waiting = await self.submitted("imagine", prompt="Dog", accountFilter={"instanceId": account})
        return {"account": account, "task": waiting}


@asynccontextmanager
async def running_world(data: Path) -> AsyncIterator[World]:
    """Runs the service that the documentation is played against for so long."""
    with _running_translator() as translator:
        async with (
            running_stack(data, config=_CONFIG.format(translator=translator)) as stack,
            World.connected(stack.rest, stack.simulator, stack.grpc) as world,
        ):
            yield world


async def _grid(world: World, prompt: str = "Cat", account: str = "") -> Names:
    return await world.finished("imagine", prompt=prompt, accountFilter={"instanceId": account})


async def _upscale(world: World, account: str = "") -> Names:
    grid = await _grid(world, account=account)
    upscale = await world.finished("change", taskId=grid["task"], action="UPSCALE", index=1)
    return upscale | {"grid": grid["task"]}


async def _change(world: World, action: str) -> Names:
    grid = await _grid(world)
    return await world.finished("change", taskId=grid["task"], action=action, index=1)


async def _press_upscale(world: World, words: str) -> Names:
    upscale = await _upscale(world)
    return {"task": await world.pressed(upscale["task"], words)}


async def _region_window(world: World) -> Names:
    upscale = await _upscale(world)
    mask = _mask(await image((await world.fetch(upscale["task"]))["imageUrl"]))
    return {"task": await world.pressed(upscale["task"], "Inpaint"), "mask": _data_url(mask)}


async def _finished_press(world: World, words: str) -> Names:
    names = await _press_upscale(world, words)
    await world.ended(names["task"])
    return names


async def _description(world: World) -> Names:
    return await world.finished("describe", base64=_PICTURES["picture"])


async def _analysis(world: World) -> Names:
    task_id = await world.submitted("shorten", prompt="appdash appdash, in the style of toonami")
    await world.ended(task_id)
    return {
        "task": task_id,
        "first_shortened": await world.button(task_id, "PromptAnalyzer::1"),
        "show_details": await world.button(task_id, "Show Details"),
    }


async def _blend(world: World) -> Names:
    return await world.finished("blend", base64Array=[_PICTURES["picture"], _PICTURES["picture2"]])


async def _invalid(world: World) -> Names:
    task = await world.ended(await world.submitted("imagine", prompt="Cat --nonsense"))
    return {"task": task["id"]}


async def _running(world: World) -> Names:
    task_id = await world.stopping(await world.new_account(), 4)
    await world.until(task_id, lambda task: task["imageUrl"] is not None)
    return {"task": task_id}


async def _submitted(world: World) -> Names:
    return {"task": await world.stopping(await world.new_account(), 0)}


async def _crowd(world: World, queue_size: int = 10) -> Names:
    return await world.crowded(await world.new_account(queue_size=queue_size))


async def _cancelled(world: World) -> Names:
    names = await _crowd(world)
    await world.rest.post(f"/mj/task/{names['task']}/cancel")
    return names


async def _remix_grid(world: World, *, auto_submit: bool = False) -> Names:
    account = await world.in_remix_mode(await world.new_account(remix_auto_submit=auto_submit))
    return await _grid(world, account=account)


async def _remix_upscale(world: World) -> Names:
    return await _upscale(world, await world.in_remix_mode(await world.new_account()))


async def _remix_window(world: World) -> Names:
    grid = await _remix_grid(world)
    return {"task": await world.pressed(grid["task"], "variation::1")}


async def _crowded_grid(world: World) -> Names:
    account = await world.new_account()
    grid = await _grid(world, account=account)
    return await world.crowded(account) | grid


STATES: Final[dict[str, Callable[[World], Awaitable[Names]]]] = {
    "a finished grid of Cat": _grid,
    "a finished grid of 猫猫": lambda world: _grid(world, "猫猫"),
    "a finished upscale": _upscale,
    "a finished variation": lambda world: _change(world, "VARIATION"),
    "a finished reroll": lambda world: _change(world, "REROLL"),
    "a finished zoom": lambda world: _finished_press(world, "Outpaint::50"),
    "a finished pan": lambda world: _finished_press(world, "pan_left"),
    "a finished blend": _blend,
    "a finished description": _description,
    "a finished analysis": _analysis,
    "a task with an invalid parameter": _invalid,
    "a waiting task": _crowd,
    "a submitted task": _submitted,
    "a task in progress": _running,
    "a cancelled task": _cancelled,
    "a queue of one": _crowd,
    "a full queue": lambda world: _crowd(world, queue_size=1),
    "a finished grid behind a queue of one": _crowded_grid,
    "a window for a custom zoom": lambda world: _press_upscale(world, "CustomZoom"),
    "a window for a region": _region_window,
    "a window for a variation": _remix_window,
    "a finished grid in remix mode": _remix_grid,
    "a finished grid in remix mode, confirmed automatically": lambda world: _remix_grid(world, auto_submit=True),
    "a finished upscale in remix mode": _remix_upscale,
}
