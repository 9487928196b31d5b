"""The process of one program: `python -m bench.program MODULE:NAME ARGUMENT...`; see `bench.processes`."""

import sys
from importlib import import_module

import uvloop

from bench.processes import Control, Program


async def run(place: str, arguments: list[str]) -> None:
    """Runs the program that is named, until there are no more orders."""
    module, _, name = place.partition(":")
    program: Program = getattr(import_module(module), name)
    control = Control()
    await control.open()
    await program(control, *arguments)


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], sys.argv[2:]))
