"""What is known of each job at the bot, and the index that finds jobs by it."""

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto

from mjproxy_server.midjourney import custom_id
from mjproxy_server.midjourney.content import Content, Phase, Verb
from mjproxy_server.midjourney.families import Ending, Family, family_of, strangers_family
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.prompt import normalise
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot

_DISCORD_EPOCH_MS = 1_420_070_400_000
_CLOCK_TOLERANCE_MS = 60_000
"""How far this machine's clock may be ahead of Discord's, where nothing else tells when a job was sent."""

_ANYTHING = Family(verbs=frozenset(Verb))
"""Of a job that waits nobody is told what it does."""

_COPYING_MS = 15 * 60 * 1000
"""So long a bot may answer an interaction (Discord's documentation of interaction tokens)."""


class By(StrEnum):
    """What a job can be found by. The first four are exact: a value belongs to one job.

    A SOURCE is a message alone, or with the prompt of a job that has one of its own. COPY finds what /show was asked
    for: the copy looks like any result of the bot.
    """

    NONCE = auto()
    INTERACTION = auto()
    MESSAGE = auto()
    JOB = auto()
    SOURCE = auto()
    PROMPT = auto()
    COPY = auto()


Key = tuple[By, str]

_LEARNING = "saveid"
"""The command with which a face is learned before it is swapped; it may be answered by a picture too."""

