"""Whose message is it? The theory of correlation, and the class that does it.

The bot writes many messages into one channel, about our jobs and about other people's, and few of them say for which
request they are. The keys, by what each is worth (observed between 2023 and 2026):

1. *Nonce.* Ours, unique, on INTERACTION_* and on the first message that answers the interaction; on nothing else. What
   is submitted on a page of the bot's own (a region) has none.
2. *Interaction id.* From INTERACTION_*; on the first message, even where the nonce is lost. A region's messages name
   the interaction that opened the page.
3. *Message id.* Of the progress message: its updates, and whatever replies to it. Results of commands do in the 2026
   profile of the bot; in the 2023 profile they reply to nothing, and the progress message is deleted.
4. *Job UUID.* In the id of the Cancel Job button, the preview's file name, and everywhere in the result.
5. *Source.* Whatever a pressed button leads to replies to the button's message; which of several buttons is told by
   what is done (the verb), and by the index, where the message names one.
6. *Prompt.* As the bot echoes it, rewritten; compared by what survives rewriting, among jobs with the same verb.

Keys 1 to 4 are exact: the first that is known names the job. Keys 5 and 6 are likenesses: they name *candidates*, of
which those are struck out that a known fact contradicts (another UUID or interaction, another index, a progress message
of their own, a message older than they are, another user). A session tells in order: what was heard before a job was
sent is older than it, and so is what its session tells before that Discord has taken it. One left is the owner; with
two the message is nobody's. There is no guess, no oldest first.

Why one left is the owner: the true owner is always among the candidates. To keep it so,

- jobs that are none of our tasks (any more) are candidates too: a task that ended before its job did, and jobs that the
  account's user started elsewhere, whose messages carry a nonce that we never sent. They are remembered for an hour.
  What is found to be theirs is no fact for anybody. Results that were seen are remembered as well, so that a second
  delivery, or a later edit, meets its own job again. So are jobs that have failed: a task that is sent once more has a
  new job, and what the first one still says is nobody's. Another process knows them by the task's steps;
- so are copies: /show posts an old result again, as a message that looks like any result. While one is awaited, no
  result is known by its prompt alone. A copy that names its job is of no consequence, as that has its result;
- a message that answers an interaction, replies to a source and has no nonce may be the start of somebody's region. It
  is nobody's, even if one task alone could have begun so; what follows it names the kind of job;
- prompts are compared coarsely, and each echo that an exact key proves is learned as another likeness of its job;
- what was taken for a stranger's job is forgotten when an exact key shows that it is a task's. The history tells no
  nonces, and may be read before what is live is heard: a message of ours whose echo is odd looks like anybody's there.

Where a session has ended and another one begins, nobody heard what was said meanwhile, nor the nonces of what began
then: not ours, and not those of a twin that the account's user began elsewhere. The channel's history has to be read
before anything is known by likeness again, and is looked at as a whole (`look_back`): what is certain first; then a job
is given what looks like it if all of that is of one job at the bot (`looking_back`). Otherwise the job is in dispute,
and known by exact keys alone, until the history is read once more. Where no result replies to its progress, the
progress is deleted with the result: while it stands, the job has none yet.

One thing is beyond it: a twin that was begun elsewhere and of which this process has heard nothing, since it began
between two sessions or before the process did, alike in bot, verb and prompt to a job of ours that was sent just before
and of which the bot has said nothing, neither then nor later.

So safety needs no care from the caller. Liveness does: two jobs that no likeness tells apart would make each other's
results ambiguous. `may_start` keeps the second waiting until the first has its UUID or has ended. That can be told from
the source (same message, same verb, and for U the same index, for a pan the same direction) or from the prompt alone
(same verb, same echo). What shares only the prompt need not wait so long where results are seen to answer their
progress message: there the first message of the job is enough. Not less than that, because a job that the bot lets wait
("Job queued") starts with a message that carries no nonce.

Not every job ends by a picture (`families`). What answers /describe and /shorten, and what /swapid makes, is known by
exact keys alone. Retry and Show Details change the message of their *parent*, which thereby serves several tasks: its
version is theirs if the text was not seen there before their interaction was made, by Discord's clock; of two such jobs
the second waits until the first has ended. Any other version is the parent's, and a task that has its text gets no
second one.

An ambiguous message is not kept. Before a task is given up the channel's history is read, and that is its second look,
with all that was learned since.

All of it is indifferent to order and repetition: facts may come twice, and a result before the progress it ends. Of a
message everything is told each time; updates that told less were completed before (`versions`).
"""

