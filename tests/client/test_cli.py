"""The commands as their users run them: as processes, against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]

from client.picture_server import Answer, PictureServer
from client.scripted_server import Fails, ScriptedServer, error_info
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.account_pb2 import CONNECTION_PHASE_READY, Account, AccountHealth, AccountSettings
from mjproxy.v1.account_service_pb2 import UnknownMessage
from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_QUEUE_REJECTED, SubmitRefusal, SubmitTaskRequest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Terminal:
    """A terminal that keeps what is written to it."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        self._reading = asyncio.get_running_loop().run_in_executor(None, self._read)

    async def read(self) -> str:
        """All that was written, once nobody writes any more."""
        os.close(self.slave)
        return (await self._reading).decode()

    def _read(self) -> bytes:
        shown = b""
        # Linux ends a terminal that nobody has open for writing with EIO.
        with suppress(OSError):
            while chunk := os.read(self._master, 4096):
                shown += chunk
        os.close(self._master)
        return shown


@dataclass
class Commands:
    """Runs commands in a folder of their own."""

    server: ScriptedServer
    folder: Path

    async def start(
        self,
        *arguments: str,
        environment: dict[str, str] | None = None,
        stdout: int = PIPE,
        stderr: int = PIPE,
    ) -> asyncio.subprocess.Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MJPROXY_")}
        plain = {"MJPROXY_GRPC_TARGET": self.server.target, "TERM": "xterm", "COLUMNS": "120", "TZ": "UTC"}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mjproxy",
            *arguments,
            cwd=self.folder,
            env=inherited | plain | (environment or {}),
            stdout=stdout,
            stderr=stderr,
        )

    async def run(self, *arguments: str, **environment: str) -> Ended:
        return await self.end(await self.start(*arguments, environment=environment))

    async def end(self, process: asyncio.subprocess.Process) -> Ended:
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        assert process.returncode is not None
        ended = Ended(process.returncode, (out or b"").decode(), (err or b"").decode())
        assert "Traceback" not in ended.err, ended.err
        return ended


@pytest.fixture
def commands(server: ScriptedServer, tmp_path: Path) -> Commands:
    return Commands(server, tmp_path)


def only_task(server: ScriptedServer) -> pb.Task:
    [task] = server.tasks.values()
    return task


def draws(server: ScriptedServer, url: str) -> None:
    """Lets the next task that is watched be drawn."""

    def draw() -> None:
        server.change(only_task(server).id, status=pb.TASK_STATUS_IN_PROGRESS, progress=31)
        server.succeed(only_task(server).id, url)

    server.on_watch.append(draw)


async def test_imagine_stores_the_picture_and_prints_where(commands: Commands, pictures: PictureServer) -> None:
    draws(commands.server, pictures.url)
    ended = await commands.run("imagine", "a lighthouse in fog")
    task = only_task(commands.server)
    assert task.prompt == "a lighthouse in fog"
    assert (ended.code, ended.out) == (0, f"{task.id}.webp\n")
    assert (commands.folder / f"{task.id}.webp").read_bytes() == b"picture"
    assert ended.err.splitlines() == [
        f"{task.id} imagine waiting 0%",
        f"{task.id} imagine drawing 31%",
        f"{task.id} imagine done 100% {pictures.url}",
    ]


async def test_imagine_draws_a_bar_when_it_has_a_terminal(commands: Commands, pictures: PictureServer) -> None:
    draws(commands.server, pictures.url)
    terminal = Terminal()
    assert (await commands.end(await commands.start("imagine", "a cat", stderr=terminal.slave))).code == 0
    shown = await terminal.read()
    assert "imagine done" in shown
    assert "━━━━" in shown
    assert "100%" in shown


async def test_watch_draws_a_table_when_it_has_a_terminal(commands: Commands) -> None:
    task = commands.server.add(prompt="a [red]cat")
    commands.server.on_watch.append(lambda: commands.server.succeed(task.id))
    terminal = Terminal()
    assert (await commands.end(await commands.start("watch", task.id, stdout=terminal.slave))).code == 0
    shown = await terminal.read()
    assert "PROGRESS" in shown
    assert "done    100%" in shown
    assert "a [red]cat" in shown


