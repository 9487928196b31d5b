"""The benchmark of scale in a tiny form: that it runs and measures, not how fast."""

import os
import re
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "bench" / "simulator_scale.py"


def test_benchmark_of_scale_measures_all_jobs() -> None:
    small = {"ACCOUNTS": "2", "SPEED": "100", "SECONDS": "0.5"}
    told = subprocess.run(
        [sys.executable, BENCHMARK], env=os.environ | small, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "2 accounts connected" in told.stdout
    assert "flat out: 80 dispatches" in told.stdout
    assert re.search(r"at the pace of life: [1-9]\d* dispatches", told.stdout)
    assert re.search(r"dispatches late by -?\d+ ms \(p50\)", told.stdout)
