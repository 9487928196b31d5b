"""Runs the `mjproxy` command as people do, and looks at what it starts."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 20.0


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"still not so after {PATIENCE} s: {what}"
        time.sleep(0.02)


def ask(address: str) -> Any:  # noqa: ANN401 - JSON
    """What a fake part answers at `HOST:PORT` or at a URL."""
    with urllib.request.urlopen(f"http://{address.removeprefix('http://')}/", timeout=PATIENCE) as response:
        return json.load(response)


class Command:
    """A running `mjproxy` command, in a process group of its own."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], workdir: Path) -> None:
        self._errors = workdir / "stderr.txt"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mjproxy", *arguments],
                cwd=workdir,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                process_group=0,
                text=True,
            )
        self._seen: list[psutil.Process] = []

    def ready(self) -> dict[str, str]:
        """Waits for the ready line and gives its endpoints by name."""
        assert self.process.stdout is not None
        word, *endpoints = self.process.stdout.readline().split()
        assert word == "ready"
        self.children()
        return dict(endpoint.split("=") for endpoint in endpoints)

    def children(self) -> dict[str, psutil.Process]:
        """The processes below it, by their title."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self._seen += children
        return {child.cmdline()[0].strip(): child for child in children}

    def rest_of_output(self) -> str:
        """Waits for the end; what it wrote to stdout since the ready line."""
        return self.process.communicate(timeout=PATIENCE)[0]

    def errors(self) -> str:
        """What it and its children have written to stderr so far."""
        return self._errors.read_text()

    def assert_nothing_is_left(self) -> None:
        """Waits until every process that it had has ended."""
        _, alive = psutil.wait_procs(self._seen, timeout=PATIENCE)
        assert alive == []

    def clean_up(self) -> None:
        """Ends whatever a failed test left."""
        for process in [*self._seen, psutil.Process(self.process.pid)] if self.process.poll() is None else self._seen:
            if process.is_running():
                process.kill()
        self.process.communicate()
