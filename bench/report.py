"""The table, as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bench.machine import Machine
from bench.measure import Row, median

_HEADER = f"{'row':>3}  {'measured':<62} {'ours':>10} {'limit':>10}  {'unit':<9} {'ratio':>6} {'aim':>7}  reached"


def as_text(rows: Sequence[Row], machine: Machine) -> str:
    """Returns the table, with what makes its figures doubtful below it."""
    return "\n".join([_HEADER, *map(line, rows), "", *_remarks(rows, machine)])


def line(row: Row) -> str:
    """Returns one line of the table, with its notes below it."""
    ours, bound = median(row.ours), median(row.bound)
    first = (
        f"{row.number:>3}  {row.name:<62} {_figure(ours.value):>10} {_figure(bound.value):>10}  {row.unit:<9}"
        f" {row.ratio:>6.2f} {_aim(row):>7}  {_verdict(row)}"
    )
    rates = [f"{ours.rate:,.0f}/s beside {bound.rate:,.0f}/s"] if ours.rate and bound.rate else []
    return "\n".join([first, *(f"     {'':4}{note}" for note in [*rates, *row.notes])])


def as_json(rows: Sequence[Row], machine: Machine) -> str:
    """Returns all samples, and what was made of them."""
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": asdict(machine),
        "rows": [
            asdict(row)
            | {
                "ratios": row.ratios,
                "ratio": row.ratio,
                "spread": row.spread,
                "noisy": row.noisy,
                "reached": row.reached,
            }
            for row in rows
        ],
    }
    return json.dumps(document, indent=2)


def _remarks(rows: Sequence[Row], machine: Machine) -> list[str]:
    loads = f"load {min(machine.loads):.1f} to {max(machine.loads):.1f} on {machine.cores} cores"
    remarks = [f"Python {machine.python}, grpcio {machine.libraries['grpcio']}; {loads}."]
    if machine.busy:
        remarks.append("The machine was busy with other things: trust ratios, not rates.")
    if any(row.noisy for row in rows):
        remarks.append("~ The ratios of the rounds lie apart by more than a quarter of their median: measure again.")
    return remarks


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _aim(row: Row) -> str:
    return "" if row.aim is None else f"{'>=' if row.at_least else '<='} {row.aim:g}"


def _verdict(row: Row) -> str:
    words = {True: "yes", False: "no", None: "-"}[row.reached]
    return f"{words} ~" if row.noisy else words
