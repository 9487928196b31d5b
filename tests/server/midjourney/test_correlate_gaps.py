"""Sessions that end and are followed by others: what was said in between is known by the channel's history alone."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model.facts import Finished, Progressed, Started, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from tests.server.midjourney.midjourney_bot import (
    Dispatch,
    deletion,
    grid_buttons,
    interaction,
    message,
    observed,
    without,
)
from tests.server.midjourney.midjourney_tasks import NOW, US, imagine, sent, snowflake

HISTORIES = 5000 if os.environ.get("MJPROXY_SOAK") else 300
STEPS = 60
PROMPTS = ("a cat --v 7.0", "a dog --v 7.0")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What may happen in a history.

    Attributes:
        answers_progress: Results reply to their progress (2026); otherwise that is deleted (2023).
        previews: Progress shows pictures whose names tell the job.
        twins: Our own user draws the same things from elsewhere.
    """

    answers_progress: bool
    previews: bool
    twins: bool


@dataclass
class Drawing:
    """A job at the bot.

    Attributes:
        task_id: Whose it is; "" if it was begun elsewhere.
        prompt: What it draws.
        nonce: What it was asked for with.
        told: The session that is told of its interaction.
        begun: The bot has said something.
        ending: Its result is there, or comes at once.
        script: What the bot says yet.
    """

    task_id: str
    prompt: str
    nonce: str
    told: str
    begun: bool = False
    ending: bool = False
    script: Iterator[Dispatch] = field(default_factory=lambda: iter(()))


