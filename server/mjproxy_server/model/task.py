"""The task: what was asked for, how far it is, and what came of it.

A task is a value. `mjproxy_server.model.transition` makes the next one out of it; nobody changes one in place. So
nothing in it can refer back to it, and the garbage collector need not look at the thousands that a server keeps (`gc`).
"""

from itertools import takewhile

from msgspec import Struct

from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.command import Command, StoredImage
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Reason, Setback, Status


class Button(Struct, frozen=True):
    """A button under a result, as Discord shows it.

    Attributes:
        custom_id: Discord's identifier of what the button does.
        emoji: The emoji shown, or "".
        label: The text shown, or "".
        type: Discord's component type; 2 is a button.
        style: Discord's button style; 1 is also "pressed before", 5 is a link.
    """

    custom_id: str
    emoji: str = ""
    label: str = ""
    type: int = 2
    style: int = 2


class Failure(Struct, frozen=True):
    """Why a task failed: the class for programs, title and description for people."""

    reason: Reason
    title: str
    description: str


class Picture(Struct, frozen=True):
    """A picture at Discord's CDN; width and height in pixels, 0 if unknown."""

    url: str
    width: int = 0
    height: int = 0


class Source(Struct, frozen=True):
    """What a follow-up presses: a button of its parent's result message.

    Attributes:
        message_id: The message that carries the button.
        message_flags: The message's flags, which Discord wants to hear with the click.
        job_id: The UUID of the parent's job, or "".
        custom_id: The button's custom id.
        prompt: The parent's final prompt, which the bot echoes in the follow-up's messages.
    """

    message_id: str
    message_flags: int
    job_id: str
    custom_id: str
    prompt: str


class Modal(Struct, frozen=True):
    """What a task in status MODAL waits for.

    Attributes:
        prompt: The prompt that the bot proposes, and that an empty answer means.
        wants_mask: True if the answer must hold a mask.
        remix: True if it is the dialogue of the Remix mode.
    """

    prompt: str
    wants_mask: bool = False
    remix: bool = False


class Confirmation(Struct, frozen=True):
    """The caller's answer to a modal; its prompt has become the task's.

    Attributes:
        queue_position: How many waiting tasks were ahead of it.
        mask: The mask of a region, or None.
    """

    queue_position: int
    mask: StoredImage | None = None


class Step(Struct, frozen=True, gc=False, omit_defaults=True):
    """Something done at Discord for a task, stored before it is sent.

    Attributes:
        nonce: The nonce of the interaction.
        sent_at: Unix milliseconds.
        outcome: "" while it is in doubt; "taken" or "refused" once that is known; "opened" if it was a press that was
            answered by a modal, which spends nothing; "failed" once the bot has not done it, and the task is to be sent
            again or was cancelled.
        setback: Why it failed; None if it did not.
        mode: The mode that the task had then; None if none was asked for.
        session_id: The gateway session that is told of it if it is taken; "" if none is, or if that was not noted.
        interaction_id: Once it has failed, what tied Discord's messages to it, as in `Trace`.
        progress_message_id: Once it has failed, likewise.
        job_id: Once it has failed, likewise.
    """

    nonce: str
    sent_at: int
    outcome: str = ""
    setback: Setback | None = None
    mode: Mode | None = None
    session_id: str = ""
    interaction_id: str = ""
    progress_message_id: str = ""
    job_id: str = ""


