"""What a part does about garbage once it answers."""

import subprocess
import sys

SETTLED = """
import gc
from mjproxy.launcher.garbage import settle
before = gc.get_threshold()[0]
settle()
print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > before, gc.isenabled())
"""


def test_the_collector_passes_over_what_the_start_has_brought_and_looks_less_often() -> None:
    told = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, check=True, timeout=60)
    assert told.stdout.decode().split() == ["True"] * 3