async def test_imagine_sends_its_options(commands: Commands) -> None:
    (commands.folder / "cat.png").write_bytes(b"cat")
    ended = await commands.run(
        *("imagine", "a cat", "--no-wait", "--mode", "relax", "--bot", "niji", "--state", "mine"),
        *("--image", "cat.png", "--image", "https://example.org/dog.png"),
        *("--notify-hook", "https://example.org/hook", "--request-id", "6f1c2f2e-58c7-4d6a-9a4e-1f4f5b0f8f01"),
    )
    [call] = commands.server.called("SubmitTask")
    assert isinstance(call.request, SubmitTaskRequest)
    options, command = call.request.options, call.request.imagine
    assert (ended.code, ended.out) == (0, f"{only_task(commands.server).id}\n")
    assert (options.mode, options.bot_type) == (pb.MODE_RELAX, pb.BOT_TYPE_NIJI)
    assert (options.state, options.notify_hook) == ("mine", "https://example.org/hook")
    assert options.request_id == "6f1c2f2e-58c7-4d6a-9a4e-1f4f5b0f8f01"
    assert [image.data or image.url for image in command.images] == [b"cat", "https://example.org/dog.png"]


@pytest.mark.parametrize(
    ("arguments", "action", "index"),
    [
        (("upscale", "1700000000000000", "2"), pb.ACTION_UPSCALE, 2),
        (("vary", "1700000000000000", "3"), pb.ACTION_VARIATION, 3),
        (("reroll", "1700000000000000"), pb.ACTION_REROLL, 0),
    ],
)
async def test_follow_ups_are_drawn_in_the_same_way(
    commands: Commands, pictures: PictureServer, arguments: tuple[str, ...], action: pb.Action.ValueType, index: int
) -> None:
    draws(commands.server, pictures.url)
    ended = await commands.run(*arguments, "--quiet", "--output", "picture.webp")
    [call] = commands.server.called("SubmitTask")
    assert isinstance(call.request, SubmitTaskRequest)
    change = call.request.change
    assert (change.task_id, change.action, change.index) == ("1700000000000000", action, index)
    assert (ended.code, ended.out, ended.err) == (0, "picture.webp\n", "")
    assert (commands.folder / "picture.webp").read_bytes() == b"picture"


async def test_json_has_a_line_for_each_change_and_the_file_at_last(
    commands: Commands, pictures: PictureServer
) -> None:
    draws(commands.server, pictures.url)
    ended = await commands.run("imagine", "猫", "--json", "-o", "cat.webp")
    assert ended.code == 0
    assert [(line["status"], line["progress"], line["file"]) for line in ended.documents] == [
        ("not_start", 0, None),
        ("in_progress", 31, None),
        ("success", 100, None),
        ("success", 100, "cat.webp"),
    ]
    assert {line["prompt"] for line in ended.documents} == {"猫"}
    assert ended.err == ""


async def test_a_picture_of_another_type_is_stored_under_its_own_extension(
    commands: Commands, pictures: PictureServer
) -> None:
    draws(commands.server, pictures.url)
    ended = await commands.run("imagine", "a cat", "--quiet", "-o", "cat.png")
    assert (ended.code, ended.out) == (0, "cat.webp\n")
    assert ended.err == "The picture came as webp: it is stored as cat.webp\n"
    assert [each.name for each in commands.folder.iterdir()] == ["cat.webp"]


async def test_existing_file_is_not_drawn_for_unless_forced(commands: Commands, pictures: PictureServer) -> None:
    taken = commands.folder / "cat.webp"
    taken.write_bytes(b"dog")
    refused = await commands.run("imagine", "a cat", "-o", "cat.webp")
    assert refused.code == 2
    assert "cat.webp exists; choose another file, or say --force" in refused.err
    assert not commands.server.calls
    draws(commands.server, pictures.url)
    assert (await commands.run("imagine", "a cat", "-o", "cat.webp", "--force")).code == 0
    assert taken.read_bytes() == b"picture"


QUEUE_FULL = Fails(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "full",
    (
        error_info("QUEUE_FULL"),
        RetryInfo(retry_delay=Duration(seconds=30)),
        SubmitRefusal(code=SUBMIT_CODE_QUEUE_REJECTED, description="the queue is full"),
    ),
)


async def test_refusal_ends_with_its_code_and_one_line(commands: Commands) -> None:
    commands.server.errors["SubmitTask"].append(QUEUE_FULL)
    ended = await commands.run("imagine", "a cat")
    assert (ended.code, ended.out, ended.err) == (5, "", "Error: the queue is full. Try again in 30 s.\n")


async def test_key_comes_from_the_environment_or_a_file(commands: Commands) -> None:
    commands.server.key = "secret"
    (commands.folder / "key").write_text("secret\n")
    assert (await commands.run("tasks", MJPROXY_KEY="secret")).code == 0
    assert (await commands.run("tasks", "--key-file", "key", MJPROXY_KEY="wrong")).code == 0
    ended = await commands.run("tasks", MJPROXY_KEY="wrong")
    assert ended.code == 6
    assert (
        ended.err
        == "Error: no valid key. Put a key of the server into MJPROXY_KEY, or name its file with --key-file.\n"
    )


