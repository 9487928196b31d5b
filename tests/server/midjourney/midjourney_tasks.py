"""Tasks to correlate, and the ids of Discord that go with them."""

from mjproxy_server.model.command import Imagine, Press
from mjproxy_server.model.facts import Sending
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Bot

NOW = 1_780_400_000_000
"""The time at which the tests begin, in Unix milliseconds."""

US = "1502242966100639815"
"""Our Discord user."""

THEM = "439110225975443468"
"""Another user of the channel."""

PARENT_JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"

ACTIONS = {"upsample": Action.UPSCALE, "variation": Action.VARIATION, "reroll": Action.REROLL}


def snowflake(at: int, number: int = 0) -> str:
    """The id that Discord makes at a time in Unix milliseconds."""
    return str((at - 1_420_070_400_000 << 22) + number)


GRID = snowflake(NOW - 3_600_000)
"""A grid of the hour before, whose buttons are pressed."""


def imagine(task_id: str, prompt: str = "a cat", *, bot: Bot = Bot.MIDJOURNEY) -> Task:
    return Task(
        id=task_id,
        account_id="1",
        action=Action.IMAGINE,
        bot=bot,
        command=Imagine(prompt),
        prompt=prompt,
        prompt_en=prompt,
        description=f"/imagine {prompt}",
        submitted_at=NOW,
    )


def custom_id(kind: str, index: int, job_id: str = PARENT_JOB) -> str:
    return f"MJ::JOB::{kind}::{index}::{job_id}{'::SOLO' if kind == 'reroll' else ''}"


def press(task_id: str, kind: str, index: int = 0, *, source_id: str = GRID, prompt: str = "a cat --v 7.0") -> Task:
    """A task that presses a button: "upsample", "variation" or "reroll"."""
    button = custom_id(kind, index)
    return Task(
        id=task_id,
        account_id="1",
        action=ACTIONS[kind],
        command=Press("0", button),
        prompt=prompt,
        description="/up",
        index=index,
        source=Source(source_id, 0, PARENT_JOB, button, prompt),
        submitted_at=NOW,
    )


def sent(task: Task, nonce: str, at: int = NOW) -> Task:
    return transition(task, Sending(at, nonce))
