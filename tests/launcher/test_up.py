import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.launcher.launcher_processes import Command, ask, eventually

FREE_PORTS = ["--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--simulator", "127.0.0.1:0"]
ACCOUNT = '[[accounts]]\nguild_id = "1"\nchannel_id = "2"\nuser_token = "t"\n'

Run = Callable[..., Command]


@pytest.fixture
def up(run: Run) -> Run:
    """Starts `mjproxy up` on free ports."""
    return lambda *arguments, **environment: run("up", *FREE_PORTS, *arguments, **environment)


def test_up_runs_three_titled_processes_and_says_where_they_answer(up: Run) -> None:
    command = up()
    ready = command.ready()
    assert list(ready) == ["rest", "grpc", "simulator"]
    assert ask(ready["rest"])["target"] == ready["grpc"]
    children = command.children()
    assert children.keys() == {"mjproxy rest", "mjproxy server", "mjproxy simulator"}
    assert ask(ready["rest"])["pid"] == children["mjproxy rest"].pid
    assert psutil.Process(command.process.pid).cmdline()[0].strip() == "mjproxy up"
    assert "DISCORD IS SIMULATED" in command.errors()


def test_the_server_is_given_the_simulator_s_accounts_and_hosts(up: Run, workdir: Path) -> None:
    (workdir / "mjproxy.toml").write_text("[account_defaults]\ncore_size = 12\n[simulator]\naccounts = 2\n")
    ready = up("--speed", "200", "--data", "kept").ready()
    simulator = ready["simulator"].removeprefix("http://")
    told = ask(ready["grpc"])
    assert [account["channel_id"] for account in told["settings"]["accounts"]] == ["20", "21"]
    assert told["settings"]["account_defaults"] == {"core_size": 12, "interval_seconds": 0}
    assert told["settings"]["discord"]["gateway"] == f"ws://{simulator}"
    assert told["settings"]["data"] == "kept"
    assert told["has_service_key"]
    assert ask(simulator)[0]["speed"] == 200


def test_real_accounts_need_no_simulator(up: Run, workdir: Path) -> None:
    (workdir / "mjproxy.toml").write_text(ACCOUNT)
    command = up()
    assert list(command.ready()) == ["rest", "grpc"]
    assert "mjproxy simulator" not in command.children()
    assert "SIMULATED" not in command.errors()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_its_group_drains_the_parts_in_order(up: Run, workdir: Path, number: signal.Signals) -> None:
    diary = workdir / "diary.txt"
    command = up(FAKE_DIARY=str(diary))
    command.ready()
    os.killpg(command.process.pid, number)
    assert command.rest_of_output() == ""
    assert command.process.returncode == 0
    command.assert_nothing_is_left()
    opened = ["simulator answers", "server answers", "rest answers"]
    assert diary.read_text().splitlines() == [*opened, "rest closes", "server closes", "simulator closes"]
    assert "Traceback" not in command.errors()


def test_a_signal_to_every_process_starts_none_again(up: Run, workdir: Path) -> None:
    """As from a process manager; the shim, whose turn to be drained is first, ends after the others have."""
    (workdir / "mjproxy.toml").write_text("drain_seconds = 0\n")
    diary = workdir / "diary.txt"
    command = up(FAKE_DIARY=str(diary), FAKE_STUBBORN="rest")
    command.ready()
    for process in [psutil.Process(command.process.pid), *command.children().values()]:
        process.terminate()
    assert command.rest_of_output() == ""
    assert command.process.returncode == 0
    command.assert_nothing_is_left()
    opened = ["simulator answers", "server answers", "rest answers"]
    assert sorted(diary.read_text().splitlines()) == sorted(
        [*opened, "rest closes", "server closes", "simulator closes"]
    )


def test_a_signal_during_the_start_drains_what_has_started(up: Run, workdir: Path) -> None:
    diary = workdir / "diary.txt"
    command = up(FAKE_DIARY=str(diary))
    eventually(diary.exists, "the simulator answers")
    command.children()
    command.process.terminate()
    assert command.rest_of_output() == ""
    assert command.process.returncode == 0
    command.assert_nothing_is_left()