async def test_proxy_of_the_environment_is_not_asked_for_this_machine(
    commands: Commands, pictures: PictureServer
) -> None:
    draws(commands.server, pictures.url)
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"), "http://127.0.0.1:1")
    assert (await commands.run("imagine", "a cat", "--quiet", **nowhere)).code == 0


async def test_unreachable_server_is_named(commands: Commands) -> None:
    await commands.server.stop()
    ended = await commands.run("tasks")
    assert ended.code == 7
    assert ended.err.startswith(f"Error: the server at {commands.server.target} cannot be reached (")
    assert "mjproxy up" in ended.err


async def test_failed_task_ends_with_one_and_its_reason(commands: Commands) -> None:
    failure = pb.Failure(title="Banned prompt detected", description="blood")
    commands.server.on_watch.append(
        lambda: commands.server.change(only_task(commands.server).id, status=pb.TASK_STATUS_FAILURE, failure=failure)
    )
    ended = await commands.run("imagine", "a cat", "--quiet")
    assert (ended.code, ended.out, ended.err) == (1, "", "Error: Banned prompt detected: blood\n")


async def test_picture_that_cannot_be_fetched_is_named(commands: Commands, pictures: PictureServer) -> None:
    pictures.answers[0] = Answer(status=404)
    draws(commands.server, pictures.url)
    ended = await commands.run("imagine", "a cat", "--quiet")
    assert ended.code == 9
    assert pictures.url in ended.err


async def test_time_that_is_over_says_how_to_go_on(commands: Commands) -> None:
    ended = await commands.run("imagine", "a cat", "--quiet", "--timeout", "0.1")
    task = only_task(commands.server)
    assert ended.code == 8
    assert ended.err.splitlines() == [
        f"The task goes on without this command. To follow it: mjproxy watch {task.id}",
        f"Error: task {task.id} has not ended within 0.1 s; it goes on",
    ]


async def test_interrupt_says_how_to_go_on(commands: Commands) -> None:
    watched = asyncio.Event()
    commands.server.on_watch.append(watched.set)
    process = await commands.start("imagine", "a cat", "--quiet")
    async with asyncio.timeout(20):
        await watched.wait()
    process.send_signal(signal.SIGINT)
    ended = await commands.end(process)
    assert ended.code == 130
    assert ended.err == (
        f"The task goes on without this command. To follow it: mjproxy watch {only_task(commands.server).id}\n"
    )


async def test_tasks_are_listed_newest_first_up_to_the_limit(commands: Commands) -> None:
    submitted = Timestamp(seconds=1_767_225_600)
    added = [commands.server.add(prompt=f"cat\t{number}\x1b[31m", submit_time=submitted) for number in range(3)]
    ended = await commands.run("tasks", "--limit", "2")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"{added[2].id}\timagine\twaiting\t0%\t2026-01-01 00:00\tcat 2 [31m\t",
        f"{added[1].id}\timagine\twaiting\t0%\t2026-01-01 00:00\tcat 1 [31m\t",
    ]


async def test_tasks_are_filtered(commands: Commands) -> None:
    wanted = {"status": pb.TASK_STATUS_SUCCESS, "state": "mine", "parent_id": "1", "account_id": "2"}
    match = commands.server.add(**wanted)
    for name in wanted:
        commands.server.add(**{other: value for other, value in wanted.items() if other != name})
    ended = await commands.run(
        *("tasks", "--status", "success", "--action", "imagine", "--state", "mine", "--parent", "1", "--account", "2"),
        "--json",
    )
    assert [document["id"] for document in ended.documents] == [match.id]


async def test_watch_ends_when_all_named_tasks_have_ended(commands: Commands) -> None:
    first, second = commands.server.add(), commands.server.add()

    def end() -> None:
        commands.server.succeed(first.id)
        commands.server.change(second.id, status=pb.TASK_STATUS_CANCELLED)

    commands.server.on_watch.append(end)
    ended = await commands.run("watch", first.id, second.id)
    assert ended.code == 1
    assert ended.err == "Error: 1 of 2 tasks did not succeed\n"
    assert ended.out.splitlines() == [
        f"{first.id} imagine waiting 0%",
        f"{second.id} imagine waiting 0%",
        f"{first.id} imagine done 100%",
        f"{second.id} imagine cancelled 0%",
    ]


FAILURE = pb.Failure(title="Queue full", description="Your job queue\nis full.")


