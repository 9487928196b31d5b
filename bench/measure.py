"""What a row of the table is made of: samples that are taken in turn, and what they say beside the aim."""

import gc
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

NOISY_SPREAD = 0.25
"""From here on, as a share of the median, the ratios of the rounds are too far apart to be trusted."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.

    Attributes:
        seconds: How long one measurement takes, where time bounds it.
        rounds: How often each is measured, after one that warms up.
        size: The share of the full number of watchers, tasks and jobs, from 0 to 1.
    """

    seconds: float
    rounds: int
    size: float = 1.0

    def of(self, full: int, least: int = 1) -> int:
        """Returns the number to take in the place of a full one."""
        return max(least, round(full * self.size))


FULL = Scale(seconds=2.0, rounds=5)
TINY = Scale(seconds=0.05, rounds=1, size=0.01)
"""A few seconds for the whole table: it shows that the benchmarks still run, and measures nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measurement gave.

    Attributes:
        value: What is compared, in the unit of the row.
        rate: Operations per second of wall time, beside it; 0 where that says nothing.
    """

    value: float
    rate: float = 0.0


Measurement = Callable[[], Awaitable[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        number: Which question it belongs to; several lines may answer one.
        name: What is measured.
        limit: What it is compared with.
        unit: The unit of both.
        ours: Ours, round by round.
        bound: The limit, in the same rounds.
        aim: What the ratio should keep to; None if that is not said yet.
        at_least: Whether the aim is a lower bound of the ratio.
        notes: What else is worth knowing.
    """

    number: int
    name: str
    limit: str
    unit: str
    ours: Sequence[Sample]
    bound: Sequence[Sample]
    aim: float | None
    at_least: bool = False
    notes: Sequence[str] = field(default=())

    @property
    def ratios(self) -> Sequence[float]:
        """Ours to the limit, round by round: what the machine did meanwhile has met both."""
        return [ours.value / bound.value for ours, bound in zip(self.ours, self.bound, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> float:
        """How far the ratios lie apart, as a share of their median."""
        return (max(self.ratios) - min(self.ratios)) / self.ratio

    @property
    def noisy(self) -> bool:
        """Whether the rounds disagree."""
        return self.spread > NOISY_SPREAD

    @property
    def reached(self) -> bool | None:
        """Whether the ratio keeps to the aim; None without one."""
        if self.aim is None:
            return None
        return self.ratio >= self.aim if self.at_least else self.ratio <= self.aim


async def in_turn(rounds: int, measurements: Mapping[str, Measurement]) -> dict[str, list[Sample]]:
    """Takes all measurements once to warm up, then in so many rounds, one after the other in each."""
    taken: dict[str, list[Sample]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        for name, measure in measurements.items():
            gc.collect()
            sample = await measure()
            if number:
                taken[name].append(sample)
    return taken


def median(samples: Sequence[Sample]) -> Sample:
    """Returns the medians of values and rates."""
    return Sample(
        statistics.median(sample.value for sample in samples),
        statistics.median(sample.rate for sample in samples),
    )
