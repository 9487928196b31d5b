"""What is around a lane's processes and outlives them, and how one of them writes into it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from tests.server.engine.lane_discord import LaneDiscord
from tests.server.engine.lane_rules import LaneRules
from tests.server.timeline import Life


class LaneDisk:
    """What survives a crash: the tasks as they were written, in their order, and the point of the session.

    Attributes:
        unfinished: Those that have not ended.
        revisions: All that was ever written.
        follow: Told of what is written.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.unfinished: dict[str, Task] = {}
        self.revisions: list[tuple[float, Task]] = []
        self.session = ""
        self.handed_over = 0
        self.follow: Callable[[Task], None] = lambda _: None

    def put(self, task: Task, now: float) -> None:
        self.tasks[task.id] = self.unfinished[task.id] = task
        if task.status.ended:
            del self.unfinished[task.id]
        self.revisions.append((now, task))
        self.follow(task)


@dataclass
class LaneWorld:
    """What outlives each process.

    Attributes:
        account: The account, with its present settings.
        discord: Discord.
        disk: What the processes write.
        rules: Watch over what they do.
        rng: Chance.
    """

    account: Account
    discord: LaneDiscord
    disk: LaneDisk
    rules: LaneRules
    rng: random.Random


class Writer:
    """Writes what one process has learned: one after the other, each after a while, unless the process dies."""

    def __init__(self, world: LaneWorld, life: Life) -> None:
        self._world = world
        self._life = life
        self._written_at = 0.0

    def record(self, task_id: str, fact: Fact, then: Callable[[Task], None] = lambda _: None) -> None:
        """Applies a fact to a task, then goes on with the task."""
        slow = (
            self._world.rng.uniform(5, 150)
            if self._world.discord.chance(self._world.discord.weather.slow_disks)
            else 0.0
        )
        self._written_at = max(self._written_at, self._life.now) + slow + self._world.rng.uniform(0, 0.02)
        if slow:
            self._world.rules.note_slow_disk(self._written_at)
        self._life.at(self._written_at, self._write, task_id, fact, then)

    def _write(self, task_id: str, fact: Fact, then: Callable[[Task], None]) -> None:
        before = self._world.disk.tasks[task_id]
        after = transition(before, fact)
        if after is not before:
            self._world.rules.check_fact(before, fact, after, self._life.now)
            self._world.disk.put(after, self._life.now)
        self._life.after(self._world.rng.uniform(0, 0.01), then, after)

    def when_written(self, deed: Callable[[], None]) -> None:
        """Goes on when all is written that was to be written before."""
        self._life.at(self._written_at, deed)