_LIKENESSES = frozenset({By.SOURCE, By.PROMPT, By.COPY})


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """A job at the bot. What is not known is "" or 0.

    Attributes:
        bot: Who works on it.
        family: What its messages may say, and with what it ends.
        index: The picture of the source that it works on, or 0.
        source_id: The message whose button started it; "" for a command.
        origin_id: Where that is Appeal, the message whose button was pressed before; it may be replied to as well.
        custom_id: That button, if pressing it is all that there is to do.
        task_id: Our task; "" if the task is over for us, or if the job was started by somebody else.
        nonce: The newest nonce that it was sent with.
        sent_at: When that was, in Unix milliseconds.
        sent_after: When the newest of what had been heard by then was made, in Unix milliseconds by Discord's clock.
        session_id: The gateway session that is told when Discord takes it.
        refused: Discord did not take it.
        taken: Discord took it.
        answered: The bot has said something about it.
        echo: Its prompt as the bot has echoed it last.
        disputed: What looks like it may as well be another's: until the history tells, exact keys alone count.
        closed: Its result or its failure was seen.
        interaction_id: Discord's newest interaction for it.
        progress_id: The message that shows its progress; a "Job queued" is none.
        result_id: The message that brought its result.
        notice_id: The message that told its failure.
        job_id: Its UUID.
        keys: What it can be found by.
    """

    bot: Bot
    family: Family
    index: int = 0
    source_id: str = ""
    origin_id: str = ""
    custom_id: str = ""
    task_id: str = ""
    nonce: str = ""
    sent_at: int = 0
    sent_after: int = 0
    session_id: str = ""
    refused: bool = False
    taken: bool = False
    answered: bool = False
    echo: str = ""
    disputed: bool = False
    closed: bool = False
    interaction_id: str = ""
    progress_id: str = ""
    result_id: str = ""
    notice_id: str = ""
    job_id: str = ""
    keys: set[Key] = field(default_factory=set)

    @property
    def in_doubt(self) -> bool:
        """True if it was sent and nothing is known of it since."""
        return self._was_sent and not self.taken and not self.closed

    @property
    def _was_sent(self) -> bool:
        return bool(self.sent_at) and not self.refused

    @property
    def is_strangers(self) -> bool:
        """True if nothing shows that one of our tasks has started it."""
        return not self.task_id and not self.nonce

    def resembles(self, other: "Job") -> bool:
        """True if messages about jobs with a common likeness may be the same for both."""
        told_by_index = self.family.always_tells(other.family) and _differ(self.index, other.index)
        return self.family.resembles(other.family) and not told_by_index

    def may_be_told_in(self, session_id: str) -> bool:
        """False while this session is still to tell that Discord has taken it: what it tells before that is older."""
        return not (session_id and session_id == self.session_id) or bool(self.interaction_id) or self.answered

    def shows_progress_in(self, shown: Container[str]) -> bool:
        """True if its progress message stands among these, which are shown in the channel."""
        return bool(self.progress_id) and self.progress_id in shown

    def may_own(self, message: BotMessage) -> bool:
        """True if nothing that is known of the job contradicts that a message which looks like it is about it."""
        return (
            self._was_sent
            and self._may_say(message)
            and not (self.closed and message.is_result)
            and not _differ(self.interaction_id, message.interaction_id)
            and not _differ(self.job_id, message.job_id)
            and self._not_before <= created_at(message.id) <= self._not_after
            and (message.content is None or self._fits(message, message.content))
        )

    def may_copy(self, message: BotMessage) -> bool:
        """True if the message can be the copy that this /show was asked for."""
        return self.may_own(message) and created_at(message.id) <= self.sent_at + _COPYING_MS

    def may_have_written(self, at: int) -> bool:
        """True if nothing contradicts that the job gave its source the text that this has since, in Unix ms."""
        may_rewrite = self.family.ending is Ending.REWRITE and self._was_sent and not self.closed
        return may_rewrite and self._not_before <= at

    def is_ended_by(self, message: BotMessage) -> bool:
        """True if this message about the job is the one with which it ends well.

        A text ends one job only: its message may be rewritten for another one.
        """
        match self.family.ending:
            case Ending.PICTURE:
                return message.is_result
            case Ending.TEXT | Ending.REWRITE:
                return message.proposal is not None and not self.closed
            case Ending.FILE:
                return bool(message.attachments) and message.command != _LEARNING
            case Ending.NOTE:
                return message.is_rating

    def _may_say(self, message: BotMessage) -> bool:
        """Texts and files are known by exact keys alone; so are notices about them."""
        ending = Ending.NOTE if message.is_rating else Ending.PICTURE
        return self.family.ending is ending

    @property
    def _not_after(self) -> float:
        """No message about the job is younger than its result, in Unix milliseconds; infinite before that is seen."""
        return created_at(self.result_id) if self.result_id else math.inf

    @property
    def _not_before(self) -> int:
        """No message about the job is older than this, in Unix milliseconds.

        Discord's own ids tell it best; our clock may differ from Discord's.
        """
        known = max(created_at(self.interaction_id), created_at(self.progress_id))
        return known or (self.sent_after + 1 if self.sent_after else self.sent_at - _CLOCK_TOLERANCE_MS)

    def _fits(self, message: BotMessage, content: Content) -> bool:
        if not self.family.may_say(content) or _differ(self.index, content.index):
            return False
        if content.phase is not Phase.DONE and self.progress_id:
            return False  # one message shows the progress of a job, and it would have been found by its id
        return not message.reference_id or self._may_answer(message.reference_id, content.phase)

    def _may_answer(self, reference_id: str, phase: Phase) -> bool:
        """True if a message about the job may reply to this one.

        Everything about a pressed button replies to the button's message. Of a command only the result replies, if at
        all, and then to the progress message, which is no older than the job. A job with a prompt of its own may do
        either.
        """
        if reference_id in {self.source_id, self.origin_id}:
            return True
        if self.source_id and not self.family.own_prompt:
            return False
        in_time = created_at(reference_id) >= self._not_before
        return phase is Phase.DONE and in_time and not self.progress_id


def job_of(task: Task) -> Job:
    """Return a job for the task that knows only what was asked for."""
    job = Job(bot=task.bot, family=family_of(task), task_id=task.id)
    if task.source:
        job.index = custom_id.parse(task.source.custom_id).index
        job.source_id = task.source.message_id
        job.custom_id = "" if task.confirmation else task.source.custom_id
    if task.trace.appeal:
        job.origin_id = job.source_id
        job.source_id = task.trace.appeal.message_id
        job.custom_id = task.trace.appeal.custom_id
    return job


def failed_jobs(task: Task) -> Iterator[tuple[Job, list[Key]]]:
    """Yield a job for each attempt of the task that has failed, and what it can be found by: exact keys alone."""
    nonces: list[Key] = []
    for step in task.trace.steps:
        nonces.append((By.NONCE, step.nonce))
        if step.outcome == "failed":
            job = Job(
                bot=task.bot,
                family=_ANYTHING,
                nonce=step.nonce,
                sent_at=step.sent_at,
                taken=True,
                closed=True,
                notice_id=task.trace.appeal.message_id if task.trace.appeal else "",
            )
            told = (By.INTERACTION, step.interaction_id), (By.MESSAGE, step.progress_message_id), (By.JOB, step.job_id)
            yield job, [*nonces, *told]
            nonces = []


