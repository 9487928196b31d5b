"""The commands as their users run them: as processes, against a real server."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]

from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.account_pb2 import CONNECTION_PHASE_READY, Account, AccountHealth, AccountSettings, AccountSync
from mjproxy.v1.account_service_pb2 import UnknownMessage
from mjproxy.v1.delivery_service_pb2 import DELIVERY_STATE_FAILED, DELIVERY_STATE_PENDING, DeliveryRecord
from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_QUEUE_REJECTED, SubmitRefusal, SubmitTaskRequest
from tests.client.commands import Commands, Terminal
from tests.client.picture_server import Answer, PictureServer
from tests.client.scripted_server import Fails, ScriptedServer, error_info

if TYPE_CHECKING:
    pass


def only_task(server: ScriptedServer) -> pb.Task:
    [task] = server.tasks.values()
    return task


def newest_task(server: ScriptedServer) -> pb.Task:
    return server.tasks[max(server.tasks)]


def draws(server: ScriptedServer, url: str) -> None:
    """Lets the next task that is watched be drawn."""

    def draw() -> None:
        server.change(newest_task(server).id, status=pb.TASK_STATUS_IN_PROGRESS, progress=31)
        server.succeed(newest_task(server).id, url)

    server.on_watch.append(draw)


async def test_imagine_stores_the_picture_and_prints_where(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    draws(server, pictures.url)
    ended = await commands.run("imagine", "a lighthouse in fog")
    task = only_task(server)
    assert task.prompt == "a lighthouse in fog"
    assert (ended.code, ended.out) == (0, f"{task.id}.webp\n")
    assert (commands.folder / f"{task.id}.webp").read_bytes() == b"picture"
    assert ended.err.splitlines() == [
        f"{task.id} imagine waiting 0%",
        f"{task.id} imagine drawing 31%",
        f"{task.id} imagine done 100% {pictures.url}",
    ]


async def test_imagine_draws_a_bar_when_it_has_a_terminal(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    draws(server, pictures.url)
    terminal = Terminal()
    assert (await commands.end(await commands.start("imagine", "a cat", stderr=terminal.slave))).code == 0
    shown = await terminal.read()
    assert "imagine done" in shown
    assert "━━━━" in shown
    assert "100%" in shown


async def test_watch_draws_a_table_when_it_has_a_terminal(commands: Commands, server: ScriptedServer) -> None:
    task = server.add(prompt="a [red]cat")
    server.on_watch.append(lambda: server.succeed(task.id))
    terminal = Terminal()
    assert (await commands.end(await commands.start("watch", task.id, stdout=terminal.slave))).code == 0
    shown = await terminal.read()
    assert "PROGRESS" in shown
    assert "done    100%" in shown
    assert "a [red]cat" in shown


async def test_imagine_that_does_not_wait_shows_no_bar(commands: Commands, server: ScriptedServer) -> None:
    terminal = Terminal()
    ended = await commands.end(await commands.start("imagine", "a cat", "--no-wait", stderr=terminal.slave))
    assert (ended.code, ended.out) == (0, f"{only_task(server).id}\n")
    assert await terminal.read() == ""


async def test_imagine_sends_its_options(commands: Commands, server: ScriptedServer) -> None:
    (commands.folder / "cat.png").write_bytes(b"cat")
    ended = await commands.run(
        *("imagine", "a cat", "--no-wait", "--mode", "relax", "--bot", "niji", "--state", "mine"),
        *("--image", "cat.png", "--image", "https://example.org/dog.png"),
        *("--notify-hook", "https://example.org/hook", "--request-id", "6f1c2f2e-58c7-4d6a-9a4e-1f4f5b0f8f01"),
    )
    [call] = server.called("SubmitTask")
    assert isinstance(call.request, SubmitTaskRequest)
    options, command = call.request.options, call.request.imagine
    assert (ended.code, ended.out) == (0, f"{only_task(server).id}\n")
    assert (options.mode, options.bot_type) == (pb.MODE_RELAX, pb.BOT_TYPE_NIJI)
    assert (options.state, options.notify_hook) == ("mine", "https://example.org/hook")
    assert options.request_id == "6f1c2f2e-58c7-4d6a-9a4e-1f4f5b0f8f01"
    assert [image.data or image.url for image in command.images] == [b"cat", "https://example.org/dog.png"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("upscale", "1700000000000000", "2"), (pb.ACTION_UPSCALE, 2)),
        (("vary", "1700000000000000", "3"), (pb.ACTION_VARIATION, 3)),
        (("reroll", "1700000000000000"), (pb.ACTION_REROLL, 0)),
    ],
)
async def test_follow_ups_are_drawn_in_the_same_way(
    commands: Commands,
    server: ScriptedServer,
    pictures: PictureServer,
    arguments: tuple[str, ...],
    wanted: tuple[pb.Action.ValueType, int],
) -> None:
    assert server.add(status=pb.TASK_STATUS_SUCCESS).id == "1700000000000000"
    draws(server, pictures.url)
    ended = await commands.run(*arguments, "--quiet", "--output", "picture.webp")
    [call] = server.called("SubmitTask")
    assert isinstance(call.request, SubmitTaskRequest)
    change = call.request.change
    assert (change.task_id, (change.action, change.index)) == ("1700000000000000", wanted)
    assert (ended.code, ended.out, ended.err) == (0, "picture.webp\n", "")
    assert (commands.folder / "picture.webp").read_bytes() == b"picture"


async def test_json_has_a_line_for_each_change_and_the_file_at_last(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    draws(server, pictures.url)
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
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    draws(server, pictures.url)
    ended = await commands.run("imagine", "a cat", "--quiet", "-o", "cat.png")
    assert (ended.code, ended.out) == (0, "cat.webp\n")
    assert ended.err == "The picture came as webp: it is stored as cat.webp\n"
    assert [each.name for each in commands.folder.iterdir()] == ["cat.webp"]


async def test_existing_file_is_not_drawn_for_unless_forced(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    taken = commands.folder / "cat.webp"
    taken.write_bytes(b"dog")
    refused = await commands.run("imagine", "a cat", "-o", "cat.webp")
    assert refused.code == 2
    assert "cat.webp exists; choose another file, or say --force" in refused.err
    assert not server.calls
    draws(server, pictures.url)
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


async def test_refusal_ends_with_its_code_and_one_line(commands: Commands, server: ScriptedServer) -> None:
    server.errors["SubmitTask"].append(QUEUE_FULL)
    ended = await commands.run("imagine", "a cat")
    assert (ended.code, ended.out, ended.err) == (5, "", "Error: the queue is full. Try again in 30 s.\n")


async def test_key_comes_from_the_environment_or_a_file(commands: Commands, server: ScriptedServer) -> None:
    server.key = "secret"
    (commands.folder / "key").write_text("secret\n")
    assert (await commands.run("tasks", MJPROXY_KEY="secret")).code == 0
    assert (await commands.run("tasks", "--key-file", "key", MJPROXY_KEY="wrong")).code == 0
    ended = await commands.run("tasks", MJPROXY_KEY="wrong")
    assert ended.code == 6
    assert ended.err == (
        f"Error: the server at {server.target} wants a key, and got none that it knows. "
        "Put one of its keys into MJPROXY_KEY, or name a file that holds it with --key-file.\n"
    )


async def test_proxy_of_the_environment_is_not_asked_for_this_machine(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    draws(server, pictures.url)
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"), "http://127.0.0.1:1")
    assert (await commands.run("imagine", "a cat", "--quiet", **nowhere)).code == 0


async def test_unreachable_server_is_named(commands: Commands, server: ScriptedServer) -> None:
    await server.stop()
    ended = await commands.run("tasks")
    assert ended.code == 7
    assert ended.err.startswith(f"Error: the server at {server.target} cannot be reached (")
    assert "mjproxy up" in ended.err


async def test_failed_task_ends_with_one_and_its_reason(commands: Commands, server: ScriptedServer) -> None:
    failure = pb.Failure(title="Banned prompt detected", description="blood")
    server.on_watch.append(lambda: server.change(only_task(server).id, status=pb.TASK_STATUS_FAILURE, failure=failure))
    ended = await commands.run("imagine", "a cat", "--quiet")
    assert (ended.code, ended.out, ended.err) == (1, "", "Error: Banned prompt detected: blood\n")


async def test_picture_that_cannot_be_fetched_is_named(
    commands: Commands, server: ScriptedServer, pictures: PictureServer
) -> None:
    pictures.answers[0] = Answer(status=404)
    draws(server, pictures.url)
    ended = await commands.run("imagine", "a cat", "--quiet")
    assert ended.code == 9
    assert pictures.url in ended.err


async def test_time_that_is_over_says_how_to_go_on(commands: Commands, server: ScriptedServer) -> None:
    ended = await commands.run("imagine", "a cat", "--quiet", "--timeout", "0.1")
    task = only_task(server)
    assert ended.code == 8
    assert ended.err.splitlines() == [
        f"The task goes on without this command. To follow it: mjproxy watch {task.id}",
        f"Error: task {task.id} has not ended within 0.1 s; it goes on",
    ]


async def test_interrupt_says_how_to_go_on(commands: Commands, server: ScriptedServer) -> None:
    watched = asyncio.Event()
    server.on_watch.append(watched.set)
    process = await commands.start("imagine", "a cat", "--quiet")
    async with asyncio.timeout(20):
        await watched.wait()
    process.send_signal(signal.SIGINT)
    ended = await commands.end(process)
    assert ended.code == 130
    assert ended.err == (f"The task goes on without this command. To follow it: mjproxy watch {only_task(server).id}\n")


async def test_interrupt_names_all_tasks_that_are_left(commands: Commands, server: ScriptedServer) -> None:
    watched = [asyncio.Event(), asyncio.Event()]
    server.on_watch.extend(event.set for event in watched)
    process = await commands.start("imagine", "a cat", "a dog", "--quiet")
    async with asyncio.timeout(20):
        await asyncio.gather(*(event.wait() for event in watched))
    process.send_signal(signal.SIGINT)
    ended = await commands.end(process)
    assert ended.code == 130
    told, _, ids = ended.err.rstrip().partition(" mjproxy watch ")
    assert told == "The tasks go on without this command. To follow them:"
    assert set(ids.split()) == set(server.tasks)


async def test_tasks_are_listed_newest_first_up_to_the_limit(commands: Commands, server: ScriptedServer) -> None:
    submitted = Timestamp(seconds=1_767_225_600)
    added = [server.add(prompt=f"cat\t{number}\x1b[31m", submit_time=submitted) for number in range(3)]
    ended = await commands.run("tasks", "--limit", "2")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"{added[2].id}\timagine\twaiting\t0%\t2026-01-01 00:00\tcat 2 [31m\t",
        f"{added[1].id}\timagine\twaiting\t0%\t2026-01-01 00:00\tcat 1 [31m\t",
    ]


async def test_tasks_are_filtered(commands: Commands, server: ScriptedServer) -> None:
    wanted = {"status": pb.TASK_STATUS_SUCCESS, "state": "mine", "parent_id": "1", "account_id": "2"}
    match = server.add(**wanted)
    for name in wanted:
        server.add(**{other: value for other, value in wanted.items() if other != name})
    ended = await commands.run(
        *("tasks", "--status", "success", "--action", "imagine", "--state", "mine", "--parent", "1", "--account", "2"),
        "--json",
    )
    assert [document["id"] for document in ended.documents] == [match.id]


async def test_watch_ends_when_all_named_tasks_have_ended(commands: Commands, server: ScriptedServer) -> None:
    first, second = server.add(), server.add()

    def end() -> None:
        server.succeed(first.id)
        server.change(second.id, status=pb.TASK_STATUS_CANCELLED)

    server.on_watch.append(end)
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


async def test_tasks_and_watch_say_why_a_task_has_failed(commands: Commands, server: ScriptedServer) -> None:
    task = server.add(status=pb.TASK_STATUS_FAILURE, failure=FAILURE)
    listed = await commands.run("tasks")
    assert listed.out.endswith("\tQueue full: Your job queue is full.\n")
    watched = await commands.run("watch", task.id)
    assert watched.out == f"{task.id} imagine failed 0% Queue full: Your job queue is full.\n"


async def test_watch_of_an_unknown_task_ends_with_four(commands: Commands) -> None:
    ended = await commands.run("watch", "17")
    assert ended.code == 4
    assert "there is no task 17" in ended.err


async def test_watch_without_names_goes_on_until_interrupted(commands: Commands, server: ScriptedServer) -> None:
    server.on_watch.append(server.add)
    process = await commands.start("watch", "--json")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    ended = await commands.end(process)
    assert json.loads(line)["id"] == only_task(server).id
    assert (ended.code, ended.err) == (130, "")


async def test_watch_ends_when_the_time_is_over(commands: Commands) -> None:
    ended = await commands.run("watch", "--timeout", "0.1", "--quiet")
    assert (ended.code, ended.err) == (8, "Error: the time to watch (0.1 s) is over\n")


async def test_accounts_keep_their_ids_in_a_narrow_terminal(commands: Commands, server: ScriptedServer) -> None:
    plan = "Mega (Active monthly, renews next on 2026-12-03 00:00 UTC)"
    server.accounts.append(
        Account(id="835466124403414888", settings=AccountSettings(remark="mine"), sync=AccountSync(plan=plan))
    )
    terminal = Terminal()
    listing = await commands.start("accounts", stdout=terminal.slave, environment={"COLUMNS": "80", "TERM": "dumb"})
    assert (await commands.end(listing)).code == 0
    header, row = (await terminal.read()).splitlines()
    assert header.split()[:5] == ["ID", "CONNECTION", "ENABLED", "RUNNING", "WAITING"]
    assert row.startswith("835466124403414888  ")
    assert "Mega" in row


async def test_accounts_are_listed(commands: Commands, server: ScriptedServer) -> None:
    settings = AccountSettings(enable=True, core_size=3, queue_size=10, remark="mine")
    health = AccountHealth(phase=CONNECTION_PHASE_READY, last_error="op 7")
    server.accounts.append(Account(id="1", settings=settings, health=health, running=2, waiting=1))
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


async def test_unknown_messages_are_listed_newest_first_up_to_the_limit(
    commands: Commands, server: ScriptedServer
) -> None:
    server.page_size = 1
    server.unknown += [unknown(2, "third\x1b[31m"), unknown(1, "second", "2"), unknown(0, "first")]
    ended = await commands.run("unknown", "--limit", "2")
    assert ended.out.splitlines() == [
        "2026-01-01 00:02\t1\tMESSAGE_CREATE\tthe text has no known form\tthird [31m",
        "2026-01-01 00:01\t2\tMESSAGE_CREATE\tthe text has no known form\tsecond",
    ]
    assert ended.err == "2 of 1000 that have come\n"
    [document] = (await commands.run("unknown", "--account", "2", "--json")).documents
    assert (document["time"], document["reason"]) == ("2026-01-01T00:01:00Z", "the text has no known form")
    assert document["data"] == json.loads(server.unknown[1].json)


async def test_unknown_messages_are_exported_as_a_scenario_oldest_first(
    commands: Commands, server: ScriptedServer
) -> None:
    server.unknown += [unknown(1, "second"), unknown(0, "first")]
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


async def test_an_export_replaces_no_file_and_makes_no_empty_one(commands: Commands, server: ScriptedServer) -> None:
    nothing = await commands.run("unknown", "--export", "news.json")
    assert (nothing.code, list(commands.folder.iterdir())) == (4, [])
    server.unknown.append(unknown(0, "first"))
    (commands.folder / "news.json").write_text("mine")
    refused = await commands.run("unknown", "--export", "news.json")
    assert (refused.code, refused.err) == (2, "Error: news.json exists; choose another file\n")
    assert (commands.folder / "news.json").read_text() == "mine"


def callback(server: ScriptedServer, task_id: str, **fields: object) -> None:
    record = DeliveryRecord(task_id=task_id, hook="https://host.example/hook", state=DELIVERY_STATE_PENDING)
    record.MergeFrom(DeliveryRecord(**fields))  # type: ignore[arg-type]
    server.callbacks[task_id] = record


async def test_callbacks_are_listed_up_to_the_limit(commands: Commands, server: ScriptedServer) -> None:
    server.page_size = 1
    callback(server, "1", next_time=Timestamp(seconds=1_767_225_600), attempts=2, last_http_status=503)
    callback(server, "2", state=DELIVERY_STATE_FAILED, attempts=10, last_error="refused\x1b[31m")
    callback(server, "3")
    assert (await commands.run("callbacks", "--limit", "2")).out.splitlines() == [
        "1\tpending\t2\t2026-01-01 00:00\t503\thttps://host.example/hook\t",
        "2\tfailed\t10\t\t\thttps://host.example/hook\trefused [31m",
    ]
    [document] = (await commands.run("callbacks", "--failed", "--json")).documents
    assert (document["task_id"], document["state"], document["next_time"]) == ("2", "failed", None)
    assert (document["attempts"], document["last_http_status"]) == (10, None)


async def test_a_callback_is_retried_and_dropped_by_its_task(commands: Commands, server: ScriptedServer) -> None:
    callback(server, "1", state=DELIVERY_STATE_FAILED)
    retried = await commands.run("callbacks", "retry", "1")
    assert (retried.code, retried.out) == (0, "1 is due for https://host.example/hook\n")
    assert server.callbacks["1"].state == DELIVERY_STATE_PENDING
    assert (await commands.run("callbacks", "drop", "1")).code == 0
    assert server.callbacks == {}
    assert (await commands.run("callbacks", "drop", "1")).code == 4