from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from mjproxy_server.midjourney.content import Content
from mjproxy_server.midjourney.families import REGION, Ending
from mjproxy_server.midjourney.jobs import (
    By,
    Job,
    Jobs,
    Key,
    copying_job,
    created_at,
    failed_jobs,
    job_of,
    likenesses,
    prompt_of,
    source_key,
    strangers_job,
)
from mjproxy_server.midjourney.looking_back import observe_certain
from mjproxy_server.midjourney.messages import (
    BotMessage,
    Deleted,
    Event,
    IframeOpened,
    InteractionEvent,
    InteractionKind,
    ModalOpened,
)
from mjproxy_server.midjourney.outcomes import failure_of, queued_prompt
from mjproxy_server.midjourney.owners import Owners, Telling, is_early
from mjproxy_server.midjourney.presses import PressedButtons
from mjproxy_server.midjourney.telling import (
    ONGOING,
    announced_prompt,
    finished,
    may_begin_in_a_frame,
    progress,
)
from mjproxy_server.midjourney.texts import SeenTexts
from mjproxy_server.model.facts import Fact, Failed, Held, Opened, Taken
from mjproxy_server.model.task import Failure, Task, Trace
from mjproxy_server.model.vocabulary import Reason, Status

_REMEMBERED_MS = 60 * 60 * 1000
_MOST_REMEMBERED = 2000
_TOLD_BY_THE_BOT = frozenset(
    {
        Reason.PROMPT_REJECTED,
        Reason.MODERATED,
        Reason.BOT_BUSY,
        Reason.BOT_ERROR,
        Reason.ACCOUNT_HELD,
        Reason.STOPPED,
    }
)
"""With what a job fails that draws nothing any more."""
_NO_ANSWER = "No answer"
"""The title of a failure that the bot has not told: it is silent, and may draw for all that."""
_Interaction = InteractionEvent | ModalOpened | IframeOpened


class Sighting(Struct, frozen=True):
    """A fact about a task that a message told."""

    task_id: str
    fact: Fact