def strangers_job(message: BotMessage, family: Family | None = None) -> Job:
    """Return a job for a message that speaks of one which none of our tasks started.

    Args:
        message: The message.
        family: The job's family, if it is known better than by what the message says is done.
    """
    told = strangers_family(message.content.verb) if message.content else _ANYTHING
    return Job(
        bot=message.bot,
        family=family or told,
        index=message.content.index if message.content else 0,
        source_id=message.reference_id,
        sent_at=created_at(message.id),
        taken=True,
    )


def copying_job(message: BotMessage) -> Job:
    """Return a job for the answer to a /show."""
    return Job(bot=message.bot, family=_ANYTHING, sent_at=created_at(message.id), taken=True, progress_id=message.id)


def likenesses(job: Job, prompt: str) -> list[Key]:
    """Return what messages about the job will look like: their source, and their verb and prompt.

    Several jobs with prompts of their own may start from one source, but not by one and the same press.
    """
    own_prompt = prompt if job.family.own_prompt and not job.custom_id else None
    sources = [source_key(each, own_prompt) for each in (job.source_id, job.origin_id) if each]
    return [*sources, *(prompt_key(job.bot, verb, prompt) for verb in sorted(job.family.all_verbs))]


def source_key(message_id: str, prompt: str | None = None) -> Key:
    """Return the key of replies to a message, or of those among them that echo this prompt."""
    return By.SOURCE, message_id if prompt is None else f"{message_id}/{normalise(prompt)}"


def prompt_key(bot: Bot, verb: Verb, prompt: str) -> Key:
    """Return the key of messages of the bot that say this verb and an echo of this prompt."""
    return By.PROMPT, f"{bot}/{verb}/{normalise(prompt)}"


def prompt_of(task: Task) -> str:
    """Return the prompt that the bot will echo."""
    if task.source and not (task.confirmation or family_of(task).own_prompt):
        return task.source.prompt
    command = task.command
    return task.prompt_en or task.prompt or (command.prompt if isinstance(command, Imagine) else "")


def created_at(snowflake: str) -> int:
    """Return when Discord made an id, in Unix milliseconds; 0 for "" and for what is no id of Discord's."""
    return (int(snowflake) >> 22) + _DISCORD_EPOCH_MS if snowflake.isdecimal() else 0


def _differ(known: str | int, told: str | int) -> bool:
    return bool(known and told and known != told)


class Jobs:
    """Jobs by everything that they can be found by."""

    def __init__(self) -> None:
        self._found: defaultdict[Key, list[Job]] = defaultdict(list)

    def find(self, key: Key) -> list[Job]:
        """Return the jobs with this key."""
        return self._found.get(key, [])

    def exactly(self, by: By, value: str) -> Job | None:
        """Return the one job with this exact key."""
        found = self._found.get((by, value))
        return found[0] if found else None

    def learn(self, job: Job, key: Key) -> bool:
        """Let the job be found by the key; an exact key stays with the job that had it first.

        Returns:
            True if the job has the key now.
        """
        by, value = key
        others = self._found.get(key, ())
        if job in others:
            return True
        if not value or (others and by not in _LIKENESSES):
            return False
        self._found[key].append(job)
        job.keys.add(key)
        return True

    def close(self, job: Job) -> None:
        """Take note that the job's result or failure was seen.

        From now on it is found by its exact keys only, unless it brought a result and its progress message was never
        seen: that one may still come, and must not be taken for another job's.
        """
        job.closed = True
        if job.progress_id or not job.result_id:
            self._forget(job, [key for key in job.keys if key[0] in _LIKENESSES])

    def drop(self, job: Job) -> None:
        """Forget the job."""
        self._forget(job, list(job.keys))

    def _forget(self, job: Job, keys: Iterable[Key]) -> None:
        for key in keys:
            job.keys.discard(key)
            self._found[key].remove(job)
            if not self._found[key]:
                del self._found[key]