class Channel:
    """A channel, the sessions that hear of it, and the tasks that draw there."""

    def __init__(self, conditions: Conditions, rng: random.Random) -> None:
        self.tasks: dict[str, Task] = {}
        self._conditions = conditions
        self._rng = rng
        self._correlator = Correlator(US)
        self._now, self._numbers = NOW, 0
        self._sessions = 0
        self._wire: deque[Dispatch] = deque()
        self._shown: dict[str, Dispatch] = {}
        self._drawings: list[Drawing] = []
        self._owners: dict[str, str] = {}
        self._waiting: list[BotMessage] = []
        self._read: list[Dispatch] | None = None  # What the history showed, until all that was told meanwhile is heard.
        self._caught_up = True

    def run(self, steps: int) -> None:
        """Lets so much happen by chance, then all come to its end, and the silent jobs be looked for."""
        deeds = [self._submit, self._draw, self._draw, self._draw, self._hear, self._hear, self._catch_up]
        for _ in range(steps):
            self._rng.choice(deeds)()
            if self._conditions.twins and self._rng.random() < 0.1:
                self._begin("", self._rng.choice(PROMPTS), told="")
            if self._rng.random() < 0.05:
                self._lose_session()
        while self._drawings or self._wire or not self._caught_up:
            self._draw()
            self._hear()
            self._catch_up()
        self._look_back(list(self._shown.values()))

    # The tasks.

    def _submit(self) -> None:
        """Nothing is sent before the history was read."""
        task = imagine(f"T{self._number()}", self._rng.choice(PROMPTS))
        if self._caught_up and self._correlator.may_start(task):
            nonce = self._begin(task.id, task.prompt, told=self._session)
            self.tasks[task.id] = sent(task, nonce, self._now, session_id=self._session)
            self._correlator.watch(self.tasks[task.id])

    @property
    def _session(self) -> str:
        return f"session {self._sessions}"

    def _lose_session(self) -> None:
        """What was not heard is lost, and so is what is said until the next session begins.

        That is not before the bot has answered what was sent. A task is given up now and then.
        """
        self._wire.clear()
        for drawing in self._drawings:
            while not drawing.begun:
                self._go_on(drawing)
        for _ in range(self._rng.randrange(8)):
            self._draw()
        self._wire.clear()
        self._sessions += 1
        self._caught_up, self._read = False, None

    def _catch_up(self) -> None:
        """The history is read; some time after, all is heard that was told before."""
        if self._caught_up:
            return
        if self._read is None:
            self._read = list(self._shown.values())
            return
        while self._wire:
            self._hear()
        read, waiting = self._read, self._waiting
        self._caught_up, self._read, self._waiting = True, None, []
        self._look_back(read, waiting)

    def _look_back(self, read: list[Dispatch], waiting: list[BotMessage] | None = None) -> None:
        messages = [event for event in map(observed, read) if isinstance(event, BotMessage)]
        shown = [*messages, *(waiting or [])]
        for _, sightings in self._correlator.look_back(shown, self._now, self._session, self.tasks):
            self._take_in(sightings)

    def _hear(self) -> None:
        if not self._wire:
            return
        event = observed(self._wire.popleft())
        if not self._caught_up and isinstance(event, BotMessage) and self._correlator.awaits_history(event):
            self._waiting.append(event)
        else:
            self._take_in(self._correlator.observe(event, self._now, self._session))

    def _take_in(self, sightings: list[Sighting]) -> None:
        for sighting in sightings:
            self._check(sighting)
            task = self.tasks[sighting.task_id] = transition(self.tasks[sighting.task_id], sighting.fact)
            self._correlator.watch(task)
            if task.status.ended:
                self._correlator.forget(task.id)

    def _check(self, sighting: Sighting) -> None:
        match sighting.fact:
            case Finished(result=result):
                name = result.message_id
            case Started() | Progressed():
                name = sighting.fact.message_id
            case Taken():
                name = sighting.fact.nonce
            case _:
                raise AssertionError(f"nobody expects {sighting}")
        assert self._owners[name] == sighting.task_id, f"{sighting} is of {self._owners[name] or 'nobody'}"

    # The bot.

    def _begin(self, task_id: str, prompt: str, *, told: str) -> str:
        drawing = Drawing(task_id, prompt, self._name(task_id), told)
        drawing.script = self._script(drawing)
        self._drawings.append(drawing)
        return drawing.nonce

    def _draw(self) -> None:
        if self._drawings:
            self._go_on(self._rng.choice(self._drawings))

    def _go_on(self, drawing: Drawing) -> None:
        dispatch = next(drawing.script, None)
        if dispatch is None:
            self._drawings.remove(drawing)
            return
        kind, data = dispatch
        if kind == "MESSAGE_DELETE":
            del self._shown[data["id"]]
        elif kind.startswith("MESSAGE"):
            self._shown[data["id"]] = without(("MESSAGE_CREATE", data), "nonce")
        if not kind.startswith("INTERACTION") or drawing.told == self._session:
            self._wire.append(dispatch)
        if drawing.ending:
            self._go_on(drawing)

    def _script(self, drawing: Drawing) -> Iterator[Dispatch]:
        click = self._name(drawing.task_id)
        yield interaction("CREATE", drawing.nonce, click)
        text = f"**{drawing.prompt}** - <@{US}>"
        job = f"{self._number():08x}-0000-4000-8000-000000000000"
        progress_id = self._name(drawing.task_id)
        drawing.begun = True
        yield message(progress_id, f"{text} (Waiting to start)", nonce=drawing.nonce, interaction_id=click)
        for percent in (20, 60):
            files = (f"{job}_grid_0.webp",) if self._conditions.previews else ()
            report = f"{text} ({percent}%) (fast)"
            yield message(progress_id, report, interaction_id=click, files=files, updated=True)
        answered: dict[str, Any] = {"reply_to": progress_id} if self._conditions.answers_progress else {}
        result_id = self._name(drawing.task_id)
        ending = [message(result_id, f"{text} (fast)", files=(f"{job}.png",), buttons=grid_buttons(job), **answered)]
        if not self._conditions.answers_progress:
            ending.insert(self._rng.randrange(2), deletion(progress_id))
        drawing.ending = True
        yield from ending

    def _name(self, task_id: str) -> str:
        """A new id of Discord's, which belongs to the task, or to nobody."""
        self._now += self._rng.randrange(1, 1000)
        name = snowflake(self._now, self._number())
        self._owners[name] = task_id
        return name

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


histories = settings(max_examples=HISTORIES, print_blob=True)
CONDITIONS = {"answers_progress": st.booleans(), "previews": st.booleans()}
SEEDS = st.integers(0, 2**32)


@histories
@given(st.builds(Conditions, **CONDITIONS, twins=st.just(True)), SEEDS)
def test_nothing_of_a_twin_of_whose_beginning_nobody_heard_is_given_to_a_task(
    conditions: Conditions, seed: int
) -> None:
    Channel(conditions, random.Random(seed)).run(STEPS)


@histories
@given(st.builds(Conditions, **CONDITIONS, twins=st.just(False)), SEEDS)
def test_every_task_gets_its_result_where_nobody_else_draws_the_same(conditions: Conditions, seed: int) -> None:
    channel = Channel(conditions, random.Random(seed))
    channel.run(STEPS)
    assert all(task.result for task in channel.tasks.values())
