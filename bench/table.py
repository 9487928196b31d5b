"""The table: which group of rows answers which questions."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bench.measure import Row, Scale
from bench.rows import (
    callbacks,
    correlation,
    gateway,
    get_task,
    many_tasks,
    rest_reads,
    submits,
    watching,
    whole_jobs,
)

Group = Callable[[Scale], Awaitable[list[Row]]]

GROUPS: Final[Mapping[Group, Sequence[int]]] = MappingProxyType(
    {
        rest_reads.rows: (1,),
        get_task.rows: (2,),
        watching.fan_out: (3, 5),
        watching.bursts: (4,),
        watching.resumes: (6,),
        submits.at_the_store: (7,),
        submits.whole: (8,),
        gateway.rows: (9,),
        callbacks.rows: (10,),
        correlation.rows: (11,),
        many_tasks.rows: (12,),
        whole_jobs.rows: (13,),
    }
)


def groups_of(numbers: Sequence[int]) -> list[Group]:
    """Returns the groups that answer these questions, or all of them if none is named."""
    return [group for group, answered in GROUPS.items() if not numbers or not set(numbers).isdisjoint(answered)]
