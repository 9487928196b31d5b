"""Each group of rows runs in its tiny form: that measures nothing, and shows that the benchmarks have not rotted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EACH_GROUP = {1: {1}, 2: {2}, 3: {3, 5}, 4: {4}, 6: {6}, 7: {7}, 8: {8}, 9: {9}, 10: {10}, 11: {11}, 12: {12}, 13: {13}}


@pytest.mark.parametrize("number", EACH_GROUP)
def test_rows_are_measured(number: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--tiny", "--out", str(tmp_path), str(number)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert run.returncode == 0, run.stderr
    table = json.loads((tmp_path / "table.json").read_text())
    assert {row["number"] for row in table["rows"]} == EACH_GROUP[number]
    assert all(map(_is_measured, table["rows"]))
    assert (tmp_path / "table.svg").read_text().startswith("<svg")


def _is_measured(row: dict[str, Any]) -> bool:
    """Tells whether both sides did something; a cost for each message is what is left of others, and may be nothing."""
    if row["name"].endswith("per message"):
        return all(sample["rate"] > 0 for sample in (*row["ours"], *row["bound"]))
    return bool(row["ratio"] > 0)
