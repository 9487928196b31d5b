"""What `python -m mjproxy_rest` says; that it runs is tested with the part."""

import subprocess
import sys


def test_help_is_printed_and_nothing_is_started() -> None:
    command = [sys.executable, "-m", "mjproxy_rest", "--help"]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    assert told.startswith("usage: python -m mjproxy_rest")
    assert "MJPROXY_REST_LISTEN" in told
