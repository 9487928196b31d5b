"""What `python -m mjproxy_server` says, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "mjproxy_server"]


def refused(**environment: str) -> list[str]:
    """Starts the server, which must refuse its settings; returns what it says about them."""
    told = subprocess.run(COMMAND, check=False, env=os.environ | environment, capture_output=True, timeout=60)
    assert told.returncode == 1
    return told.stderr.decode().splitlines()


def test_help_is_printed_and_nothing_is_started() -> None:
    told = subprocess.run([*COMMAND, "--help"], capture_output=True, check=True, timeout=60).stdout.decode()
    assert told.startswith("usage: python -m mjproxy_server")
    assert "MJPROXY_GRPC_LISTEN" in told


def test_wrong_settings_are_refused_by_name_and_without_their_values() -> None:
    keys = '[{"name": "", "key": "a-secret-key"}]'
    lines = refused(MJPROXY_GRPC_LISTEN="nowhere", MJPROXY_STORE__KEEP_REVISIONS="none", MJPROXY_KEYS=keys)
    assert [line.split(": ")[:2] for line in lines] == [
        ["mjproxy_server", "MJPROXY_GRPC_LISTEN"],
        ["mjproxy_server", "MJPROXY_KEYS__0__NAME"],
        ["mjproxy_server", "MJPROXY_STORE__KEEP_REVISIONS"],
    ]
    assert "a-secret-key" not in "".join(lines)


def test_a_list_that_is_no_json_is_refused_in_one_line() -> None:
    (line,) = refused(MJPROXY_KEYS="a-secret-key")
    assert "keys" in line
    assert "a-secret-key" not in line


def test_a_data_folder_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (line,) = refused(MJPROXY_DATA=str(tmp_path / "file"), MJPROXY_GRPC_LISTEN="127.0.0.1:0")
    assert line.startswith(f"mjproxy_server: {tmp_path}")
    assert "Check its owner" in line


def test_certificates_that_cannot_be_read_are_refused_in_one_line(tmp_path: Path) -> None:
    account = '[{"guild_id": "1", "channel_id": "2", "user_token": "a-token"}]'
    places = {"MJPROXY_DATA": str(tmp_path), "MJPROXY_GRPC_LISTEN": "127.0.0.1:0"}
    (line,) = refused(MJPROXY_ACCOUNTS=account, SSL_CERT_FILE=str(tmp_path / "none"), **places)
    assert line.startswith("mjproxy_server: SSL_CERT_FILE or SSL_CERT_DIR in the environment: No such file")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    environment = os.environ | {"MJPROXY_GRPC_LISTEN": "127.0.0.1:0", "MJPROXY_DATA": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(*COMMAND, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        assert process.stdout is not None
        assert (await asyncio.wait_for(process.stdout.readline(), 20)).startswith(b"ready grpc=127.0.0.1:")
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert not (tmp_path / "server" / "mjproxy.db-wal").exists()
