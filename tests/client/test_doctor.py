from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.cli.doctor.findings import CONNECTING_SECONDS, Level, of_accounts
from mjproxy.v1.account_pb2 import (
    CONNECTION_PHASE_CONNECTING,
    CONNECTION_PHASE_FAILED,
    CONNECTION_PHASE_READY,
    Account,
    AccountHealth,
    AccountSettings,
    AccountSync,
)
from tests.client.commands import Commands
from tests.client.scripted_server import Fails, ScriptedServer

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

NOW = 1_767_225_600
FINE = Account(
    id="17",
    settings=AccountSettings(enable=True, core_size=3, queue_size=10),
    health=AccountHealth(phase=CONNECTION_PHASE_READY),
    sync=AccountSync(plan="Mega"),
    running=2,
    waiting=1,
)


def account(**health: object) -> Account:
    changed = Account()
    changed.CopyFrom(FINE)
    changed.health.MergeFrom(AccountHealth(**health))  # type: ignore[arg-type]
    return changed


def told(*accounts: Account) -> list[tuple[Level, str, str]]:
    return [(finding.level, finding.message, finding.remedy) for finding in of_accounts(accounts, NOW)]


def test_an_account_in_order_takes_tasks() -> None:
    assert told(FINE) == [(Level.OK, "it takes tasks: 2 of 3 run, 1 wait; Mega", "")]


def test_a_server_without_accounts_has_a_problem() -> None:
    [(level, message, remedy)] = told()
    assert (level, message) == (Level.PROBLEM, "the server has none")
    assert "mjproxy accounts add" in remedy


def test_accounts_that_are_all_disabled_are_a_problem() -> None:
    disabled = Account(id="17", settings=AccountSettings(enable=False))
    assert told(disabled)[0][:2] == (Level.PROBLEM, "none takes tasks")
    assert told(disabled)[1:] == [(Level.NOTE, "it is disabled", "To use it: `mjproxy accounts enable 17`.")]
    assert [level for level, *_ in told(disabled, FINE)] == [Level.NOTE, Level.OK]


@pytest.mark.parametrize(
    ("health", "level", "message", "remedy"),
    [
        ({"held_reason": "Subscription required"}, Level.PROBLEM, "held: Subscription required", "accounts enable 17"),
        (
            {"phase": CONNECTION_PHASE_FAILED, "last_error": "4004"},
            Level.PROBLEM,
            "Discord refuses it: 4004",
            "--token-file FILE --enable",
        ),
        (
            {"phase": CONNECTION_PHASE_CONNECTING, "since": Timestamp(seconds=NOW - int(CONNECTING_SECONDS) - 1)},
            Level.PROBLEM,
            "not connected",
            "`proxy` in [discord]",
        ),
        (
            {"phase": CONNECTION_PHASE_CONNECTING, "since": Timestamp(seconds=NOW - 1)},
            Level.NOTE,
            "not connected",
            "",
        ),
        ({"resting_until": Timestamp(seconds=NOW + 60)}, Level.NOTE, "it rests", "accounts enable 17"),
    ],
)
def test_what_keeps_an_account_from_work_is_told(
    health: dict[str, object], level: Level, message: str, remedy: str
) -> None:
    [*summary, finding] = told(account(**health))
    assert finding[0] is level
    assert message in finding[1]
    assert remedy in finding[2]
    assert bool(summary) is (level is not Level.PROBLEM)


def test_a_full_queue_and_a_bot_that_was_never_heard_are_told() -> None:
    new = account()
    new.ClearField("sync")
    new.waiting = 10
    messages = [message for _, message, _ in told(new)]
    assert messages[1:] == ["its bot has not been heard yet", "its queue is full: 10 wait"]


async def test_a_service_in_order_has_no_problems(real_commands: Commands, stack: Stack) -> None:
    simulator = stack.simulator.removeprefix("http://")
    words = ("doctor", "--rest", stack.rest, "--simulator", simulator)
    ended = await real_commands.run(*words, "--ask-bots", "--json")
    assert ended.code == 0, ended.out
    levels = {str(document["subject"]): document["level"] for document in ended.documents}
    assert {"configuration", "server", "key", "REST", "simulator"} <= set(levels)
    assert sum(subject.startswith("account ") for subject in levels) == 3
    assert sum(subject.startswith("bot of ") for subject in levels) == 3
    assert set(levels.values()) == {"ok"}
    plain = await real_commands.run(*words)
    assert f"✓ server: {stack.grpc} answers\n" in plain.out
    assert (await real_commands.run(*words, "--quiet")).out == ""


async def test_what_does_not_answer_is_told_with_what_to_do(commands: Commands, server: ScriptedServer) -> None:
    await server.stop()
    (commands.folder / "mjproxy.toml").write_text("grpc_listn = 1\n")
    ended = await commands.run("doctor", "--rest", "http://127.0.0.1:1", "--simulator", "127.0.0.1:1")
    assert ended.code == 1
    assert "✗ configuration: " in ended.out
    assert "grpc_listn" in ended.out
    assert f"✗ server: the server at {server.target} cannot be reached" in ended.out
    assert "· REST: nothing answers at http://127.0.0.1:1\n  → Start it with `mjproxy up`" in ended.out
    assert "· simulator: none answers at 127.0.0.1:1" in ended.out


async def test_parts_are_looked_for_where_the_configuration_has_them(commands: Commands, stack: Stack) -> None:
    rest, simulator = (url.removeprefix("http://") for url in (stack.rest, stack.simulator))
    text = f'rest_listen = "{rest.replace("127.0.0.1", "0.0.0.0")}"\nsimulator_listen = "{simulator}"\n'
    (commands.folder / "mjproxy.toml").write_text(f'api_secret = "a-long-random-text"\n{text}')
    ended = await commands.run("doctor")
    assert "✓ configuration: mjproxy.toml is in order\n" in ended.out
    assert f"✓ REST: http://{rest} serves\n" in ended.out
    assert f"✓ simulator: {simulator} answers\n" in ended.out


async def test_what_the_key_may_do_is_told(commands: Commands, server: ScriptedServer) -> None:
    server.accounts.append(FINE)
    server.errors["ListUnknownMessages"].append(Fails(grpc.StatusCode.PERMISSION_DENIED, "not allowed"))
    nowhere = ("--rest", "http://127.0.0.1:1", "--simulator", "127.0.0.1:1")
    ended = await commands.run("doctor", *nowhere)
    assert ended.code == 0
    assert "· key: it may draw, but not change accounts: its role is not admin\n" in ended.out
    server.key = "secret"
    refused = await commands.run("doctor", *nowhere, "--quiet")
    assert refused.code == 1
    assert "MJPROXY_KEY" in refused.out
