"""Which task has to wait, since it could not be told apart from one that is at work."""

import pytest

from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot
from tests.server.midjourney.midjourney_channel import (
    CLICK_B,
    DESCRIBED,
    FINAL_B,
    JOB_A,
    JOB_B,
    START_A,
    START_B,
    Channel,
    grid,
    percent,
    retry,
    started,
)
from tests.server.midjourney.midjourney_tasks import GRID, US, blend, describe, imagine, press, shorten


@pytest.mark.parametrize(
    ("at_work", "next_task", "may_start"),
    [
        (imagine("A"), imagine("B"), False),
        (imagine("A", "a cat --ar 1:1"), imagine("B", "A  cat --fast"), False),
        (imagine("A"), imagine("B", "a dog"), True),
        (imagine("A"), imagine("B", bot=Bot.NIJI), True),
        (imagine("A"), press("R", "reroll"), False),
        (imagine("A"), press("V", "variation", 1), True),
        (press("R1", "reroll"), press("R2", "reroll"), False),
        (press("V1", "variation", 1), press("V2", "variation", 2), False),
        (press("V1", "variation", 1), press("V2", "variation", 1, source_id="7", prompt="a cat"), False),
        (press("V1", "variation", 1), press("V2", "variation", 1, source_id="7", prompt="a dog"), True),
        (press("U1", "upsample", 1), press("U2", "upsample", 1), False),
        (press("U1", "upsample", 1), press("U2", "upsample", 2), True),
        (press("U1", "upsample", 1), press("V1", "variation", 1), True),
        (press("U1", "upsample", 1), press("R1", "reroll"), True),
    ],
)
def test_may_start(at_work: Task, next_task: Task, may_start: bool) -> None:
    channel = Channel(at_work)
    assert channel.correlator.may_start(next_task) is may_start
    assert channel.correlator.may_start(at_work), "a task does not stand in its own way"


def test_a_task_that_is_chosen_stands_in_the_way_before_it_is_sent() -> None:
    correlator = Correlator(US)
    correlator.watch(imagine("A"))
    assert not correlator.may_start(imagine("B"))


def test_the_second_may_start_when_the_first_has_its_job() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert not channel.correlator.may_start(imagine("B"))
    channel.see(percent(35, files=(f"{JOB_A}_grid_0.webp",)))
    assert channel.correlator.may_start(imagine("B"))


def test_the_second_may_start_when_the_first_has_ended() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    assert channel.correlator.may_start(imagine("B"))


def test_the_start_message_is_enough_where_results_answer_it() -> None:
    channel = Channel(imagine("A", "a dog"))
    channel.see(started("A"))
    channel.see(grid(reply_to=START_A))
    assert channel.correlator.finals_answer_progress
    channel.send(imagine("B"))
    assert not channel.correlator.may_start(imagine("C"))
    channel.see(started("B", START_B, CLICK_B))
    assert channel.correlator.may_start(imagine("C"))


def test_the_start_message_is_not_enough_on_one_source() -> None:
    channel = Channel(press("R1", "reroll"))
    channel.correlator.finals_answer_progress = True
    channel.see(started("R1", reply_to=GRID))
    assert not channel.correlator.may_start(press("R2", "reroll"))
    assert channel.correlator.may_start(imagine("A"))


def test_the_bot_may_return_to_results_that_answer_nothing() -> None:
    channel = Channel(imagine("A"), imagine("B", "a dog"))
    channel.see(started("A"))
    channel.see(grid(reply_to=START_A))
    channel.see(started("B", START_B, CLICK_B, prompt="a dog"))
    channel.see(grid(FINAL_B, JOB_B, "a dog"))
    assert not channel.correlator.finals_answer_progress


@pytest.mark.parametrize(
    ("at_work", "next_task", "may_start"),
    [
        (press("P1", "pan left"), press("P2", "pan right"), True),
        (press("P1", "pan left"), press("P2", "pan left"), False),
        (press("Z1", "zoom"), press("Z2", "custom zoom", own="a cat --zoom 2"), False),
        (press("Z", "zoom"), press("R", "reroll"), True),
        (press("F", "animate"), press("R", "reroll"), False),
        (press("S", "subtle"), press("V", "variation", 1), False),
        (press("C", "upscale creative"), press("U", "upsample", 2), False),
        (press("D1", "description", 1, own="a dog"), press("D2", "description", 2, own="a bird"), True),
        (press("D1", "description", 1, own="a dog"), press("D2", "description", 1, own="a dog"), False),
        (press("D1", "description", 1, own="a dog"), imagine("A", "a dog"), False),
        (blend("A"), blend("B"), False),
        (describe("A"), describe("B"), True),
        (shorten("A"), imagine("B"), True),
        (retry("R1"), retry("R2"), False),
        (retry("R1"), press("D", "description", 1, source_id=DESCRIBED, own="a dog"), True),
        (press("B1", "bookmark"), press("U", "upsample", 1), True),
    ],
)
def test_may_start_beside_the_other_buttons(at_work: Task, next_task: Task, may_start: bool) -> None:
    assert Channel(at_work).correlator.may_start(next_task) is may_start
