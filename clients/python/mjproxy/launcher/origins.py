"""Where a configuration value came from: a flag, an environment variable, the file, or nowhere (the default).

A path leads to a value by keys and indices, such as `("accounts", 0, "core_size")`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from mjproxy.launcher.flags import FLAGS

KeyPath: TypeAlias = tuple[str | int, ...]

ENVIRONMENT_PREFIX: Final = "MJPROXY_"
NESTED_DELIMITER: Final = "__"


def variable(path: KeyPath) -> str:
    """The environment variable that sets the value at the path."""
    return ENVIRONMENT_PREFIX + NESTED_DELIMITER.join(map(str, path)).upper()


def written(path: KeyPath) -> str:
    """The path as people write it: `accounts[0].core_size`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def names(path: KeyPath) -> set[str]:
    """The flag and the variable that set exactly the value at the path; none for the whole configuration."""
    flags = {option for key, option in FLAGS.items() if path == (key,)}
    return flags | ({variable(path)} if path else set())


@dataclass(frozen=True)
class Origins:
    """What each source says, the strongest first. The sources hold secrets.

    Attributes:
        flags: The values given by flags, by key.
        environment: The process's environment, with the names in capitals.
        file_name: The configuration file, as the user knows it.
        document: The parsed file; empty when there is none.
    """

    flags: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    file_name: str
    document: Mapping[str, object] = field(repr=False)

    def of(self, path: KeyPath) -> str | None:
        """The flag, variable or file that gives the value at the path; `None` when it is a default."""
        if path[0] in self.flags:
            return FLAGS[str(path[0])]
        return self._variable_with(path) or (self.file_name if _has(self.document, path) else None)

    def nearest(self, path: KeyPath) -> str | None:
        """The same for the path or, when nothing gives it (a missing key), the nearest table around it."""
        return next(filter(None, (self.of(path[:length]) for length in range(len(path), 0, -1))), None)

    def _variable_with(self, path: KeyPath) -> str | None:
        for length in range(len(path), 0, -1):
            name = variable(path[:length])
            if name in self.environment and _has(_decoded(self.environment[name]), path[length:]):
                return name
        return None


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _has(value: object, path: KeyPath) -> bool:
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return False
    return True
