"""Writes `mjproxy/sync`, the client for programs without asyncio, from `mjproxy/aio`: the same text without its awaits.

Run it after each change of `mjproxy/aio`; a test holds that nobody forgot.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent / "mjproxy"
_HEADER: Final = "# Generated from mjproxy/aio by clients/python/unasync.py: change it there.\n"
_SUBSTITUTIONS: Final = (
    # "(await task.cancel()).ended" in two steps, so that awaits within awaits lose their brackets from the inside.
    (r"\(await ((?:[^()]|\([^()]*\))*)\)\.", r"\1."),
    (r"\(await ((?:[^()]|\([^()]*\))*)\)\.", r"\1."),
    (r"async (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
    (r"`async with`", "`with`"),
    (r"  # noqa: ASYNC109.*", ""),
    (r"AsyncGenerator\[(.+?), None\]", r"Generator[\1, None, None]"),
    (r"AsyncGenerator", "Generator"),
    (r"Coroutine\[object, None, (\w+)\]", r"\1"),
    (r"Callable, Coroutine, Iterator", "Callable, Iterator"),
    (r"\bAsync(Accounts|Buttons?|Callbacks|Client|Link|Task)\b", r"\1"),
    (r"\baclos(e|ing)\b", r"clos\1"),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"mjproxy\.aio", "mjproxy.sync"),
)


def modules() -> list[str]:
    """The modules that there are in both forms."""
    return sorted(path.name for path in (_PACKAGE / "aio").glob("[!_]*.py"))


def written(module: str) -> str:
    """The text of a module without its awaits, formatted."""
    text = (_PACKAGE / "aio" / module).read_text(encoding="utf-8")
    for pattern, replacement in _SUBSTITUTIONS:
        text = re.sub(pattern, replacement, text)
    return _HEADER + _ruff("format", _ruff("check", text, "--fix-only"))


def path_of(module: str) -> Path:
    """Where the synchronous form of a module is."""
    return _PACKAGE / "sync" / module


def _ruff(command: str, text: str, *options: str) -> str:
    """Sorts the imports again, or formats."""
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        command,
        "--quiet",
        *options,
        "--stdin-filename",
        str(path_of("module.py")),
        "-",
    ]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words


if __name__ == "__main__":
    for name in modules():
        path_of(name).write_text(written(name), encoding="utf-8")
