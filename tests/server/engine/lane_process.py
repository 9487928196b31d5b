"""One process that works a lane's tasks off, without an event loop: what the lane's core decides is done as it says.

It does what `Lane`, `Watchdog` and `Cancellations` do around their decisions. It may die at any moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from mjproxy_server.engine import second_chances, watchdog
from mjproxy_server.engine.cancellations import CANCEL_PAUSE, Cancelling, Due
from mjproxy_server.engine.condition import Condition, omen
from mjproxy_server.engine.modes import SpentModes, mode_for
from mjproxy_server.engine.recovery import is_unsettled
from mjproxy_server.engine.transmission import Transmission
from mjproxy_server.engine.workload import News, Workload
from mjproxy_server.model import facts
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Setback
from tests.server.engine.lane_discord import Session, Told
from tests.server.engine.lane_gateway import LaneGateway
from tests.server.engine.lane_worker import LaneWorker
from tests.server.engine.lane_world import LaneWorld, Writer
from tests.server.timeline import EPOCH, Life


class LaneProcess:
    """One process, from its start to its death.

    Args:
        world: What it finds, and leaves.
        life: What it plans.
    """

    def __init__(self, world: LaneWorld, life: Life) -> None:
        self._world = world
        self._life = life
        self._workload = Workload()
        self._condition = Condition()
        self._spent_modes = SpentModes()
        self._cancelling = Cancelling()
        self._cancels = False
        self._caught_up = False
        self._closed: set[int] = set()  # Jobs that have failed.
        self._disputed: set[int] = set()  # Jobs that might be another's, as far as the history was read.
        self._writer = Writer(world, life)
        self._gateway = LaneGateway(
            world,
            life,
            self._writer,
            on_told=self._hear_live,
            on_session=self._catch_up,
            on_ready=self._start_what_may,
        )
        self._worker = LaneWorker(
            world,
            life,
            self._writer,
            gateway=self._gateway,
            read_history=lambda task_id, then: self._read_history((task_id,), lambda **_: then()),
        )
        self._take_over()
        self._gateway.run()
        life.after(watchdog.pause(world.account), self._watch)
        self._look_for_cancelled()

    def _take_over(self) -> None:
        """Goes on with what an earlier process has left."""
        self._world.rules.note_start(self._world.account, self._life.now)
        self._world.disk.follow = self._follow
        self._workload.take_over(sorted(self._world.disk.unfinished.values(), key=lambda task: task.id), self._life.now)
        for begun in filter(is_unsettled, tuple(self._workload.at_work.values())):
            transmission = Transmission(self._as_sent(begun))
            self._worker.carry_out(transmission, transmission.take_up(self._life.now))

    def die(self) -> None:
        self._life.ended = True
        self._world.disk.follow = lambda _: None
        self._world.discord.on_told = lambda: None

    # What is heard.

    def _hear_live(self, told: Told) -> None:
        if told.what in {"taken", "started"}:  # They name the nonce.
            self._disputed.discard(told.job.number)
        self._hear(told)

    def _hear(self, told: Told) -> None:
        """Stores what is told of a job that is the task's; of one that has failed before, nothing is its any more."""
        task = self._workload.at_work.get(told.job.interaction.task_id)
        if task is None or told.job.number in self._closed | self._disputed:
            return
        if all(step.nonce != told.job.interaction.nonce for step in task.trace.attempt):
            return
        fact = told.fact(self._life.unix_ms)
        if transition(task, fact).trace.last_sign_at != task.trace.last_sign_at:
            self._world.rules.note_sign(task, self._life.now)
        if isinstance(fact, facts.Failed) and told.notice:
            self._closed.add(told.job.number)
            fact = self._outcome(task, fact, told)
        self._writer.record(task.id, fact)

    def _outcome(self, task: Task, failed: facts.Failed, told: Told) -> Fact:
        assert told.notice
        match second_chances.setback_of(failed.failure, told.notice):
            case Setback.EXHAUSTED:
                self._spent_modes.note(task.mode, EPOCH + self._life.now)
            case Setback.BUSY:
                seconds = second_chances.pause(task, told.notice, failed.at)
                self._condition.pause(self._life.now + seconds)
                self._world.rules.note_pause(task, self._life.now)
                self._life.after(seconds, self._start_what_may)
        spent = self._spent_modes.known(EPOCH + self._life.now, None)
        fact = second_chances.outcome(task, failed, told.notice, self._world.account, spent)
        self._world.rules.check_outcome(task, told.notice, fact, self._life.now)
        return fact

    # The history.

    def _catch_up(self, session: Session) -> None:
        def go_on(*, read: bool) -> None:
            if self._gateway.has(session):
                self._caught_up = read
                self._life.after(5, self._catch_up, session) if not read else self._start_what_may()

        if self._gateway.has(session):
            self._caught_up = False
            self._read_history(tuple(self._workload.at_work), go_on, disputes=self._world.discord.weather.disputes)

    def _read_history(self, task_ids: Sequence[str], then: Callable[..., None], *, disputes: float = 0.0) -> None:
        """Takes in what the channel holds about tasks; goes on when that is written, or if it could not be read."""
        self._life.after(self._world.discord.latency(), self._take_in, task_ids, then, disputes)

    def _take_in(self, task_ids: Sequence[str], then: Callable[..., None], disputes: float) -> None:
        """What is looked at again is in dispute no more."""
        messages = self._world.discord.history(task_ids)
        if messages is None:
            self._world.rules.note_disturbance(self._life.now)
        jobs = {told.job.number for told in messages or ()}
        self._disputed -= jobs
        self._disputed |= {number for number in jobs if self._world.discord.chance(disputes)}
        for told in messages or ():
            self._hear(told)
        self._writer.when_written(lambda: then(read=messages is not None))

    # The lane.

    def submit(self, task: Task) -> None:
        self._world.disk.put(task, self._life.now)

    def cancel(self, task_id: str) -> None:
        self._writer.record(task_id, facts.CancelRequested(self._life.unix_ms))

    def hold(self) -> None:
        """The bot says that the account's owner has to act."""
        self._condition.held_reason = "[Blocked] Write to support."
        self._world.rules.held = True

    def change(self, account: Account) -> None:
        """An operator changes the account, and says that all is well."""
        self._world.account = self._world.rules.account = account
        self._condition.recover()
        self._world.rules.note_recovery()
        self._start_what_may()

    def _follow(self, task: Task) -> None:
        if task.status.ended and task.id in self._workload.at_work:
            self._world.rules.note_end(task, self._life.now)
        match self._workload.follow(task, self._life.now):
            case News.REPORTED:
                return
            case News.LEARNED if task.cancel_requested_at:
                self._look_for_cancelled()
            case News.ENDED:
                self._condition.heed(omen(task), self._life.now)
                self._life.at(self._condition.idle_until, self._start_what_may)
        self._world.rules.check_condition(self._condition)
        self._start_what_may()

    def _start_what_may(self) -> None:
        now = self._life.now
        while not self._life.ended and self._gateway.ready and self._caught_up:
            expected = self._world.rules.expected_start(
                self._workload.waiting, self._workload.at_work, self._may_start, now
            )
            task = self._workload.claim(self._condition.cores(self._world.account, now), self._may_start, now)
            assert task is expected, "another one may start first"
            if task is None:
                break
            transmission = Transmission(self._as_sent(task))
            self._worker.carry_out(transmission, transmission.begin())

    def _may_start(self, task: Task) -> bool:
        """Of two that are alike the second waits until the first is known by its progress."""
        return not any(
            other.prompt == task.prompt and not other.trace.progress_message_id and other.id != task.id
            for other in self._workload.at_work.values()
        )

    def _as_sent(self, task: Task) -> Task:
        spent = self._spent_modes.known(EPOCH + self._life.now, None)
        mode = mode_for(task, self._world.account, spent)
        self._world.rules.check_mode(task, mode, self._life.now)
        return replace(task, mode=mode)

    # The watchdog.

    def _watch(self) -> None:
        self._life.after(watchdog.pause(self._world.account), self._watch)
        silent = [task.id for task in self._silent()]
        if silent and self._gateway.ready:
            self._read_history(silent, self._give_up_silent)

    def _silent(self) -> list[Task]:
        return watchdog.silent(self._workload, self._world.account, self._life.now, lag=self._gateway.lag)

    def _give_up_silent(self, *, read: bool) -> None:
        for task in self._silent() if read else ():
            self._world.rules.check_silence(task, self._life.now)
            self._writer.record(task.id, facts.Failed(self._life.unix_ms, watchdog.silence(task, self._world.account)))

    # Cancellations.

    def _look_for_cancelled(self) -> None:
        if not self._cancels:
            self._cancels = True
            self._cancel(deque(self._cancelling.due(self._workload.at_work.values(), self._life.now)), again=False)

    def _cancel(self, due: deque[tuple[Task, Due]], *, again: bool) -> None:
        """Does for one task after the other what is due, and looks again after a while if there was any."""
        if not due:
            self._cancels = False
            if again:
                self._life.after(CANCEL_PAUSE, self._look_for_cancelled)
            return
        task, what = due.popleft()
        match what:
            case Due.GIVE_UP:
                self._writer.record(
                    task.id, facts.Cancelled(self._life.unix_ms), lambda _: self._cancel(due, again=True)
                )
            case Due.STOP:
                self._worker.stop(task, lambda taken: self._note_asked(task, due, taken=taken))
            case _:
                self._cancel(due, again=True)

    def _note_asked(self, task: Task, due: deque[tuple[Task, Due]], *, taken: bool) -> None:
        if taken:
            self._world.rules.note_stopped(task)
            self._cancelling.note_asked(task)
        self._cancel(due, again=True)