class Trace(Struct, frozen=True, gc=False):
    """What ties Discord's messages to the task.

    Attributes:
        steps: What was sent for it, oldest first.
        interaction_id: Discord's id of the interaction, or "".
        progress_message_id: The message that shows the progress, or "".
        progress_flags: That message's flags; 64 if only the account's user sees it.
        job_id: The job's UUID, or "".
        last_sign_at: When the job last gave a sign of life, in Unix milliseconds; 0 before the first.
        appeal: The button of a notice by which a refused prompt is judged once more. It is pressed in the place of what
            the task asks for.
    """

    steps: tuple[Step, ...] = ()
    interaction_id: str = ""
    progress_message_id: str = ""
    progress_flags: int = 0
    job_id: str = ""
    last_sign_at: int = 0
    appeal: Source | None = None

    @property
    def attempt(self) -> tuple[Step, ...]:
        """The steps since the last one that failed; none if the task is yet to be sent, or to be sent again."""
        newest_first = takewhile(lambda step: step.outcome != "failed", reversed(self.steps))
        return tuple(newest_first)[::-1]

    @property
    def failed(self) -> bool:
        """True if the newest step has failed: the task waits to be sent again."""
        return bool(self.steps) and self.steps[-1].outcome == "failed"

    def count(self, setback: Setback) -> int:
        """Returns how many of the steps have failed by this."""
        return sum(step.setback is setback for step in self.steps)

    @property
    def nonce(self) -> str:
        """The nonce of the newest step, or ""."""
        return self.steps[-1].nonce if self.steps else ""

    @property
    def in_doubt(self) -> bool:
        """True if the newest step was sent and nothing is known of it yet."""
        return bool(self.steps) and not self.steps[-1].outcome


class Result(Struct, frozen=True, gc=False):
    """The message with which the bot ended a job well.

    Attributes:
        message_id: The Discord message.
        content: Its text.
        flags: Its flags; 64 is ephemeral.
        reference_id: The message that it answers, or "".
        prompt: The prompt as the bot echoes it.
        picture: The picture attached.
        job_id: The job's UUID, or "".
        buttons: What can be pressed under it.
        prompt_zh: The Chinese translation of `prompt`, where it is a text that the bot wrote; or "".
    """

    message_id: str
    content: str
    flags: int
    reference_id: str
    prompt: str
    picture: Picture | None
    job_id: str
    buttons: tuple[Button, ...]
    prompt_zh: str = ""


class Task(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A task. Times are Unix milliseconds, 0 where not set.

    Attributes:
        id: 16 decimal digits; larger is newer.
        caller: The name of the key that submitted it; "" when the server has no keys.
        account_id: The account (= channel id) that works on it.
        action: What it does.
        bot: The bot that works on it.
        mode: The mode asked for, and from the bot's first report on the one it works in; None if neither is known.
        command: The request.
        prompt: The prompt as the caller wrote it.
        prompt_en: The prompt in English, without what the engine adds for the bot.
        description: The command in one line.
        state: The caller's own text.
        notify_hook: The task's own callback URL, or "".
        parent_id: The task whose result this one works on, or "".
        index: Which picture of the parent, 1 to 4; 0 where the action has none.
        source: What a follow-up presses; None for a command.
        submitted_at: When the submission was accepted.
        started_at: When Discord took the interaction; set at the latest at the end.
        finished_at: When it ended.
        status: Where it is in its life.
        progress: 0 to 100; never falls; 100 exactly if it succeeded.
        picture: The preview while it runs, the result when it succeeded.
        failure: Set if and only if it failed.
        result: Set if and only if it succeeded.
        trace: What ties Discord's messages to it.
        modal: What it waits for, or waited for; None if it needs no confirmation.
        confirmation: The caller's answer to the modal.
        once: While the task has not failed, no other one with this key is accepted; "" for no such bond.
        cancel_requested_at: When the caller asked to cancel it while it was at work.
        image_seed: The seed of its picture, once the bot has told it.
        movable_to: The accounts that may work on it in the place of its own; None if only that one may.
    """

    id: str
    caller: str = ""
    account_id: str
    action: Action
    bot: Bot = Bot.MIDJOURNEY
    mode: Mode | None = None
    command: Command
    prompt: str = ""
    prompt_en: str = ""
    description: str
    state: str = ""
    notify_hook: str = ""
    parent_id: str = ""
    index: int = 0
    source: Source | None = None
    submitted_at: int
    started_at: int = 0
    finished_at: int = 0
    status: Status = Status.NOT_START
    progress: int = 0
    picture: Picture | None = None
    failure: Failure | None = None
    result: Result | None = None
    trace: Trace = Trace()
    modal: Modal | None = None
    confirmation: Confirmation | None = None
    once: str = ""
    cancel_requested_at: int = 0
    image_seed: str = ""
    movable_to: AccountFilter | None = None