def test_killing_it_leaves_nothing_behind(up: Run, workdir: Path) -> None:
    diary = workdir / "diary.txt"
    command = up(FAKE_DIARY=str(diary))
    command.ready()
    command.process.kill()
    command.assert_nothing_is_left()
    assert sorted(diary.read_text().splitlines()[3:]) == ["rest closes", "server closes", "simulator closes"]


def test_killing_it_ends_even_a_part_that_does_not_close(up: Run) -> None:
    command = up(FAKE_STUBBORN="server")
    command.ready()
    command.process.kill()
    command.assert_nothing_is_left()


@pytest.mark.parametrize(("part", "endpoint"), [("server", "grpc"), ("rest", "rest"), ("simulator", "simulator")])
def test_a_part_that_dies_is_started_again_where_it_was(up: Run, part: str, endpoint: str) -> None:
    command = up()
    ready = command.ready()
    before = command.children()
    before[f"mjproxy {part}"].kill()

    def answers_again() -> bool:
        try:
            return bool(ask(ready[endpoint]))
        except OSError:
            return False

    eventually(lambda: not before[f"mjproxy {part}"].is_running(), "the part has died")
    eventually(answers_again, "the part answers where it did")
    after = command.children()
    assert after.keys() == before.keys()
    assert {title for title in before if after[title].pid != before[title].pid} == {f"mjproxy {part}"}
    assert f"mjproxy {part} was ended by a signal: Killed; it is started again in 0.2 s" in command.errors()
    command.process.terminate()
    assert command.rest_of_output() == "", "the ready line is printed once"


def test_a_port_in_use_ends_it_with_a_message(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = run("up", *FREE_PORTS, "--rest", address)
        assert command.rest_of_output() == ""
    assert command.process.returncode == 1
    assert "Error: mjproxy rest could not start: [Errno 98]" in command.errors()
    assert "Error: mjproxy rest could not be started: it ended with exit status 1" in command.errors()
    assert "Traceback" not in command.errors()
    command.assert_nothing_is_left()


def test_a_refused_configuration_ends_it_before_anything_starts(up: Run, workdir: Path) -> None:
    (workdir / "mjproxy.toml").write_text('[account_defaults]\ncore_size = "x"\n')
    command = up(FAKE_DIARY=str(workdir / "diary.txt"))
    assert command.rest_of_output() == ""
    assert command.process.returncode == 2
    expected = 'mjproxy.toml: account_defaults.core_size: expected a whole number of at least 1, got "x"\n'
    assert command.errors() == expected
    assert not (workdir / "diary.txt").exists()


def test_no_secret_is_in_any_argument(up: Run, workdir: Path) -> None:
    (workdir / "mjproxy.toml").write_text('api_secret = "hush"\n')
    command = up()
    command.ready()
    for child in command.children().values():
        arguments = " ".join(child.cmdline())
        keys = [value for name, value in child.environ().items() if name == "MJPROXY_SERVICE_KEY"]
        assert not any(secret in arguments for secret in ["hush", "sim.0", *keys])


@pytest.mark.parametrize(("part", "endpoint"), [("server", "grpc"), ("simulator", "simulator")])
def test_a_part_runs_singly(run: Run, part: str, endpoint: str) -> None:
    command = run(part, f"--{endpoint}", "[::1]:0" if socket.has_ipv6 else "127.0.0.1:0")
    ready = command.ready()
    assert ask(ready[endpoint])
    command.process.terminate()
    assert command.rest_of_output() == ""
    assert command.process.returncode == 0


def test_a_bad_address_is_a_usage_error(run: Run) -> None:
    command = run("rest", "--rest", "nowhere")
    assert command.rest_of_output() == ""
    assert command.process.returncode == 2
    assert 'expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, got "nowhere"' in command.errors()


def test_config_prints_what_is_in_force(run: Run, workdir: Path) -> None:
    (workdir / "other.toml").write_text('api_secret = "hush"\n')
    command = run("config", "--config", "other.toml", MJPROXY_SPEED="7")
    output = command.rest_of_output()
    assert 'api_secret = "**********"  # other.toml' in output
    assert "speed = 7.0  # MJPROXY_SPEED" in output
    assert (command.process.returncode, command.errors()) == (0, "")
