"""What `python -m mjproxy_server` says."""

import subprocess
import sys


def test_help_is_printed_and_nothing_is_started() -> None:
    command = [sys.executable, "-m", "mjproxy_server", "--help"]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    assert told.startswith("usage: python -m mjproxy_server")
    assert "MJPROXY_GRPC_LISTEN" in told
