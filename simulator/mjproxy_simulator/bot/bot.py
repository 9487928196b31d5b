"""The bot at work: it takes requests, keeps as many jobs running as a user may have, and plays their timelines.

Everything is decided and kept synchronously; the one loop only waits for the next appointment. A step and the record
of the job that it moves on are one transaction, so that a job which was interrupted goes on with the step it had not
taken.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot import notices
from mjproxy_simulator.bot.agenda import Agenda, PacedClock
from mjproxy_simulator.bot.buttons import CancelPress
from mjproxy_simulator.bot.notices import RefusedError
from mjproxy_simulator.bot.performer import Performer
from mjproxy_simulator.bot.requests import Planner, Request
from mjproxy_simulator.bot.timeline import timeline
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.faults import FaultBoard, StopJob
from mjproxy_simulator.model.jobs import Job, Status
from mjproxy_simulator.model.messages import Embed
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.store import Store

_logger = logging.getLogger(__name__)

_STEPS_AT_A_TIME: Final = 50  # Then others have their turn: sockets and requests share the loop.

Answer = Job | CancelPress | RefusedError


class Bot:
    """The Midjourney bot.

    Args:
        store: Keeps the jobs.
        messenger: Posts what the bot says.
        planner: Decides what a request comes to.
        performer: Takes the steps of a job.
        snowflakes: Gives ids to notices.
        clock: Tells how fast jobs run.
        faults: What is made to go wrong.
        now: The wall clock, in Unix seconds.
        concurrency: How many jobs of one user run at the same time.
    """

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        planner: Planner,
        performer: Performer,
        snowflakes: Snowflakes,
        clock: PacedClock,
        faults: FaultBoard,
        now: Callable[[], float],
        concurrency: int,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._planner = planner
        self._performer = performer
        self._snowflakes = snowflakes
        self._clock = clock
        self._faults = faults
        self._now = now
        self._concurrency = concurrency
        self._agenda: Agenda[str] = Agenda()
        self._running: defaultdict[int, set[str]] = defaultdict(set)
        self._waiting: defaultdict[int, deque[str]] = defaultdict(deque)
        self._ends: dict[str, StopJob] = {}
        self._wake_up = asyncio.Event()

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
        """Take the next step at once, whenever it is due; return the job that took it, None if no job has one."""
        due = self._agenda.next_due()
        if due is None:
            return None
        self._clock.skip_to(due)
        appointment = self._agenda.pop_due(due)
        if appointment is not None:
            self._step(*appointment)
        return None if appointment is None else appointment[1]

    def accept(self, request: Request) -> Answer:
        """Decide about a request and keep its job; nothing is said yet, for Discord answers the client first."""
        try:
            plan = self._planner.plan(request, self._store.next_job_number(), int(self._now() * 1000))
        except RefusedError as refusal:
            return refusal
        if isinstance(plan, Job):
            self._store.put_job(plan)
        return plan

    def answer(self, request: Request, answer: Answer) -> None:
        """Do what was decided."""
        match answer:
            case Job():
                self._admit(answer)
            case CancelPress(job_id=job_id):
                self._stop(job_id)
            case RefusedError():
                footer = None if request.prompt is None else f"/{request.invocation.name} {request.prompt}"
                self._tell(request, answer.embed(footer))

    def restore(self) -> None:
        """Take up the jobs that an earlier run of the simulator left unfinished."""
        jobs = self._store.unfinished_jobs()
        for job in jobs:
            if job.status is Status.RUNNING:
                self._running[job.user_id].add(job.id)
                self._agenda.enter(self._clock.now() + timeline(job)[job.beat].delay, job.id)
            else:
                self._waiting[job.user_id].append(job.id)
        for user_id in tuple(self._waiting):
            self._start_waiting(user_id)
        if jobs:
            _logger.info("Going on with %d unfinished jobs", len(jobs))

    def forget(self) -> None:
        """Drop all jobs; their records are the store's."""
        self._agenda.clear()
        self._running.clear()
        self._waiting.clear()
        self._ends.clear()

    async def run(self) -> None:
        """Play the jobs until cancelled."""
        while True:
            self._wake_up.clear()
            self.play_due()
            await self._next_appointment()

    def play_due(self) -> None:
        """Take the steps whose time has come, a limited number at once."""
        for _ in range(_STEPS_AT_A_TIME):
            appointment = self._agenda.pop_due(self._clock.now())
            if appointment is None:
                return
            self._step(*appointment)

    async def _next_appointment(self) -> None:
        due = self._agenda.next_due()
        seconds = None if due is None else self._clock.real_seconds_until(due)
        try:
            async with asyncio.timeout(seconds):
                await self._wake_up.wait()
        except TimeoutError:
            pass

    def _step(self, due: float, job_id: str) -> None:
        job = self._store.job(job_id)
        if job is None or job.status is not Status.RUNNING:
            return
        if self._ends_early(job):
            return
        beats = timeline(job)
        with self._store.transaction():
            job = self._performer.perform(job, beats[job.beat].act)
            last = job.beat + 1 == len(beats)
            job = replace(job, beat=job.beat + 1, status=Status.FINISHED if last else Status.RUNNING)
            self._store.put_job(job)
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

    def _admit(self, job: Job) -> None:
        if fault := self._faults.take(StopJob, job.user_id):
            self._ends[job.id] = fault
        self._waiting[job.user_id].append(job.id)
        self._start_waiting(job.user_id)
        if job.id not in self._waiting[job.user_id]:
            return
        embed = notices.job_queued(job.prompt)
        message = notices.notice(self._snowflakes.next(), job.channel_id, job.application_id, job.invocation, embed)
        with self._store.transaction():
            self._messenger.post(message, job.nonce)
            self._store.put_job(replace(job, nonce=None))

    def _start_waiting(self, user_id: int) -> None:
        waiting, running = self._waiting[user_id], self._running[user_id]
        while waiting and len(running) < self._concurrency:
            job = self._store.job(waiting.popleft())
            if job is None or job.status is not Status.QUEUED:
                continue
            self._store.put_job(replace(job, status=Status.RUNNING))
            running.add(job.id)
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
        self._running[job.user_id].discard(job.id)
        self._start_waiting(job.user_id)

    def _tell(self, request: Request, embed: Embed) -> None:
        message = notices.notice(
            self._snowflakes.next(), request.channel_id, request.application_id, request.invocation, embed
        )
        self._messenger.post(message, request.nonce)
