"""What the launcher refuses or cannot do. Each is shown to the user as it is, and carries its exit status."""

import sys
from collections.abc import Iterable
from typing import IO, Any

import click


class LauncherError(click.ClickException):
    """The base of all errors here: a message for people, without a traceback."""


class ConfigurationRefused(LauncherError):
    """The configuration has unknown keys or wrong values.

    Attributes:
        problems: One line for each, without any secret's value.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the problems, one to a line, to `file` or to stderr."""
        click.echo(self.message, file=file or sys.stderr)


class PartNotInstalled(LauncherError):
    """A part, or a package that it needs, is not installed."""

    def __init__(self, part: str, missing: str) -> None:
        super().__init__(
            f'mjproxy {part} needs the Python package {missing}: install it with pip install "mjproxy[{part}]"'
        )


class PartFailed(LauncherError):
    """A part could not be started."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"mjproxy {part} {reason}")
