"""Finds the parts that are installed.

A part is a module registered under the entry point group `mjproxy.parts` by its name. Importing it must be light, for
`mjproxy up` imports all of them to read the configuration: what serving needs is imported by `serve`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, Protocol, Self, cast

from pydantic_settings import BaseSettings

from mjproxy.launcher.errors import PartNotInstalled

_GROUP: Final = "mjproxy.parts"


class Part(Protocol):
    """What a part's module has."""

    __name__: str

    @property
    def Settings(self) -> type[BaseSettings]:  # noqa: N802 - a class
        """The keys of the configuration that the part reads; several parts may read the same key.

        Environment variables (`MJPROXY_` and the key, `__` before nested ones) win over what it is called with.
        """

    async def serve(self, settings: BaseSettings, ready: Callable[[str], None]) -> None:
        """Serves until cancelled, then closes.

        Args:
            settings: An instance of this part's `Settings`.
            ready: Called once, when the part answers, with `NAME=ADDRESS`, such as `grpc=127.0.0.1:50051`.

        Raises:
            OSError: It cannot start (an address in use, a locked data folder); the message tells the user why.
            PartFailed: One of its own processes cannot start, and has told the user why.
        """


class StorePart(Part, Protocol):
    """What the server's module has besides: the care of its store."""

    def back_up_store(self, settings: BaseSettings, file: Path) -> None:
        """Copies the store into a new file, also while the server runs.

        Raises:
            OSError: The message says what to do.
        """

    def check_store(self, settings: BaseSettings) -> Sequence[tuple[str, bool]]:
        """Checks the store; returns what it has found, and whether that is a fault.

        Raises:
            OSError: The message says what to do.
        """

    def restore_store(self, settings: BaseSettings, file: Path, *, keep_unfinished: bool) -> int:
        """Puts a copy in the place of the store; returns how many unfinished tasks that has ended.

        Raises:
            OSError: The message says what to do.
        """


@dataclass(frozen=True)
class Parts:
    """Parts of this installation.

    Attributes:
        installed: Those that were imported, by name.
        missing: What those that cannot be imported lack, by name.
        is_complete: Whether these are all; else a key in the configuration may belong to another.
    """

    installed: Mapping[str, Part]
    missing: Mapping[str, PartNotInstalled]
    is_complete: bool

    @classmethod
    def find(cls, only: str | None = None) -> Self:
        """Imports every part that is registered, or only the one of that name."""
        installed: dict[str, Part] = {}
        missing: dict[str, PartNotInstalled] = {}
        for entry in entry_points(group=_GROUP):
            if only not in {None, entry.name}:
                continue
            try:
                installed[entry.name] = cast("Part", entry.load())
            except ModuleNotFoundError as error:
                missing[entry.name] = PartNotInstalled(entry.name, error.name or entry.module)
        return cls(installed, missing, is_complete=only is None and not missing)

    def require(self, name: str) -> Part:
        """The part of that name.

        Raises:
            PartNotInstalled: It, or a package that it imports, is not there.
        """
        if name in self.installed:
            return self.installed[name]
        raise self.missing.get(name) or PartNotInstalled(name, f"mjproxy_{name}")
