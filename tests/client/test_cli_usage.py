from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mjproxy import cli
from mjproxy.cli import main
from mjproxy.cli.exits import Exit

COMMANDS = [
    *("imagine", "blend", "describe", "shorten", "swap", "upload"),
    *("upscale", "vary", "reroll", "zoom", "pan", "region", "animate", "buttons", "click", "confirm"),
    *("tasks", "watch", "save", "cancel", "seed", "unknown"),
    *("accounts list", "accounts show", "accounts add", "accounts set", "accounts enable", "accounts disable"),
    *("accounts remove", "accounts sync", "accounts bot-settings"),
    *("callbacks list", "callbacks retry", "callbacks drop"),
]


def run(*arguments: str) -> Result:
    """Runs a command without a server: if it asked for one, it would end with 7."""
    return CliRunner().invoke(main, arguments, env={"MJPROXY_GRPC_TARGET": "127.0.0.1:1"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("imagin", "a cat"), "No such command 'imagin': did you mean imagine?"),
        (("draw", "a cat"), "No such command 'draw'"),
        (("imagine",), "Missing argument 'PROMPT...'"),
        (("imagine", "a cat", "-o", "nowhere/cat.webp"), "the folder nowhere does not exist"),
        (("imagine", "a cat", "-o", "taken.webp"), "taken.webp exists; choose another file, or say --force"),
        (("imagine", "a cat", "--image", "cat.png"), "File 'cat.png' does not exist"),
        (("imagine", "a cat", "--image", "ftp://example.org/cat.png"), "does not exist"),
        (("imagine", "a cat", "--image", "large.png"), "large.png is larger than 20971520 bytes"),
        (("imagine", "a cat", "--timeout", "0"), "--timeout"),
        (("imagine", "a cat", "--mode", "slow"), "'slow' is not one of 'fast', 'relax', 'turbo'"),
        (("imagine", "a cat", "--key-file", "taken.webp"), "taken.webp is empty"),
        (("upscale", "1700000000000000", "5"), "5 is not in the range 1<=x<=4"),
        (("vary", "1700000000000000", "0"), "0 is not in the range 1<=x<=4"),
        (("tasks", "--status", "lost"), "'lost' is not one of"),
        (("tasks", "--limit", "0"), "--limit"),
        (("callbacks", "--limit", "0"), "--limit"),
        (("tasks", "--server", "http://host"), "'http://host' is plain text; write HOST:PORT, or https:// for TLS"),
        (("zoom", "1700000000000000", "3"), "3.0 is not in the range 1.0<=x<=2.0"),
        (("pan", "1700000000000000", "north"), "'north' is not one of 'left', 'right', 'up', 'down'"),
        (("imagine", "a cat", "a dog", "-o", "new.webp"), "2 pictures need a folder"),
        (("imagine", "a cat", "a dog", "--request-id", "x"), "--request-id: it would be the same for all of them"),
        (("imagine", "a cat", "--show"), '--show needs a terminal, and: pip install "mjproxy[pictures]"'),
        (("accounts", "set", "1"), "say what to change, for instance --core-size 3"),
        (("accounts", "bot-settings", "1"), "say what to change, for instance --remix"),
        (("completion", "tcsh"), "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (("callbacks", "drop"), "Missing argument 'ID'"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_what(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken.webp").touch()
    with Path("large.png").open("wb") as large:
        large.truncate(20 * 1024 * 1024 + 1)
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_interrupt_before_a_command_has_begun_ends_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_load.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli._SUBCOMMANDS, "slow", cli.Subcommand("slow_to_load:command", "Take its time."))
    assert run("slow").exit_code == Exit.INTERRUPTED


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_the_exit_codes(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "      7  the server cannot be reached\n" in result.stdout
    assert "--server HOST:PORT" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_takes_a_key_as_an_argument(command: str) -> None:
    assert "--key " not in run(*command.split(), "--help").stdout


@pytest.mark.parametrize("group", ["accounts", "callbacks", "simulator", "store"])
def test_groups_explain_their_commands_in_whole_sentences(group: str) -> None:
    _, told = run(group, "--help").stdout.split("\nCommands:\n")
    summaries = told.split("\n\n")[0].splitlines()
    assert [summary for summary in summaries if not summary.endswith(".") or summary.endswith("...")] == []
    assert len(summaries) >= 3
