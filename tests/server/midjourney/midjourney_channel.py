"""A channel, the tasks that draw in it, and what the bot writes there about a cat."""

from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.model.facts import Failed, Retrying
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Setback
from tests.server.midjourney.midjourney_bot import Dispatch, Value, grid_buttons, message, observed, proposal
from tests.server.midjourney.midjourney_tasks import GRID, NOW, US, press, sent, snowflake

JOB_A = "aaaaaaaa-0000-4000-8000-000000000001"
JOB_B = "bbbbbbbb-0000-4000-8000-000000000002"

INSIGHT_FACE = "1090660574196674713"

CLICK_A, CLICK_B = snowflake(NOW + 100), snowflake(NOW + 200)
"""Interactions."""
START_A, START_B = snowflake(NOW + 1000), snowflake(NOW + 1100)
FINAL_A, FINAL_B = snowflake(NOW + 30_000), snowflake(NOW + 31_000)

DESCRIBED = snowflake(NOW - 1_800_000)
OLD_TEXT = "1\ufe0f\u20e3 a cat"


class Channel:
    """A channel, with the tasks that draw in it."""

    def __init__(self, *tasks: Task, user_id: str = US) -> None:
        self.correlator = Correlator(user_id)
        self.tasks: dict[str, Task] = {}
        for task in tasks:
            self.send(task)

    def send(self, task: Task, nonce: str = "", session_id: str = "") -> None:
        self.tasks[task.id] = sent(task, nonce or f"nonce-{task.id}", session_id=session_id)
        self.correlator.watch(self.tasks[task.id])

    def see(self, dispatch: Dispatch, at: int = NOW, session_id: str = "") -> list[tuple[str, object]]:
        """What the dispatch says; the tasks become what it makes of them."""
        told: list[tuple[str, object]] = []
        for sighting in self.correlator.observe(observed(dispatch), at, session_id):
            told.append((sighting.task_id, sighting.fact))
            self.tasks[sighting.task_id] = transition(self.tasks[sighting.task_id], sighting.fact)
            self.correlator.watch(self.tasks[sighting.task_id])
        return told

    def fail(self, task_id: str, dispatch: Dispatch, *, appeal: str = "") -> Task:
        """The dispatch says that the task's job has failed, and the task waits to be sent again."""
        (sighting,) = self.correlator.observe(observed(dispatch), NOW)
        assert (sighting.task_id, type(sighting.fact)) == (task_id, Failed)
        button = Source(appeal, 64, "", "MJ::Prompts::Appeal::a1b2", "") if appeal else None
        self.tasks[task_id] = transition(self.tasks[task_id], Retrying(NOW, Setback.FAULT, button))
        self.correlator.forget(task_id)
        return self.tasks[task_id]

    def end(self, task_id: str) -> None:
        self.correlator.forget(task_id)


def waiting(message_id: str = START_A, prompt: str = "a cat --v 7.0", user: str = US, **keys: Value) -> Dispatch:
    return message(message_id, f"**{prompt}** - <@{user}> (Waiting to start)", user_id=user, **keys)


def started(task_id: str, message_id: str = START_A, click: str = CLICK_A, **keys: Value) -> Dispatch:
    return waiting(message_id, nonce=f"nonce-{task_id}", interaction_id=click, **keys)


def percent(number: int, message_id: str = START_A, prompt: str = "a cat --v 7.0", **keys: Value) -> Dispatch:
    return message(message_id, f"**{prompt}** - <@{US}> ({number}%) (fast)", updated=True, **keys)


def grid(
    message_id: str = FINAL_A, job: str = JOB_A, prompt: str = "a cat --v 7.0", user: str = US, **keys: Value
) -> Dispatch:
    return message(
        message_id,
        f"**{prompt}** - <@{user}> (fast)",
        files=(f"u_a_cat_{job}.webp",),
        buttons=grid_buttons(job),
        user_id=user,
        **keys,
    )


def unsigned_grid(message_id: str = FINAL_A, **keys: Value) -> Dispatch:
    """A result that names no job."""
    return message(message_id, f"**a cat** - <@{US}> (fast)", files=("cat.png",), **keys)


def variation(message_id: str = FINAL_A, job: str = JOB_A, **keys: Value) -> Dispatch:
    text = f"**a cat --v 7.0** - Variations (Strong) by <@{US}> (fast)"
    return message(message_id, text, files=(f"u_{job}.webp",), buttons=grid_buttons(job), reply_to=GRID, **keys)


def upscaled(index: int, message_id: str = FINAL_A, job: str = JOB_A) -> Dispatch:
    text = f"**a cat --v 7.0** - Image #{index} <@{US}>"
    return message(message_id, text, files=(f"u_{job}.webp",), reply_to=GRID)


def who(told: list[tuple[str, object]]) -> list[str]:
    return [task_id for task_id, _ in told]


def drawn(deed: str, message_id: str = FINAL_A, prompt: str = "a cat --v 7.0", **keys: Value) -> Dispatch:
    """A result that replies to the source and names no job."""
    text = f"**{prompt}** - {deed}<@{US}> (fast)"
    return message(message_id, text, **{"files": ("f.png",), "reply_to": GRID, **keys})


def beginning(message_id: str = START_A, **keys: Value) -> Dispatch:
    return waiting(message_id, **{"reply_to": GRID, **keys})


def rewritten(prompt: str, *, edited_at: int = NOW + 2000) -> Dispatch:
    return proposal(DESCRIBED, (prompt,), updated=True, edited_at=edited_at)


def retry(task_id: str, kind: str = "retry") -> Task:
    return press(task_id, kind, source_id=DESCRIBED, prompt=OLD_TEXT)
