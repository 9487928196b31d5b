"""Whole lives of a lane's core, by the thousand in a second: what it decides is held against what is promised.

There is neither an event loop nor a socket in them: the core's decisions are functions of data. The whole lane, with
its edges and its correlator, is lived through in `test_histories`.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine, Press
from mjproxy_server.model.task import Modal, Source, Task
from mjproxy_server.model.vocabulary import Action, Mode
from tests.server.engine.lane_discord import FAIR, SIEGES, LaneDiscord, any_weather
from tests.server.engine.lane_process import LaneProcess
from tests.server.engine.lane_rules import LaneRules
from tests.server.engine.lane_world import LaneDisk, LaneWorld
from tests.server.seeded import live
from tests.server.timeline import Life, Timeline

LONGEST = 12 * 3600.0
SIEGE = 6000.0


def any_account(rng: random.Random) -> Account:
    return Account(
        guild_id="1",
        channel_id="11",
        user_token="t",
        user_agent="",
        core_size=rng.choice((1, 2, 3)),
        interval_seconds=rng.choice((0.0, 3.0)),
        timeout_minutes=5,
        failure_retries=rng.choice((0, 2)),
        press_appeal=rng.random() < 0.5,
        fallback_modes=rng.choice(((), (Mode.RELAX,), (Mode.RELAX, Mode.TURBO))),
    )


def command(task: Task) -> Task:
    return task


def button(task: Task) -> Task:
    return replace(task, mode=None, command=Press("0", "x"), source=Source("5", 0, "", "x", ""))


def page(task: Task) -> Task:
    """What is submitted on a page of the bot's own."""
    return replace(button(task), modal=Modal("a cat"))


class LaneHistory:
    """One life: some processes, of which the last one ends in fair weather.

    Args:
        seed: What it is made of.
        tasks: How many tasks are submitted.
        besieged: Whether something goes wrong for more than an hour.
    """

    def __init__(self, seed: int, tasks: int, *, besieged: bool = False) -> None:
        self.rng = random.Random(seed)
        self.tasks = tasks
        self.timeline = Timeline()
        self.account = any_account(self.rng)
        self.besieged = besieged
        self.pause = self.rng.choice((15, 600)) if besieged else 15
        weather = self.rng.choice(SIEGES) if besieged else any_weather(self.rng)
        self.discord = LaneDiscord(weather, self.timeline, self.rng)
        self.kinds = self.rng.choice(((command,), (command, button), (page,), (command, button, page)))
        self.disk = LaneDisk()
        self.rules = LaneRules(self.account, self.discord)
        self.world = LaneWorld(self.account, self.discord, self.disk, self.rules, self.rng)
        self.process: LaneProcess | None = None
        self.operated, self.clear = self.rng.random() < 0.15, False

    def live(self) -> None:
        self._call()
        self._strike()
        self._operate()
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            self.process = self._process()
            self.timeline.run(self.rng.expovariate(1 / (4 * self.pause)))
            self.process.die()
            self.process = None
            self.timeline.run(self.rng.choice((0.1, 3, 100)))
        self.process = self._process()
        self.timeline.run(SIEGE if self.besieged else 60)
        self._clear_up()
        self.timeline.run(LONGEST, self._all_have_ended)
        self.rules.judge(list(self.disk.tasks.values()))

    def _clear_up(self) -> None:
        """Lets nothing go wrong any more."""
        self.discord.weather = FAIR
        self.clear = True
        self._restore()

    def _process(self) -> LaneProcess:
        self.world.account = self.account
        return LaneProcess(self.world, Life(self.timeline))

    def _all_have_ended(self) -> bool:
        return not self.disk.unfinished and len(self.disk.tasks) == self.tasks

    def _call(self) -> None:
        """Submits tasks and cancels some, while there is a process that takes them."""
        if self.process:
            task = self._task(len(self.disk.tasks))
            self.process.submit(task)
            if self.rng.random() < 0.15:
                self.timeline.after(self.rng.expovariate(1 / 30), self._cancel, task.id)
        if len(self.disk.tasks) < self.tasks:
            self.timeline.after(self.rng.expovariate(1 / self.pause), self._call)

    def _cancel(self, task_id: str) -> None:
        if self.process:
            self.process.cancel(task_id)

    def _strike(self) -> None:
        if self.discord.weather.strikes and self.timeline.now:
            self.discord.strike()
            self.timeline.after(self.rng.expovariate(self.discord.weather.strikes / 60), self._strike)

    def _operate(self) -> None:
        """The bot and the account's owner stop the account for a while, and let it go on."""
        if self.operated and not self.clear:
            if self.process:
                self.rng.choice((self.process.hold, self._disable, self._restore))()
            self.timeline.after(self.rng.expovariate(1 / 60), self._operate)

    def _disable(self) -> None:
        assert self.process
        self.process.change(dataclasses.replace(self.account, enable=False))

    def _restore(self) -> None:
        assert self.process
        self.process.change(self.account)

    def _task(self, number: int) -> Task:
        task = Task(
            id=f"{number:016}",
            account_id="11",
            action=Action.IMAGINE,
            mode=self.rng.choice((None, Mode.FAST)),
            command=Imagine("a cat"),
            prompt=self.rng.choice(("a cat", "a dog", f"number {number}")),
            description="",
            submitted_at=self.timeline.unix_ms,
        )
        return self.rng.choice(self.kinds)(task)


def live_through(seed: int, tasks: int) -> None:
    LaneHistory(seed, tasks).live()


def live_through_a_siege(seed: int, tasks: int) -> None:
    LaneHistory(seed, tasks, besieged=True).live()


KINDS = [(live_through, 2000, 2), (live_through, 150, 15), (live_through_a_siege, 100, 12)]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("life", "lives", "tasks"), KINDS)
def test_a_lane_keeps_its_promises_whatever_happens(life: Callable[[int, int], None], lives: int, tasks: int) -> None:
    live(life, count=lives, length=tasks)


@pytest.mark.parametrize("seed", range(20))
def test_a_life_is_the_same_each_time(seed: int) -> None:
    first, second = LaneHistory(seed, 5), LaneHistory(seed, 5)
    first.live()
    second.live()
    assert first.disk.revisions == second.disk.revisions
