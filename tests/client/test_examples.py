"""The examples of the docstrings, against a whole service with the simulator."""

from __future__ import annotations

import asyncio
import doctest
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path

import pytest
from PIL import Image

import mjproxy
from mjproxy import backoff, channel, errors, zooming
from mjproxy.aio import accounts as aio_accounts
from mjproxy.aio import buttons as aio_buttons
from mjproxy.aio import callbacks as aio_callbacks
from mjproxy.aio import client as aio_client
from mjproxy.aio import task as aio_task
from mjproxy.sync import accounts, buttons, callbacks, client, task
from tests.client import examples
from tests.e2e.stack import Stack, standing_stack

PURE = [backoff, channel, errors, zooming]
WITH_AWAIT = [aio_accounts, aio_buttons, aio_callbacks, aio_client, aio_task]
WITHOUT = [accounts, buttons, callbacks, client, task]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service whose jobs take long enough for their progress to be seen on a busy machine, too."""
    with standing_stack(tmp_path_factory.mktemp("stack"), speed=40) as running:
        yield running


@pytest.fixture(scope="module")
def drawn(stack: Stack) -> tuple[str, str, str]:
    """A grid, a picture out of it, and the account that drew them."""
    with mjproxy.Client(stack.grpc) as drawing:
        grid = drawing.imagine("a lighthouse in fog").result()
        return grid.id, grid.upscale(1).result().id, grid.message.account_id


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pictures that the examples work with, in the working folder."""
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "cat.png")
    Image.new("RGB", (64, 64), "brown").save(tmp_path / "dog.png")
    mask = Image.new("L", (512, 512), "black")
    mask.paste("white", (0, 0, 256, 256))
    mask.save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("test", [each for it in PURE for each in examples.examples_in(it)], ids=lambda it: it.name)
def test_example(test: doctest.DocTest) -> None:
    with asyncio.Runner() as runner:
        examples.run(test, test.globs, runner)


@pytest.mark.parametrize(
    "test", [each for it in WITH_AWAIT for each in examples.examples_in(it)], ids=lambda it: it.name
)
@pytest.mark.usefixtures("folder")
def test_example_with_await(stack: Stack, drawn: tuple[str, str, str], test: doctest.DocTest) -> None:
    grid_id, picture_id, account_id = drawn
    with asyncio.Runner() as runner:
        drawing = mjproxy.AsyncClient(stack.grpc)
        grid, picture = runner.run(drawing.task(grid_id)), runner.run(drawing.task(picture_id))
        given = {"client": drawing, "grid": grid, "picture": picture, "aclosing": aclosing, "account_id": account_id}
        examples.run(test, {**given, "Path": Path}, runner)
        runner.run(drawing.aclose())


@pytest.mark.parametrize("test", [each for it in WITHOUT for each in examples.examples_in(it)], ids=lambda it: it.name)
@pytest.mark.usefixtures("folder")
def test_example_without_await(stack: Stack, drawn: tuple[str, str, str], test: doctest.DocTest) -> None:
    grid_id, picture_id, account_id = drawn
    with mjproxy.Client(stack.grpc) as drawing, asyncio.Runner() as unused:
        grid, picture = drawing.task(grid_id), drawing.task(picture_id)
        given = {"client": drawing, "grid": grid, "picture": picture, "closing": closing, "account_id": account_id}
        examples.run(test, {**given, "Path": Path}, unused)
