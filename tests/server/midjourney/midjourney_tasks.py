"""Tasks to correlate, and the ids of Discord that go with them."""

from msgspec.structs import replace

from mjproxy_server.model.command import (
    Blend,
    Command,
    Describe,
    FaceSwap,
    Imagine,
    LinkedImage,
    Press,
    Shorten,
    StoredImage,
)
from mjproxy_server.model.facts import Sending
from mjproxy_server.model.task import Confirmation, Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Bot, Dimensions

NOW = 1_780_400_000_000
"""The time at which the tests begin, in Unix milliseconds."""

US = "1502242966100639815"
"""Our Discord user."""

THEM = "439110225975443468"
"""Another user of the channel."""

PARENT_JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"

BUTTONS = {
    "upsample": (Action.UPSCALE, "MJ::JOB::upsample::{n}::{job}"),
    "variation": (Action.VARIATION, "MJ::JOB::variation::{n}::{job}"),
    "reroll": (Action.REROLL, "MJ::JOB::reroll::0::{job}::SOLO"),
    "subtle": (Action.VARIATION, "MJ::JOB::low_variation::1::{job}::SOLO"),
    "strong": (Action.VARIATION, "MJ::JOB::high_variation::1::{job}::SOLO"),
    "region": (Action.VARIATION, "MJ::Inpaint::1::{job}::SOLO"),
    "upscale subtle": (Action.UPSCALE, "MJ::JOB::upsample_v7_2x_subtle::1::{job}::SOLO"),
    "upscale creative": (Action.UPSCALE, "MJ::JOB::upsample_v7_2x_creative::1::{job}::SOLO"),
    "zoom": (Action.ZOOM, "MJ::Outpaint::50::1::{job}::SOLO"),
    "custom zoom": (Action.ZOOM, "MJ::CustomZoom::{job}"),
    "pan left": (Action.PAN, "MJ::JOB::pan_left::1::{job}::SOLO"),
    "pan right": (Action.PAN, "MJ::JOB::pan_right::1::{job}::SOLO"),
    "animate": (Action.VIDEO, "MJ::JOB::animate_high::1::{job}::SOLO"),
    "bookmark": (Action.UPSCALE, "MJ::BOOKMARK::{job}"),
    "description": (Action.IMAGINE, "MJ::Job::PicReader::{n}"),
    "retry": (Action.DESCRIBE, "MJ::Picread::Retry"),
    "details": (Action.SHORTEN, "MJ::Job::PromptAnalyzerExtended"),
}
"""What a button's task does, and the button's custom id."""


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


def blend(task_id: str) -> Task:
    return _command(task_id, Action.BLEND, Blend((), Dimensions.SQUARE))


def describe(task_id: str) -> Task:
    return _command(task_id, Action.DESCRIBE, Describe(LinkedImage("https://example.com/a.png")))


def shorten(task_id: str, prompt: str = "a cat") -> Task:
    return _command(task_id, Action.SHORTEN, Shorten(prompt), prompt)


def swap_face(task_id: str) -> Task:
    image = StoredImage("digest", "image/png")
    return replace(_command(task_id, Action.SWAP_FACE, FaceSwap(image, image)), bot=Bot.INSIGHT_FACE)


def _command(task_id: str, action: Action, command: Command, prompt: str = "") -> Task:
    return Task(
        id=task_id,
        account_id="1",
        action=action,
        command=command,
        prompt=prompt,
        prompt_en=prompt,
        description=f"/{action.lower()}",
        submitted_at=NOW,
    )


def custom_id(kind: str, index: int, job_id: str = PARENT_JOB) -> str:
    return BUTTONS[kind][1].format(n=index, job=job_id)


def press(
    task_id: str, kind: str, index: int = 0, *, source_id: str = GRID, prompt: str = "a cat --v 7.0", own: str = ""
) -> Task:
    """A task that presses a button; `own` is the prompt of a task that has another one than its parent."""
    button = custom_id(kind, index)
    return Task(
        id=task_id,
        account_id="1",
        action=BUTTONS[kind][0],
        command=Press("0", button),
        prompt=own or prompt,
        prompt_en=own,
        description="/up",
        index=index,
        source=Source(source_id, 0, PARENT_JOB, button, prompt),
        submitted_at=NOW,
        confirmation=Confirmation(0) if own else None,
    )


def sent(task: Task, nonce: str, at: int = NOW, session_id: str = "") -> Task:
    return transition(task, Sending(at, nonce, session_id=session_id))
