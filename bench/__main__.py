"""Measures the table, or some rows of it; prints it, and writes it as JSON and as a picture."""

import argparse
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import plot, report
from bench.machine import Machine, load, this_machine
from bench.measure import FULL, TINY, Row, Scale
from bench.table import GROUPS, groups_of
from mjproxy.launcher import garbage

FILES = 20_000
"""How many files and sockets may be open: five thousand watchers have some hundred connections, a million tasks few."""


def main() -> None:
    """Reads the command line and does what it says."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = sorted({number for numbers in GROUPS.values() for number in numbers})
    arguments.add_argument("rows", nargs="*", type=int, choices=[[], *known], help="the rows; all if none is named")
    arguments.add_argument("--rounds", type=int, default=FULL.rounds, help="how often ours and the limit take turns")
    arguments.add_argument("--seconds", type=float, default=FULL.seconds, help="how long one measurement takes")
    arguments.add_argument("--tiny", action="store_true", help="take seconds, and measure nothing worth reading")
    arguments.add_argument("--out", type=Path, help="the folder to write table.json and table.svg to")
    options = arguments.parse_args()
    _allow_files()
    garbage.settle()  # As the parts do: some rows are measured in this process.
    scale = TINY if options.tiny else Scale(options.seconds, options.rounds)
    rows, machine = uvloop.run(measure(options.rows, scale))
    print(report.as_text(rows, machine))
    if options.out:
        write(rows, machine, options.out)


async def measure(numbers: Sequence[int], scale: Scale) -> tuple[list[Row], Machine]:
    """Measures the rows that answer these questions; tells of each group as soon as it is done."""
    rows: list[Row] = []
    loads = [load()]
    for group in groups_of(numbers):
        found = await group(scale)
        loads.append(load())
        rows += found
        print("\n".join(map(report.line, found)), file=sys.stderr, flush=True)
    rows.sort(key=lambda row: row.number)
    return rows, this_machine(loads)


def write(rows: Sequence[Row], machine: Machine, out: Path) -> None:
    """Writes the table into a folder, for programs and for people."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "table.json").write_text(report.as_json(rows, machine))
    (out / "table.svg").write_text(plot.as_svg(rows))


def _allow_files() -> None:
    """Allows as many open files as are needed, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


if __name__ == "__main__":
    main()
