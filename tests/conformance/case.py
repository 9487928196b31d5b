"""The cases, as the files in `cases/` have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

Json = dict[str, Any]

FOLDER: Final = Path(__file__).with_name("cases")


@dataclass(frozen=True, slots=True)
class Case:
    """What one client has to do, step by step, and what has to come of it.

    Attributes:
        topic: The file that it stands in, without its extension.
        name: A sentence.
        steps: Each has a verb with its argument, and what is expected; the README beside this file lists them.
    """

    topic: str
    name: str
    steps: tuple[Mapping[str, Any], ...]

    @property
    def encrypted(self) -> bool:
        """True if it needs certificates."""
        return any("encrypt" in step for step in self.steps)


def load_cases() -> list[Case]:
    """Reads all cases, in the order of the files."""
    return [
        Case(file.stem, entry["name"], tuple(entry["steps"]))
        for file in sorted(FOLDER.glob("*.yaml"))
        for entry in yaml.safe_load(file.read_text())
    ]
