"""What a part's `serve` raises becomes a message, unless it is a defect."""

from collections.abc import Callable
from functools import partial

import pytest
from pydantic_settings import BaseSettings

from mjproxy.launcher import part_process
from mjproxy.launcher.errors import PartFailed, PartNotInstalled
from mjproxy.launcher.parts import Part


class Failing(Part):
    """A part that raises, perhaps after it has answered."""

    __name__ = "failing"
    Settings = BaseSettings

    def __init__(self, error: Exception, *, answers: bool = False) -> None:
        self._error = error
        self._answers = answers

    async def serve(self, settings: BaseSettings, ready: Callable[[str], None]) -> None:  # noqa: ARG002
        if self._answers:
            ready("rest=http://127.0.0.1:1")
        raise self._error


def run(part: Part) -> None:
    part_process.run("rest", partial(part.serve, BaseSettings()))


def test_what_it_cannot_listen_on_is_a_message() -> None:
    with pytest.raises(PartFailed, match=r"^mjproxy rest could not start: 127\.0\.0\.1:1 is in use$"):
        run(Failing(OSError("127.0.0.1:1 is in use")))


def test_a_package_that_is_missing_is_a_message() -> None:
    with pytest.raises(PartNotInstalled, match=r'needs the Python package starlette: .*"mjproxy\[rest\]"'):
        run(Failing(ModuleNotFoundError("No module", name="starlette")))


@pytest.mark.parametrize("part", [Failing(OSError("late"), answers=True), Failing(ValueError("a defect"))])
def test_a_defect_keeps_its_traceback(part: Part) -> None:
    with pytest.raises((OSError, ValueError), match=r"late|a defect"):
        run(part)


def test_the_ready_line_is_all_that_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="late"):
        run(Failing(OSError("late"), answers=True))
    assert capsys.readouterr().out == "ready rest=http://127.0.0.1:1\n"
