"""A history told once more, otherwise: later, twice, not at all, or to a process that begins in the midst of it.

A world is dear: somebody has to draw, write and read all that is told. It is told in many ways for the price of one,
which is what correlation is about.
"""

import random
from collections.abc import Iterable, Sequence

from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, Deleted, IframeOpened
from mjproxy_server.model.facts import Failed, Sending
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from tests.server.midjourney.midjourney_happenings import Chronicle, GivenUp, Happening, Sent, Told, given_up, retrying
from tests.server.midjourney.midjourney_tasks import US, sent


class Restarted:
    """The process has ended, and another one has taken up its tasks and its session."""


class Retelling:
    """One way to tell a history.

    Args:
        chronicle: The history.
        rng: Draws the way.
        losses: Some of what is about our jobs is not told.
    """

    def __init__(self, chronicle: Chronicle, rng: random.Random, *, losses: bool, restarts: bool) -> None:
        self._chronicle = chronicle
        self._rng = rng
        self._losses = losses
        self._restarts = restarts
        self._correlator = Correlator(US)
        self._tasks: dict[str, Task] = {}
        self._retried: dict[str, Task] = {}
        self._told: list[Told] = []
        self._shown = 0
        self._now = 0

    def run(self) -> bool:
        """Tells it as far as it makes sense in this way: not beyond a task that may not start yet.

        Returns:
            Whether that was to its end.
        """
        for happening in self._in_another_way():
            match happening:
                case Sent():
                    if not self._send(happening):
                        return False
                case Told():
                    self._tell(happening)
                case GivenUp():
                    self._give_up(happening.task_id)
                case Restarted():
                    self._restart()
        return True

    def unfinished(self) -> list[Task]:
        """The tasks that were sent and have not ended."""
        return [task for task in self._tasks.values() if not task.status.ended]

    def look_back(self, waiting: Sequence[BotMessage] = ()) -> None:
        """Reads the channel's history as it is by now, and takes it in together with what was heard and waits."""
        messages: dict[str, BotMessage] = {}
        for event in self._chronicle.shown[: self._shown]:
            if isinstance(event, BotMessage):
                messages[event.id] = event
            elif isinstance(event, Deleted):
                messages = {key: message for key, message in messages.items() if key not in event.ids}
        shown = sorted(messages.values(), key=lambda message: int(message.id))
        for _, sightings in self._correlator.look_back([*shown, *waiting], self._now, "", self._tasks):
            self._take_in(sightings)

    # How it is told.

    def _in_another_way(self) -> list[Happening | Restarted]:
        way: list[Happening | Restarted] = [*self._chronicle.happenings]
        for place in range(self._rng.randint(1, 2), len(way), 2):
            if _may_swap(way[place - 1], way[place]) and self._rng.random() < 0.3:
                way[place - 1], way[place] = way[place], way[place - 1]
        if self._losses:
            way = [each for each in way if not (_is_of_ours(each) and self._rng.random() < 0.1)]
        for place in self._places(way, 0.1):
            if isinstance(way[place - 1], Told):
                way.insert(self._rng.randint(place, len(way)), way[place - 1])
        if self._restarts and self._rng.random() < 0.3:
            way.insert(self._rng.randint(0, len(way)), Restarted())
        return way

    def _places(self, way: list[Happening | Restarted], share: float) -> list[int]:
        """Some places between two happenings."""
        return [self._rng.randrange(1, len(way)) for _ in range(int(len(way) * share))] if len(way) > 1 else []

    # What comes of it.

    def _send(self, happening: Sent) -> bool:
        task = self._retried.pop(happening.task.id, None) if happening.task.trace.steps else happening.task
        if task is None or not self._correlator.may_start(task):
            return False
        self._now = max(self._now, happening.at)
        self._tasks[task.id] = sent(task, happening.nonce, happening.at)
        self._correlator.watch(self._tasks[task.id])
        return True

    def _tell(self, told: Told) -> None:
        self._note(told)
        self._take_in(self._correlator.observe(told.event, self._now))

    def _note(self, told: Told) -> None:
        self._now = max(self._now, told.at)
        self._shown = max(self._shown, told.shown)
        self._told.append(told)
        if isinstance(told.event, IframeOpened):
            self._submit_page(told.event)

    def _take_in(self, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            task = self._tasks[sighting.task_id]
            self._chronicle.check(task, sighting.fact)
            if isinstance(sighting.fact, Failed) and task.trace.nonce in self._chronicle.retried:
                self._retry(task)
                continue
            task = self._tasks[task.id] = transition(task, sighting.fact)
            self._correlator.watch(task)
            if task.status.ended:
                self._correlator.forget(task.id)

    def _submit_page(self, page: IframeOpened) -> None:
        """What is submitted to a page is known by the interaction that has opened it."""
        for task in self._tasks.values():
            if task.trace.nonce == page.nonce and not task.status.ended and not task.trace.interaction_id:
                self._tasks[task.id] = transition(task, Sending(self._now, page.nonce, page.id))

    def _retry(self, task: Task) -> None:
        self._retried[task.id] = retrying(task, self._now, self._chronicle.retried[task.trace.nonce])
        self._correlator.forget(task.id)
        del self._tasks[task.id]

    def _give_up(self, task_id: str) -> None:
        task = self._tasks.get(task_id)
        if task and not task.status.ended:
            self._tasks[task_id] = given_up(task, self._now)
            self._correlator.forget(task_id)

    def _restart(self) -> None:
        """Another process takes up the tasks, is told once more what came last, and reads the history."""
        self._correlator = Correlator(US)
        for task in [*self._tasks.values(), *self._retried.values()]:
            self._correlator.watch(task)
            if task.status.ended or task.trace.failed:
                self._correlator.forget(task.id)
        last, self._told = self._told[-self._rng.randint(1, 10) :], []
        waiting: list[BotMessage] = []
        for told in last:
            if isinstance(told.event, BotMessage) and self._correlator.awaits_history(told.event):
                self._note(told)
                waiting.append(told.event)
            else:
                self._tell(told)
        self.look_back(waiting)


def _is_of_ours(happening: Happening | Restarted) -> bool:
    return isinstance(happening, Told) and bool(happening.nonce)


def _may_swap(first: Happening | Restarted, second: Happening | Restarted) -> bool:
    """What was written before a task was sent may be told after it, but not the other way round."""
    if isinstance(first, Told) and isinstance(second, Told):
        return second.may_overtake and not isinstance(first.event, IframeOpened)
    return isinstance(first, Told) and isinstance(second, Sent)
