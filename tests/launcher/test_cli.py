import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mjproxy import cli

NEEDED_BY_PARTS_ONLY = ("pydantic", "pydantic_settings", "setproctitle", "uvloop", "starlette", "numpy")
LAUNCHER_COMMANDS = cli.SECTIONS["Service"]


def test_help_names_every_subcommand() -> None:
    output = CliRunner().invoke(cli.main, ["--help"]).output
    for section in cli.SECTIONS.values():
        for name, subcommand in section.items():
            assert f"  {name} " in output
            assert subcommand.summary in output


@pytest.mark.parametrize("name", LAUNCHER_COMMANDS)
def test_the_overview_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    assert command.get_short_help_str(200) == LAUNCHER_COMMANDS[name].summary


def test_the_overview_imports_nothing_that_a_bare_install_lacks() -> None:
    code = f"""if True:
        import sys
        from mjproxy.cli import main
        main(["--help"], standalone_mode=False)
        assert not {set(NEEDED_BY_PARTS_ONLY)!r} & sys.modules.keys()
    """
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, check=True)


def test_a_command_whose_packages_are_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mjproxy.launcher.up", None)
    result = CliRunner().invoke(cli.main, ["up"])
    assert result.exit_code == 1
    assert 'install it with pip install "mjproxy[all]"' in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(cli.main, ["draw"]).exit_code == 2


@pytest.mark.usefixtures("fake_parts")
def test_version_is_the_distribution_s() -> None:
    assert CliRunner().invoke(cli.main, ["--version"]).output == "mjproxy 9.8.7\n"
