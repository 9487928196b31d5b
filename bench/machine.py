"""What the machine was like while it was measured on."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

LIBRARIES = ("grpcio", "protobuf", "uvloop", "httptools", "orjson", "starlette", "uvicorn", "msgspec")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and with what the table was measured.

    Attributes:
        cores: The cores that this process may use.
        python: The version of the interpreter.
        libraries: The versions of what the rows depend on.
        loads: The load, averaged over a minute, at the beginning and after each group of rows.
    """

    cores: int
    python: str
    libraries: dict[str, str]
    loads: Sequence[float]

    @property
    def busy(self) -> bool:
        """Whether more wanted to run than there are cores; the benchmarks alone keep two cores busy."""
        return max(self.loads) > self.cores + 1


def load() -> float:
    """Returns how many processes wanted to run, averaged over the last minute."""
    return os.getloadavg()[0]


def this_machine(loads: Sequence[float]) -> Machine:
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        libraries={name: importlib.metadata.version(name) for name in LIBRARIES},
        loads=loads,
    )
