"""The bot at work: it takes requests, keeps as many jobs running as a user may have, and plays their timelines.

Everything is decided and kept synchronously; the one loop only waits for the next appointment. A step and the record
of the job that it moves on are one transaction, so that a job which was interrupted goes on with the step it had not
taken.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot import notices, replies
from mjproxy_simulator.bot.agenda import Agenda, Cue, PacedClock
from mjproxy_simulator.bot.answers import Answer, EditMessage, OpenDialog, Reply, SendSeed, ShowJob, StartJobs, StopJob
from mjproxy_simulator.bot.dialogs import Dialogs
from mjproxy_simulator.bot.gate import cost_seconds
from mjproxy_simulator.bot.members import Members
from mjproxy_simulator.bot.notices import JOB_QUEUED, Notice, RefusedError
from mjproxy_simulator.bot.performer import Performer
from mjproxy_simulator.bot.planner import Planner
from mjproxy_simulator.bot.presses import RegionPress, read
from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.bot.timeline import Beat, timeline
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.faults import BotNotice, CurtailJob, FaultBoard
from mjproxy_simulator.model.jobs import Job, Kind, Status
from mjproxy_simulator.model.messages import Invocation, Message
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_logger = logging.getLogger(__name__)

_STEPS_AT_A_TIME: Final = 50  # Then others have their turn: sockets and requests share the loop.
_TICK_SECONDS: Final = 0.005  # Steps that are due within this time share a commit, which costs as much as a step.


class Bot:
    """The Midjourney bot, and its smaller companions.

    Args:
        store: Keeps the jobs.
        messenger: Posts what the bot says.
        planner: Decides what a request comes to.
        performer: Takes the steps of a job.
        members: Knows the users.
        queue: Has the jobs that wait and run.
        dialogs: Has the forms that are open.
        snowflakes: Gives ids to notices.
        clock: Tells how fast jobs run.
        faults: What is made to go wrong.
        switches: How what is uncertain is played.
    """

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        planner: Planner,
        performer: Performer,
        members: Members,
        queue: Queue,
        dialogs: Dialogs,
        snowflakes: Snowflakes,
        clock: PacedClock,
        faults: FaultBoard,
        switches: Switches,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._planner = planner
        self._performer = performer
        self._members = members
        self._queue = queue
        self._dialogs = dialogs
        self._snowflakes = snowflakes
        self._clock = clock
        self._faults = faults
        self._switches = switches
        self._agenda: Agenda[str | Cue] = Agenda()
        self._ends: dict[str, CurtailJob] = {}
        self._timelines: dict[str, tuple[Beat, ...]] = {}
        self._wake_up = asyncio.Event()

    # Its pace

    @property
    def speed(self) -> float:
        """How many times faster than in life jobs run."""
        return self._clock.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._clock.speed = speed
        self._wake_up.set()

    @property
    def paused(self) -> bool:
        """Whether jobs stand still."""
        return self._clock.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._clock.paused = paused
        self._wake_up.set()

    def play_next(self) -> str | None:
        """Take the next step at once, whenever it is due; return the job or scenario that had one, None if none has."""
        due = self._agenda.next_due()
        if due is None:
            return None
        self._clock.skip_to(due)
        appointment = self._agenda.pop_due(due)
        return None if appointment is None else self._take(*appointment)

    def enter(self, seconds: float, cue: Cue) -> None:
        """Have a step taken that is no job's, in so many seconds of the bot's clock."""
        self._agenda.enter(self._clock.now() + seconds, cue)
        self._wake_up.set()

    # Requests

    def accept(self, request: Request) -> Answer:
        """Decide about a request and keep its jobs; nothing is said yet, for Discord answers the client first."""
        answer = self._planner.plan(request, lambda: self._notice(request.invocation.user_id))
        self._keep(request, answer)
        return answer

    def answer(self, request: Request, answer: Answer) -> Message | None:
        """Do what was decided; return what the bot is still thinking about, if it is to `say` that later."""
        match answer:
            case StartJobs(jobs=jobs):
                for job in jobs:
                    self._admit(job)
            case StopJob(job_id=job_id):
                self._stop(job_id)
            case ShowJob(job=job):
                self._show(request, job)
            case SendSeed(job=job):
                self._reply(request, Reply("Sent to your direct messages!"))
                self._performer.tell_seed(job, request.invocation.user_id)
            case Reply():
                return self._reply(request, answer)
            case EditMessage(message=message):
                self._messenger.edit(message)
            case RefusedError():
                self._tell(request, answer.notice, answer.footer or _footer(request))
        return None

    def say(self, thought: Message) -> None:
        """Say what the bot has thought about."""
        if self._store.message(thought.id) is not None:
            self._messenger.edit(thought)

    def opener_of_frame(self, token: str) -> Request | None:
        """Return the request that opened the page with a token; None if no such page is open."""
        opened = self._dialogs.frame(token)
        return None if opened is None else opened.opener

    def job_in_frame(self, token: str) -> Job | None:
        """Return the job whose picture the page with a token shows."""
        opener = self.opener_of_frame(token)
        press = None if opener is None else read(opener.custom_id or "")
        return self._store.job(press.job_id) if isinstance(press, RegionPress) else None

    def submit_region(self, token: str, prompt: str, mask: str) -> Answer | None:
        """Take what was filled in on the page with a token; None if no such page is open.

        Args:
            token: What the page got when it was opened.
            prompt: What is to be drawn; empty for the prompt of the picture.
            mask: The name of the upload that says where.
        """
        opener = self.opener_of_frame(token)
        press = None if opener is None else read(opener.custom_id or "")
        if opener is None or not isinstance(press, RegionPress):
            return None
        self._dialogs.close(opener.invocation.id)
        # The page has no nonce; its job is known by the interaction that opened it.
        request = replace(opener, nonce=None)
        answer = self._planner.plan_region(request, press, prompt, mask)
        self._keep(request, answer)
        self.answer(request, answer)
        return answer

    def give_seed(self, message_id: int, user_id: int) -> None:
        """Tell a user who has put an envelope on a message the seed of the job that it shows, if it shows one."""
        job = self._store.job_of_message(message_id)
        if job is not None and job.status is Status.FINISHED:
            self._performer.tell_seed(job, user_id)

    def _notice(self, user_id: int) -> str | None:
        fault = self._faults.take(BotNotice, user_id)
        return None if fault is None else fault.notice

    def _keep(self, request: Request, answer: Answer) -> None:
        match answer:
            case StartJobs(jobs=jobs):
                for job in jobs:
                    self._store.put_job(job)
                    self._queue.expect(job)
            case OpenDialog(dialog=dialog):
                self._dialogs.open(request, dialog)
        if isinstance(answer, StartJobs | Reply | EditMessage | RefusedError) and answer.member is not None:
            self._members.keep(answer.member)

    def _reply(self, request: Request, reply: Reply) -> Message | None:
        message = replies.message_of(reply, request, self._snowflakes.next())
        deferred = reply.deferred and self._switches.now.deferred_answers
        self._messenger.post(replies.thinking(message) if deferred else message, request.nonce)
        return message if deferred else None

    def _show(self, request: Request, job: Job) -> None:
        announcement = replies.displaying(request, self._snowflakes.next())
        self._messenger.post(announcement, request.nonce)
        self._performer.show(job, announcement)

    def _tell(self, request: Request, notice: Notice, footer: str | None) -> None:
        message = self._notice_message(notice, request.channel_id, request.application_id, request.invocation, footer)
        self._messenger.post(message, request.nonce)

    def _notice_message(
        self, notice: Notice, channel_id: int, application_id: int, invocation: Invocation, footer: str | None
    ) -> Message:
        return notices.message(
            notice,
            message_id=self._snowflakes.next(),
            channel_id=channel_id,
            author_id=application_id,
            invocation=invocation,
            footer=footer,
            how=self._switches.now,
        )

    # Jobs

    def restore(self) -> None:
        """Take up the jobs that an earlier run of the simulator left unfinished."""
        jobs = self._store.unfinished_jobs()
        for job in jobs:
            if job.status is Status.RUNNING:
                self._queue.run(job)
                self._agenda.enter(self._clock.now() + timeline(job)[job.beat].delay, job.id)
            else:
                self._queue.wait(job)
        for job in jobs:
            self._start_waiting(job)
        if jobs:
            _logger.info("Going on with %d unfinished jobs", len(jobs))

    def forget(self) -> None:
        """Drop all jobs and forms; the records of the jobs are the store's."""
        self._agenda.clear()
        self._queue.clear()
        self._dialogs.clear()
        self._ends.clear()
        self._timelines.clear()

    async def run(self) -> None:
        """Play the jobs until cancelled."""
        while True:
            self._wake_up.clear()
            if not self._clock.paused:
                self.play_due()
            await self._next_appointment()

    def play_due(self) -> None:
        """Take the steps whose time has come, a limited number at once.

        They are one transaction, for a commit costs as much as a step. Nobody hears of them before it, since what is
        told waits for the loop.
        """
        with self._store.transaction():
            for _ in range(_STEPS_AT_A_TIME):
                appointment = self._agenda.pop_due(self._clock.now())
                if appointment is None:
                    return
                self._take(*appointment)

    async def _next_appointment(self) -> None:
        due = None if self._clock.paused else self._agenda.next_due()
        seconds = None if due is None else self._clock.real_seconds_until(due)
        if seconds:  # Nothing is overdue.
            seconds = max(seconds, _TICK_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                await self._wake_up.wait()
        except TimeoutError:
            pass

    def _take(self, due: float, step: str | Cue) -> str:
        """Take a step; return whose it was."""
        if isinstance(step, Cue):
            step.act()
            return step.owner
        self._step(due, step)
        return step

    def _step(self, due: float, job_id: str) -> None:
        job = self._store.job(job_id)
        if job is None or job.status is not Status.RUNNING:
            return
        if self._ends_early(job):
            return
        beats = self._timelines.get(job_id) or timeline(job)
        self._timelines[job_id] = beats
        with self._store.transaction():
            job = self._performer.perform(job, beats[job.beat].act)
            last = job.beat + 1 == len(beats)
            job = replace(job, beat=job.beat + 1, status=_end(job) if last else Status.RUNNING)
            self._store.put_job(job)
            if last:
                self._charge(job)
        if last:
            self._release(job)
        else:
            self._agenda.enter(due + beats[job.beat].delay, job_id)

    def _ends_early(self, job: Job) -> bool:
        """Return whether a fault lets a job go no further; it stays unfinished when the bot does not say so."""
        fault = self._ends.get(job.id)
        if fault is None or job.beat < fault.steps:
            return False
        del self._ends[job.id]
        if fault.outcome == "stopped":
            self._stop(job.id)
        return True

    def _charge(self, job: Job) -> None:
        """Count what a job has used up, if it has come to something."""
        if job.status is Status.FINISHED and not job.kind.words:
            member = self._members.of(job.user_id)
            self._members.keep(member.charged(job.paid, 1 if job.kind.single else 4, cost_seconds(job)))

    def _admit(self, job: Job) -> None:
        if fault := self._faults.take(CurtailJob, job.user_id):
            self._ends[job.id] = fault
        if job.kind.words or job.kind is Kind.FACE_SWAP:
            self._begin(job)
            return
        self._queue.wait(job)
        self._start_waiting(job)
        if self._queue.waits(job):
            self._say_that_it_waits(job)

    def _say_that_it_waits(self, job: Job) -> None:
        footer = f"/imagine {job.prompt}"
        message = self._notice_message(JOB_QUEUED, job.channel_id, job.application_id, job.invocation, footer)
        with self._store.transaction():
            self._messenger.post(message, job.nonce)
            self._store.put_job(self._told_to_wait(job, message))

    def _told_to_wait(self, job: Job, notice: Message) -> Job:
        match self._switches.now.queued_start:
            case "with_nonce":
                return job
            case "edit":
                return replace(job, nonce=None, progress_id=notice.id)
            case "without_nonce":
                return replace(job, nonce=None)

    def _start_waiting(self, finished: Job) -> None:
        for job_id in self._queue.take(finished):
            job = self._store.job(job_id)
            if job is not None and job.status is Status.QUEUED:
                self._begin(job)

    def _begin(self, job: Job) -> None:
        self._store.put_job(replace(job, status=Status.RUNNING))
        self._queue.run(job)
        self._agenda.enter(self._clock.now(), job.id)
        self._wake_up.set()

    def _stop(self, job_id: str) -> None:
        job = self._store.job(job_id)
        if job is None or job.status.over:
            return
        with self._store.transaction():
            self._performer.stop(job)
            self._store.put_job(replace(job, status=Status.STOPPED))
        self._release(job)

    def _release(self, job: Job) -> None:
        self._timelines.pop(job.id, None)
        self._queue.end(job)
        self._start_waiting(job)


def _end(job: Job) -> Status:
    return Status.FINISHED if job.outcome is None else Status.FAILED


def _footer(request: Request) -> str | None:
    """Return what stands at the foot of a notice: the command that caused it."""
    return None if request.prompt is None else f"/{request.invocation.name or 'imagine'} {request.prompt}"