async def test_tasks_and_watch_say_why_a_task_has_failed(commands: Commands) -> None:
    task = commands.server.add(status=pb.TASK_STATUS_FAILURE, failure=FAILURE)
    listed = await commands.run("tasks")
    assert listed.out.endswith("\tQueue full: Your job queue is full.\n")
    watched = await commands.run("watch", task.id)
    assert watched.out == f"{task.id} imagine failed 0% Queue full: Your job queue is full.\n"


async def test_watch_of_an_unknown_task_ends_with_four(commands: Commands) -> None:
    ended = await commands.run("watch", "17")
    assert ended.code == 4
    assert "there is no task 17" in ended.err


async def test_watch_without_names_goes_on_until_interrupted(commands: Commands) -> None:
    commands.server.on_watch.append(commands.server.add)
    process = await commands.start("watch", "--json")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    ended = await commands.end(process)
    assert json.loads(line)["id"] == only_task(commands.server).id
    assert (ended.code, ended.err) == (130, "")


async def test_watch_ends_when_the_time_is_over(commands: Commands) -> None:
    ended = await commands.run("watch", "--timeout", "0.1", "--quiet")
    assert (ended.code, ended.err) == (8, "Error: the time to watch (0.1 s) is over\n")


async def test_accounts_are_listed(commands: Commands) -> None:
    settings = AccountSettings(enable=True, core_size=3, queue_size=10, remark="mine")
    health = AccountHealth(phase=CONNECTION_PHASE_READY, last_error="op 7")
    commands.server.accounts.append(Account(id="1", settings=settings, health=health, running=2, waiting=1))
    assert (await commands.run("accounts")).out == "1\tready\tyes\t2/3\t1/10\t\tmine\top 7\n"
    [document] = (await commands.run("accounts", "--json")).documents
    assert (document["id"], document["connection"], document["enabled"]) == ("1", "ready", True)
    assert (document["running"], document["core_size"], document["fast_hours_left"]) == (2, 3, None)


def unknown(number: int, text: str, account_id: str = "1") -> UnknownMessage:
    data = {"id": "$ID2", "channel_id": "$CHANNEL", "content": text, "before": "$ID1"}
    return UnknownMessage(
        account_id=account_id,
        time=Timestamp(seconds=1_767_225_600 + number * 60),
        event="MESSAGE_CREATE",
        reason="the text has no known form",
        json=json.dumps(data),
    )


async def test_unknown_messages_are_listed_newest_first_up_to_the_limit(commands: Commands) -> None:
    commands.server.page_size = 1
    commands.server.unknown += [unknown(2, "third\x1b[31m"), unknown(1, "second", "2"), unknown(0, "first")]
    ended = await commands.run("unknown", "--limit", "2")
    assert ended.out.splitlines() == [
        "2026-01-01 00:02\t1\tMESSAGE_CREATE\tthe text has no known form\tthird [31m",
        "2026-01-01 00:01\t2\tMESSAGE_CREATE\tthe text has no known form\tsecond",
    ]
    assert ended.err == "2 of 1000 that have come\n"
    [document] = (await commands.run("unknown", "--account", "2", "--json")).documents
    assert (document["time"], document["reason"]) == ("2026-01-01T00:01:00Z", "the text has no known form")
    assert document["data"] == json.loads(commands.server.unknown[1].json)


async def test_unknown_messages_are_exported_as_a_scenario_oldest_first(commands: Commands) -> None:
    commands.server.unknown += [unknown(1, "second"), unknown(0, "first")]
    assert (await commands.run("unknown", "--export", "news.json")).out == "news.json\n"
    scenario = json.loads((commands.folder / "news.json").read_text(encoding="utf-8"))
    assert scenario["name"] == "news"
    assert [(event["after"], event["type"], event["data"]["content"]) for event in scenario["events"]] == [
        (0, "MESSAGE_CREATE", "first"),
        (0, "MESSAGE_CREATE", "second"),
    ]
    assert [(event["data"]["before"], event["data"]["id"]) for event in scenario["events"]] == [
        ("$ID1", "$ID2"),
        ("$ID3", "$ID4"),
    ]


async def test_an_export_replaces_no_file_and_makes_no_empty_one(commands: Commands) -> None:
    nothing = await commands.run("unknown", "--export", "news.json")
    assert (nothing.code, list(commands.folder.iterdir())) == (4, [])
    commands.server.unknown.append(unknown(0, "first"))
    (commands.folder / "news.json").write_text("mine")
    refused = await commands.run("unknown", "--export", "news.json")
    assert (refused.code, refused.err) == (2, "Error: news.json exists; choose another file\n")
    assert (commands.folder / "news.json").read_text() == "mine"
