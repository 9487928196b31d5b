import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from bench import plot, report
from bench.machine import Machine
from bench.measure import Row, Sample, in_turn

QUIET = Machine(cores=2, python="3.11", libraries={"grpcio": "1"}, loads=(0.5, 2.0))
BUSY = Machine(cores=2, python="3.11", libraries={"grpcio": "1"}, loads=(0.5, 9.0))


def row(ours: Sequence[float], bound: Sequence[float], aim: float | None = 1.2, *, at_least: bool = False) -> Row:
    return Row(
        number=2,
        name="reads & writes",
        limit="an echo",
        unit="µs CPU",
        ours=[Sample(value, 10.0) for value in ours],
        bound=[Sample(value, 20.0) for value in bound],
        aim=aim,
        at_least=at_least,
    )


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    assert row([2.0, 30.0, 2.2], [2.0, 10.0, 2.0]).ratio == 1.1


def test_a_round_in_which_both_are_slow_is_no_noise() -> None:
    assert not row([2.0, 20.0], [2.0, 20.0]).noisy
    assert row([2.0, 20.0], [2.0, 2.0]).noisy


@pytest.mark.parametrize(
    ("ratio", "at_least", "reached"), [(1.1, False, True), (1.3, False, False), (1.3, True, True), (1.1, True, False)]
)
def test_an_aim_is_an_upper_or_a_lower_bound(ratio: float, at_least: bool, reached: bool) -> None:
    assert row([ratio], [1.0], at_least=at_least).reached is reached


def test_no_aim_is_neither_reached_nor_missed() -> None:
    assert row([1.0], [1.0], aim=None).reached is None


async def test_measurements_take_turns_after_one_round_that_does_not_count() -> None:
    calls: list[str] = []

    async def ours() -> Sample:
        calls.append("ours")
        return Sample(len(calls))

    async def bare() -> Sample:
        calls.append("bare")
        return Sample(len(calls))

    taken = await in_turn(2, {"ours": ours, "bare": bare})
    assert calls == ["ours", "bare"] * 3
    assert taken == {"ours": [Sample(3), Sample(5)], "bare": [Sample(4), Sample(6)]}


def test_the_table_says_when_the_machine_was_noisy() -> None:
    quiet, noisy = row([1.0, 1.0], [1.0, 1.0]), row([1.0, 3.0], [1.0, 1.0])
    assert "busy" not in report.as_text([quiet], QUIET)
    assert "~" not in report.as_text([quiet], QUIET)
    assert "busy" in report.as_text([quiet], BUSY)
    assert "~" in report.as_text([noisy], QUIET)


def test_the_table_has_rates_beside_the_cost() -> None:
    assert "10/s beside 20/s" in report.as_text([row([1.0], [1.0])], QUIET)


def test_the_picture_has_a_bar_for_each_row_with_an_aim() -> None:
    drawn = plot.as_svg([row([1.0], [1.0]), row([1.0], [1.0], aim=None), row([5.0], [1.0])])
    texts = [element.text for element in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text and "reads & writes" in text] == ["2  reads & writes"] * 2


def test_a_bar_shows_how_many_times_the_aim_is_missed() -> None:
    assert plot.excess(row([2.4], [1.0])) == 1.0
    assert plot.excess(row([0.6], [1.0])) == -1.0
    assert math.isclose(plot.excess(row([0.6], [1.0], at_least=True)), 1.0)
    assert plot.excess(row([1000.0], [1.0])) == 3.0