class Correlator:
    """Ties the bot's messages in one channel to the tasks of its account.

    Every unfinished task that was sent must be watched before messages are observed. Tasks that ended within the last
    hour of another process are worth being watched and forgotten at start, so that their late messages are known.

    Attributes:
        user_id: The account's Discord user; "" until it is known, by READY or by the first answer to a nonce. Until
            then exact keys alone decide.
        finals_answer_progress: True if the bot's newest result of a command replied to its progress message (the 2026
            profile).
    """

    def __init__(self, user_id: str = "") -> None:
        self.finals_answer_progress = False
        self._jobs = Jobs()
        self._tasks: dict[str, Job] = {}
        self._remembered: deque[tuple[int, Job]] = deque()
        self._presses = PressedButtons()
        self._texts = SeenTexts()
        self._owners = Owners(self._jobs, self._texts)
        self.user_id = user_id
        self._now = 0
        self._newest = 0

    @property
    def user_id(self) -> str:
        """The account's Discord user."""
        return self._owners.user_id

    @user_id.setter
    def user_id(self, user_id: str) -> None:
        self._owners.user_id = user_id

    def watch(self, task: Task) -> None:
        """Take note of a task that is at work or chosen to start, or of a newer version of it; repeating is harmless.

        A task that is sent once more after its job has failed has another job from then on; what the first one's job
        still says is nobody's. Forget the task while it waits to be sent again.

        Watch a task when it is chosen, before `may_start` is asked about another one, and again with each nonce before
        it is sent under that nonce: a nonce that is not known is taken for a stranger's.
        """
        job = self._tasks.get(task.id)
        if job and job.closed and not job.result_id and task.trace.nonce not in {"", job.nonce}:
            self.forget(task.id)
            job = None
        if job is None:
            self._remember_attempts(task)
            job = self._tasks[task.id] = job_of(task)
            self._learn_all(job, likenesses(job, prompt_of(task)))
        if task.source:
            self._texts.learn(task.source.message_id, task.source.prompt)
        self._learn_steps(job, task.trace)
        self._learn_trace(job, task.trace, shows_progress=task.status is Status.IN_PROGRESS)
        if task.result:
            self._jobs.learn(job, (By.MESSAGE, task.result.message_id))
            self._texts.learn(task.result.message_id, task.result.prompt)
            self._close(job, task.result.message_id)
        elif task.failure and _is_told(task.failure):
            self._close(job)

    def forget(self, task_id: str) -> None:
        """Take note that a task has ended, whether or not its job at the bot has; unknown ids are of no concern."""
        job = self._tasks.pop(task_id, None)
        if job is None:
            return
        job.task_id = ""
        if job.sent_at and not job.refused:
            self._remember(job)
        else:
            self._jobs.drop(job)

    def may_start(self, task: Task) -> bool:
        """Return False while a watched task could not be told apart from this one by what the bot says of them."""
        job = job_of(task)
        return not any(
            self._stands_in_the_way(rival, job, key)
            for key in likenesses(job, prompt_of(task))
            for rival in self._jobs.find(key)
        )

    def observe(self, event: Event, at: int, session_id: str = "") -> list[Sighting]:
        """Take note of an event of the channel.

        Args:
            event: The event; repeated and late ones do no harm.
            at: When it was received, in Unix milliseconds.
            session_id: The gateway session that told it; "" if it was read again.

        Returns:
            What it says of our tasks, in order. What is known of them is updated at once, so that more events can be
            observed before the store has the facts.
        """
        self._note_time(event, at)
        match event:
            case InteractionEvent():
                return self._observe_interaction(event, at)
            case ModalOpened() | IframeOpened():
                return self._observe_answer(event, at)
            case BotMessage():
                return self._observe_message(event, at, Telling(session_id))
            case Deleted():
                return []  # in the 2023 profile the result comes just before or after; a deletion ends nothing

    def look_back(
        self, messages: Sequence[BotMessage], at: int, session_id: str, task_ids: Iterable[str]
    ) -> list[tuple[BotMessage, list[Sighting]]]:
        """Take note of what the channel's history shows, as a whole.

        Args:
            messages: The messages, in their order; several versions of one do no harm. What was heard from the
                beginning of the session on and `awaits_history` is among them.
            at: When they were read, in Unix milliseconds.
            session_id: The gateway session by now; "" if there is none.
            task_ids: The tasks on which it was read: it shows all that there is of their jobs, and was in dispute.

        Returns:
            The messages, in the order in which they are understood, and what they say of our tasks.
        """
        for job in filter(None, map(self._tasks.get, task_ids)):
            job.disputed = False
        telling = Telling(session_id, frozenset(message.id for message in messages))
        told: list[tuple[BotMessage, list[Sighting]]] = []

        def observe(message: BotMessage) -> None:
            told.append((message, self._observe_message(message, at, telling)))

        for message in messages:
            self._note_time(message, at)
        for message in observe_certain(messages, lambda each: self._owners.claimants(each, telling), observe):
            told.append((message, self._observe_presses(message, at)))
            self._dispute(message, telling)
        return told

    def awaits_history(self, message: BotMessage) -> bool:
        """Return True if whose the message is cannot be told before the history is read, where that is to be done."""
        return bool(self._owners.claimants(message, Telling("")))

    def awaits_change_of(self, message_id: str) -> bool:
        """Return True if a change of this message may tell something of a task that has not ended.

        A text that is to be rewritten is not worth a look before the interaction is known: it could be nobody's.
        """
        jobs = [job for job in self._jobs.find(source_key(message_id)) if job.family.ending is Ending.REWRITE]
        jobs = [job for job in jobs if job.interaction_id] + self._jobs.find((By.MESSAGE, message_id))
        return any(job.task_id and not job.closed for job in jobs)

    def _note_time(self, event: Event, at: int) -> None:
        self._now = max(self._now, at)
        if not isinstance(event, Deleted):
            self._newest = max(self._newest, created_at(event.id))
        self._expire()

    # What is learned of tasks.

    def _learn_steps(self, job: Job, trace: Trace) -> None:
        for step in trace.attempt:
            self._jobs.learn(job, (By.NONCE, step.nonce))
        if trace.attempt:
            newest = trace.attempt[-1]
            if job.nonce != newest.nonce:
                job.sent_after = self._newest or _failed_before(trace)
            job.nonce = newest.nonce
            job.session_id = newest.session_id
            job.sent_at = newest.sent_at
            job.taken = job.taken or newest.outcome in {"taken", "opened"}
            job.refused = newest.outcome == "refused" and not job.taken

    def _learn_trace(self, job: Job, trace: Trace, *, shows_progress: bool) -> None:
        self._learn_interaction(job, trace.interaction_id)
        self._learn_job_id(job, trace.job_id)
        if self._jobs.learn(job, (By.MESSAGE, trace.progress_message_id)):
            job.answered = True
            if shows_progress:
                job.progress_id = job.progress_id or trace.progress_message_id

    def _learn_all(self, job: Job, keys: list[Key]) -> None:
        for key in keys:
            self._jobs.learn(job, key)

    def _learn_interaction(self, job: Job, interaction_id: str) -> None:
        known = self._jobs.learn(job, (By.INTERACTION, interaction_id))
        if known and created_at(interaction_id) >= created_at(job.interaction_id):
            job.interaction_id = interaction_id

    def _learn_job_id(self, job: Job, job_id: str) -> None:
        if self._jobs.learn(job, (By.JOB, job_id)):
            job.job_id = job_id

    def _close(self, job: Job, result_id: str = "") -> None:
        job.result_id = result_id or job.result_id
        self._jobs.close(job)

    # What is remembered of jobs that are no task's (any more).

    def _remember(self, job: Job) -> None:
        self._remembered.append((max(self._now, job.sent_at), job))

    def _expire(self) -> None:
        remembered = self._remembered
        while remembered and (len(remembered) > _MOST_REMEMBERED or remembered[0][0] < self._now - _REMEMBERED_MS):
            self._jobs.drop(remembered.popleft()[1])

    def _remember_attempts(self, task: Task) -> None:
        """Remember the jobs of a task that have failed: it may be another process that has heard them."""
        for job, keys in failed_jobs(task):
            self._learn_all(job, keys)
            self._remember(job)

    def _remember_strangers(self, message: BotMessage) -> None:
        """Remember the job of a message that none of our tasks can have started, while it lasts."""
        prompt = announced_prompt(message)
        if prompt is None:
            return
        job = strangers_job(message)
        self._learn_all(job, [(By.NONCE, message.nonce), *likenesses(job, prompt)])
        self._learn_message(job, message)
        self._remember(job)

    def _remember_possible_region(self, message: BotMessage) -> None:
        """Remember that somebody may have begun a region; no exact key is its own, for it may as well be none."""
        job = strangers_job(message, REGION)
        self._learn_all(job, likenesses(job, message.content.prompt if message.content else ""))
        self._remember(job)

    def _remember_copy(self, message: BotMessage) -> None:
        """Remember that an old result will be posted again; whatever brings it, it is nobody's."""
        job = self._jobs.exactly(By.MESSAGE, message.id)
        if job is None and self._owners.is_ours(message):
            job = copying_job(message)
            keys = (By.NONCE, message.nonce), (By.INTERACTION, message.interaction_id), (By.MESSAGE, message.id)
            self._learn_all(job, [*keys, (By.COPY, message.bot)])
            self._remember(job)
        if job and message.is_result:
            self._close(job, message.id)

    def _dispute(self, message: BotMessage, telling: Telling) -> None:
        """Take note that what looks like one job of ours may as well be another's; several are in doubt anyway."""
        claimants = self._owners.claimants(message, telling)
        if len(claimants) == 1:
            claimants[0].disputed = True

    def _reclaim(self, job: Job, *keys: Key) -> None:
        """Drop a stranger's job that turns out to be a task's: it has a key that the task's job is now known by."""
        for key in keys:
            other = self._jobs.exactly(*key)
            if job.task_id and other and other.is_strangers:
                self._jobs.drop(other)

    # Who may start.

    def _stands_in_the_way(self, rival: Job, job: Job, key: Key) -> bool:
        watched = rival.task_id not in {"", job.task_id}
        return watched and not rival.closed and rival.resembles(job) and not self._told_apart(rival, key)

    def _told_apart(self, rival: Job, key: Key) -> bool:
        """True if all that the rival will yet bring can be known as its own, though it shares this likeness."""
        known_by_progress = key[0] is By.PROMPT and self.finals_answer_progress and bool(rival.progress_id)
        return bool(rival.job_id) or known_by_progress

    # Interactions.

    def _observe_interaction(self, event: InteractionEvent, at: int) -> list[Sighting]:
        if event.kind is not InteractionKind.FAILED:
            return self._observe_answer(event, at)
        job = self._job_of_interaction(event)
        return self._observe_silence(job, event, at) if job else []

    def _job_of_interaction(self, event: _Interaction) -> Job | None:
        return self._jobs.exactly(By.NONCE, event.nonce) or self._jobs.exactly(By.INTERACTION, event.id)

    def _observe_answer(self, event: _Interaction, at: int) -> list[Sighting]:
        """Discord took it, or the bot answered; a page of the bot's own gives its messages the interaction's id."""
        job = self._job_of_interaction(event)
        if job is None:
            return []
        self._reclaim(job, (By.INTERACTION, event.id))
        self._learn_interaction(job, event.id)
        if job.family.framed:
            return []
        job.taken = True
        happened = Opened if isinstance(event, ModalOpened) else Taken
        return _sightings(job, [happened(at, event.nonce or job.nonce, event.id)])

    def _observe_silence(self, job: Job, event: InteractionEvent, at: int) -> list[Sighting]:
        """The bot did not answer in time; it may have begun for all that, so the job stays open."""
        if job.answered or event.nonce not in {"", job.nonce}:
            return []
        failure = Failure(Reason.BOT_ERROR, _NO_ANSWER, "The application did not respond.")
        return _sightings(job, [Failed(at, failure)])

    def _observe_presses(self, message: BotMessage, at: int) -> list[Sighting]:
        """A button that turns to pressed proves that Discord took the click of the one job that pressed it."""
        sightings: list[Sighting] = []
        for custom_id in sorted(self._presses.turned(message)):
            pressed = [job for job in self._jobs.find((By.SOURCE, message.id)) if job.custom_id == custom_id]
            in_doubt = [job for job in pressed if job.in_doubt]
            if len(in_doubt) == 1:
                in_doubt[0].taken = True
                sightings += _sightings(in_doubt[0], [Taken(at, in_doubt[0].nonce)])
        return sightings

    # Messages.

    def _observe_message(self, message: BotMessage, at: int, telling: Telling) -> list[Sighting]:
        return [*self._observe_presses(message, at), *self._observe_text(message, at, telling)]

    def _observe_text(self, message: BotMessage, at: int, telling: Telling) -> list[Sighting]:
        if message.announces_copy:
            self._remember_copy(message)
            return []
        job = self._owner(message, telling)
        if message.proposal:
            self._texts.learn(message.id, message.proposal.description, message.edited_at)
        if job is None:
            return []
        if message.is_result:
            self._learn_profile(job, message)
        self._learn_message(job, message)
        return _sightings(job, self._facts(job, message, at))

    def _owner(self, message: BotMessage, telling: Telling) -> Job | None:
        """Return the one job that the message can be about; None if there is none, or more than one."""
        return self._owners.certain(message) or self._owner_by_likeness(message, telling)

    def _owner_by_likeness(self, message: BotMessage, telling: Telling) -> Job | None:
        candidates = self._owners.lookalikes(message, telling)
        if candidates is None:
            return None
        if not candidates:
            self._remember_strangers(message)
        elif may_begin_in_a_frame(message):
            self._remember_possible_region(message)
            return None
        if len(candidates) != 1 or candidates[0].disputed or is_early(candidates[0], message, telling):
            return None
        return candidates[0]

    def _learn_message(self, job: Job, message: BotMessage) -> None:
        job.taken = job.answered = True
        job.refused = False
        if message.nonce and job.task_id:
            self.user_id = self.user_id or message.user_id
        self._reclaim(job, (By.INTERACTION, message.interaction_id), (By.MESSAGE, message.id), (By.JOB, message.job_id))
        self._learn_interaction(job, message.interaction_id)
        self._jobs.learn(job, (By.MESSAGE, message.id))
        self._learn_job_id(job, message.job_id)
        if message.content and not job.closed:
            self._learn_content(job, message, message.content)

    def _learn_content(self, job: Job, message: BotMessage, content: Content) -> None:
        if content.prompt and content.prompt != job.echo:
            job.echo = content.prompt
            self._learn_all(job, likenesses(job, content.prompt))
        if content.phase in ONGOING:
            job.progress_id = message.id
        elif not job.source_id and self._jobs.learn(job, (By.MESSAGE, message.reference_id)):
            job.progress_id = message.reference_id

    def _learn_profile(self, job: Job, message: BotMessage) -> None:
        if job.progress_id and not job.source_id and message.id != job.progress_id:
            self.finals_answer_progress = message.reference_id == job.progress_id

    def _facts(self, job: Job, message: BotMessage, at: int) -> list[Fact]:
        if failure := failure_of(message):
            return self._failed(job, message, failure, at)
        if queued_prompt(message) is not None:
            return [] if job.progress_id else [Held(at, message.id)]
        if job.is_ended_by(message):
            self._close(job, message.id)
            return [finished(message, at)]
        if message.content:
            return progress(message, message.content, at)
        return [Taken(at, message.nonce, message.interaction_id)] if message.nonce else []

    def _failed(self, job: Job, message: BotMessage, failure: Failure, at: int) -> list[Fact]:
        """A failure that is told again would be taken for that of the task's next attempt."""
        if job.closed:
            return []
        self._close(job)
        job.notice_id = message.id
        return [Failed(at, failure)]


def _is_told(failure: Failure) -> bool:
    """True if the bot has told the failure, so that the job has ended."""
    return failure.reason in _TOLD_BY_THE_BOT and failure.title != _NO_ANSWER


def _failed_before(trace: Trace) -> int:
    """Return when it was sent once more, by our clock: what the job before has said is older; 0 if it was sent once."""
    return trace.attempt[-1].sent_at if len(trace.attempt) < len(trace.steps) else 0


def _sightings(job: Job, facts: list[Fact]) -> list[Sighting]:
    return [Sighting(job.task_id, fact) for fact in facts] if job.task_id else []
