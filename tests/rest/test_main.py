"""What `python -m mjproxy_rest` says; that it runs is tested with the part."""

import os
import subprocess
import sys
from pathlib import Path


def test_help_is_printed_and_nothing_is_started() -> None:
    command = [sys.executable, "-m", "mjproxy_rest", "--help"]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    assert told.startswith("usage: python -m mjproxy_rest")
    assert "MJPROXY_REST_LISTEN" in told


def test_certificates_that_cannot_be_read_are_refused_in_one_line(tmp_path: Path) -> None:
    environment = os.environ | {"MJPROXY_REST_LISTEN": "127.0.0.1:0", "SSL_CERT_FILE": str(tmp_path / "none")}
    command = [sys.executable, "-m", "mjproxy_rest"]
    refused = subprocess.run(command, check=False, env=environment, capture_output=True, timeout=60)
    cause, end = refused.stderr.decode().splitlines()
    assert refused.returncode == 1
    assert "worker 1 could not start: SSL_CERT_FILE or SSL_CERT_DIR in the environment: No such file" in cause
    assert end.startswith("mjproxy_rest: mjproxy rest worker 1 could not be started")
