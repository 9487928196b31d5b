"""The examples of the documents, against a whole service with the simulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mjproxy.cli.exits import Exit
from tests.e2e.stack import Stack

DOCS = Path(__file__).parents[2] / "docs"


def blocks(document: str, language: str) -> list[str]:
    text = (DOCS / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(*words: str, folder: Path, stack: Stack) -> subprocess.CompletedProcess[str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "MJPROXY_GRPC_TARGET": stack.grpc, "REST": stack.rest}
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.mark.parametrize("block", blocks("python.md", "python"), ids=lambda it: str(len(it)))
def test_python_runs(block: str, folder: Path, stack: Stack) -> None:
    program = block.replace("127.0.0.1:50051", stack.grpc).replace(
        "mjproxy.Client()", f"mjproxy.Client('{stack.grpc}')"
    )
    run(sys.executable, "-W", "error", "-c", program, folder=folder, stack=stack)


@pytest.mark.parametrize("block", blocks("cli.md", "sh"), ids=lambda it: str(len(it)))
def test_shell_runs(block: str, folder: Path, stack: Stack) -> None:
    run("sh", "-eu", "-c", block, folder=folder, stack=stack)


def test_exit_codes_are_those_of_the_commands() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (DOCS / "cli.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(code), meaning) for code, meaning in rows] == [(code.value, code.meaning) for code in Exit]
