"""Runs the examples of docstrings, with `await` where they have it."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import traceback
from types import ModuleType

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_CHECKER = doctest.OutputChecker()


def examples_in(module: ModuleType) -> list[doctest.DocTest]:
    """The docstrings of a module that have examples."""
    found = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    return [test for test in found if test.examples]


def run(test: doctest.DocTest, names: dict[str, object], runner: asyncio.Runner) -> None:
    """Runs a docstring's examples one after the other; asserts that each prints what stands below it."""
    for example in test.examples:
        printed = _printed(example.source, names, runner)
        wanted = example.exc_msg or example.want
        assert _CHECKER.check_output(wanted, printed, _FLAGS), f"{test.name}:\n{example.source}printed\n{printed}"


def _printed(source: str, names: dict[str, object], runner: asyncio.Runner) -> str:
    """What an example prints; the last line of the error if it raises."""
    code = compile(source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            outcome = eval(code, names)  # the way to run code that has an `await` at its top
            if inspect.iscoroutine(outcome):
                runner.run(outcome)
        except Exception as error:  # noqa: BLE001 - it is compared with what the example tells
            return "".join(traceback.format_exception_only(error))
    return output.getvalue()
