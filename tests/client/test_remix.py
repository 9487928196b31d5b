"""What the bot asks where Remix is on, against a whole service with the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import mjproxy
from mjproxy import errors
from tests.e2e.stack import Stack


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[mjproxy.Client]:
    with mjproxy.Client(stack.grpc) as client:
        yield client


@pytest.fixture(scope="module")
def grid(client: mjproxy.Client) -> Iterator[mjproxy.Task]:
    """A grid of an account that has Remix on."""
    account_id = client.accounts.list()[0].id
    assert client.accounts.change_settings(account_id, remix=True).sync.remix
    yield client.imagine("a lighthouse in fog", account_id=account_id).result()
    client.accounts.change_settings(account_id, remix=False)


@pytest.mark.parametrize("act", [lambda task: task.vary(2), lambda task: task.reroll()], ids=["vary", "reroll"])
def test_methods_go_on_with_the_old_prompt(grid: mjproxy.Task, act: Callable[[mjproxy.Task], mjproxy.Task]) -> None:

    assert act(grid).result().prompt.startswith("a lighthouse in fog")


def test_pan_goes_on_with_the_old_prompt(grid: mjproxy.Task) -> None:
    assert "lighthouse" in grid.upscale(1).result().pan("left").result().final_prompt


def test_a_click_waits_for_its_answer(grid: mjproxy.Task) -> None:
    asked = grid.buttons["V1"].click()
    assert asked.waits_for_confirmation
    answered = asked.confirm("a lighthouse in the sun")
    assert answered.result().final_prompt.startswith("a lighthouse in the sun")
    with pytest.raises(errors.Refused):
        grid.confirm("too late")


def test_a_repeat_with_the_same_request_id_gets_the_first_answer(grid: mjproxy.Task) -> None:
    request_id = "0b2b7f0e-5f55-4c53-93d5-3f3c3a0f9a55"
    first = grid.vary(3, request_id=request_id)
    second = grid.vary(3, request_id=request_id)
    assert first.id == second.id
    assert second.submission is not None
    assert second.submission.deduplicated
