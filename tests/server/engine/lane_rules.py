"""What the documentation promises of a lane, written down a second time, and held against what a process does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused, Taken
from mjproxy_server.engine.condition import Condition
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model import facts
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Mode, Reason, Setback, Status
from tests.server.engine.lane_discord import (
    BUSY,
    EXHAUSTED,
    FORBIDDEN,
    MODERATED,
    OUTDATED,
    REJECTED,
    WRONG,
    LaneDiscord,
)

BAD = {Reason.DISCORD_REFUSED, Reason.BOT_BUSY, Reason.TIMED_OUT}
NEITHER = {Reason.ACCOUNT_HELD, Reason.OUTCOME_UNKNOWN}
FAST = frozenset({Mode.FAST, Mode.TURBO})
SHARED = {Mode.FAST: FAST, Mode.TURBO: FAST, Mode.RELAX: frozenset({Mode.RELAX})}
PROOF, DOUBT, PATIENCE = 15.0, 120.0, 3600.0
ROUNDING = 1e-6
SLACK = 120.0
"""Seconds that what is due may wait for the disk, the network and a turn."""


class LaneRules:
    """Knows what may happen next, and objects to anything else.

    Args:
        account: The account.
        discord: Discord, which knows what is paid for.

    Attributes:
        account: The account, with its present settings.
        held: Whether its owner has to act.
    """

    def __init__(self, account: Account, discord: LaneDiscord) -> None:
        self._discord = discord
        self._ever_forbidden: set[str] = set()
        self._heard_at: dict[str, float] = {}
        self._cancelled_at: dict[str, float] = {}
        self._disturbed_until = 0.0
        self._slow_disk = False
        self.note_start(account, 0.0)

    def note_start(self, account: Account, now: float) -> None:
        """A process knows nothing of what another one has met."""
        self.account = account
        self._started_at = now
        self.note_recovery()
        self._spent_at: dict[Mode, float] = {}
        self._told_at: dict[str, float] = {}
        self._turn_ended_at, self._next_turn_wanted_at = -math.inf, 0.0
        self._rests_until, self._obstacles = -math.inf, 0
        self._not_before: dict[str, float] = {}
        self._forbidden: set[str] = set()
        self._tries: dict[str, int] = {}
        self._first_tried_at: dict[str, float] = {}
        self._doubted_at: dict[str, float] = {}
        self._outdated: set[str] = set()
        self._asked: set[str] = set()
        self._stopped: set[str] = set()

    def note_recovery(self) -> None:
        """Nothing is held against the account any more."""
        self.held = False
        self._failures, self._rest, self._resting_until = 0, 60.0, -math.inf
        self._paused_until = -math.inf

    def note_slow_disk(self, until: float) -> None:
        self._slow_disk = True
        self.note_disturbance(until)

    def note_disturbance(self, until: float) -> None:
        self._disturbed_until = max(self._disturbed_until, until)

    # Who starts.

    def expected_start(
        self, waiting: Mapping[str, Task], at_work: Mapping[str, Task], may_start: Callable[[Task], bool], now: float
    ) -> Task | None:
        """The oldest of those that are tried again, or else the oldest of the others, if anything may start at all."""
        assert len(at_work) <= self.account.core_size, "more is at work than there are cores"
        idle = self.held or not self.account.enable or now < max(self._resting_until, self._paused_until)
        if idle or len(at_work) == self.account.core_size:
            return None
        again = [task for task in waiting.values() if task.trace.steps and task.trace.steps[-1].setback]
        ordered = [*sorted(again, key=_id), *sorted((each for each in waiting.values() if each not in again), key=_id)]
        return next(filter(may_start, ordered), None)

    def note_end(self, task: Task, now: float) -> None:
        """Three bad ends in a row let an account rest, each time twice as long; a good one makes up for them."""
        reason = task.failure.reason if task.failure else None
        if task.status is Status.CANCELLED or reason in NEITHER:
            pass
        elif reason not in BAD:
            self._failures, self._rest, self._resting_until = 0, 60.0, -math.inf
        elif now >= self._resting_until:
            self._failures += 1
            if self._failures >= 3:
                self._resting_until, self._rest = now + self._rest, min(3600.0, 2 * self._rest)

    def check_condition(self, condition: Condition) -> None:
        assert condition.resting_until == max(0.0, self._resting_until), "it rests as nobody has promised"
        assert condition.paused_until == max(0.0, self._paused_until), "it pauses as nobody has promised"

    def note_pause(self, task: Task, now: float) -> None:
        pause = 5.0 * 2 ** _count(task, Setback.BUSY)
        self._paused_until = max(self._paused_until, now + min(pause, 600.0))

    # What is tried again.

    def check_outcome(self, task: Task, notice: BotMessage, fact: Fact, now: float) -> None:
        """Each setback gives a task so many chances."""
        if notice is EXHAUSTED:
            self._spent_at |= dict.fromkeys(SHARED[task.mode or Mode.FAST], now)
        chances = {
            id(BUSY): _count(task, Setback.BUSY) < 5,
            id(WRONG): _count(task, Setback.FAULT) < self.account.failure_retries,
            id(MODERATED): _count(task, Setback.MODERATED) < int(self.account.press_appeal),
            id(EXHAUSTED): _names_mode(task) and self._fallback(task, now) is not None,
            id(REJECTED): False,
        }
        again = chances[id(notice)] and self.account.enable
        assert isinstance(fact, facts.Retrying) is again, "a chance is not given as it is promised"

    def check_mode(self, task: Task, mode: Mode | None, now: float) -> None:
        falls_back = _names_mode(task) and self._is_spent(task, task.mode or Mode.FAST, now)
        expected = (self._fallback(task, now) if falls_back else None) or task.mode
        assert mode is expected, "it is sent in a mode that is used up"

    def _fallback(self, task: Task, now: float) -> Mode | None:
        return next((mode for mode in self.account.fallback_modes if not self._is_spent(task, mode, now)), None)

    def _is_spent(self, task: Task, mode: Mode, now: float) -> bool:
        """The task may have met it in another process; what another one has met is remembered for an hour."""
        met = {step.mode or Mode.FAST for step in task.trace.steps if step.setback is Setback.EXHAUSTED}
        return bool(met & SHARED[mode]) or now < self._spent_at.get(mode, -math.inf) + 3600

    # What is sent.

    def note_next_turn(self, now: float) -> None:
        self._next_turn_wanted_at = now

    def check_turn(self, now: float) -> None:
        """The turn comes as soon as it may; what is met while somebody waits for it holds, too."""
        turn_at = max(self._next_turn_wanted_at, self._turn_ended_at + self.account.interval_seconds, self._rests_until)
        assert abs(now - turn_at) < ROUNDING, "the pace is not kept"

    def note_turn_end(self, now: float) -> None:
        self._turn_ended_at = now

    def check_sending(self, task: Task, now: float) -> None:
        assert not task.status.ended, "what has ended is sent"
        assert not task.cancel_requested_at, "what is cancelled is sent"
        assert task.id not in self._forbidden, "what Discord does not want is sent again"
        assert task.id not in self._outdated, "an outdated command is sent again"
        assert now <= max(self._first_tried_at.get(task.id, now) + PATIENCE, self._disturbed_until) + 4 * SLACK
        assert now + ROUNDING >= self._not_before.get(task.id, 0.0), "it is sent again too early"
        self._tries[task.id] = self._tries.get(task.id, 0) + 1

    def note_outcome(self, task: Task, nonce: str, outcome: InteractionOutcome, now: float) -> None:
        """The job may have been heard of, and may even have failed, before the answer comes."""
        match outcome:
            case InDoubt() if task.trace.in_doubt and task.trace.nonce == nonce:
                self._doubted_at[task.id] = now
                self._put_off(task, now + PROOF)
            case Refused():
                self._note_refusal(task, outcome, now)

    def note_failed_preparation(self, task: Task, outcome: Refused | InDoubt, now: float) -> None:
        self._tries[task.id] = self._tries.get(task.id, 0) + 1
        if isinstance(outcome, Refused):
            self._note_refusal(task, outcome, now)
        else:
            self._put_off(task, now + 5)

    def check_obstacle(self, outcome: InteractionOutcome, told: str, now: float) -> None:
        """While Discord takes nothing it is left alone, for longer each time in a row, and the operator is told."""
        answers = isinstance(outcome, Taken) or outcome in (FORBIDDEN, OUTDATED)
        assert bool(told) is not answers
        if answers:
            self._obstacles = 0
            return
        asked = (outcome.retry_after or 0.0) if isinstance(outcome, Refused) else 0.0
        own = min(60.0, 2.0 ** (self._obstacles - 1)) if self._obstacles else 0.0
        self._rests_until = max(self._rests_until, now + max(asked, own))
        self._obstacles += 1

    def note_forgotten_commands(self, task: Task) -> None:
        assert task.id in self._outdated, "commands are discovered anew for nothing"
        self._outdated.remove(task.id)

    def check_give_up(self, task: Task, failure: Failure, now: float) -> None:
        if failure.reason is Reason.OUTCOME_UNKNOWN:
            doubted_at = max(self._doubted_at.get(task.id, 0.0), self._started_at)
            assert now + ROUNDING >= doubted_at + DOUBT, "the evidence is not waited for"
            shown_at = self._discord.tells.get(task.trace.nonce, now)
            assert max(shown_at, self._disturbed_until) > now - 5, "the channel shows what became of it"
        elif task.id not in self._forbidden:
            self._ever_forbidden.add(task.id)
            assert now + ROUNDING >= self._first_tried_at[task.id] + PATIENCE

    def _note_refusal(self, task: Task, refused: Refused, now: float) -> None:
        may_be_outdated = refused == OUTDATED and task.source is None and self._tries[task.id] == 1
        if refused.retry_after is not None:
            self._put_off(task, now + refused.retry_after)
        elif refused.http_status is None:
            self._put_off(task, now + 5)
        elif may_be_outdated:
            self._outdated.add(task.id)
            self._put_off(task, now)
        else:
            self._forbidden.add(task.id)
            self._ever_forbidden.add(task.id)

    def _begin_anew(self, task_id: str) -> None:
        """What is tried again after its job has failed is another transmission."""
        for known in (self._not_before, self._first_tried_at, self._tries):
            known.pop(task_id, None)

    def _put_off(self, task: Task, until: float) -> None:
        self._first_tried_at.setdefault(task.id, until)
        self._not_before[task.id] = until

    def check_stop(self, task: Task, now: float) -> None:
        self.check_turn(now)
        self._asked.add(task.id)
        assert task.cancel_requested_at, "what nobody cancelled is stopped"
        assert task.id not in self._stopped, "what was stopped is stopped again"

    def note_stopped(self, task: Task) -> None:
        self._stopped.add(task.id)

    # What is stored.

    def check_fact(self, before: Task, fact: Fact, after: Task, now: float) -> None:
        jobs = {job.interaction.nonce for job in self._discord.jobs.get(after.id, ())}
        if after.trace.last_sign_at != before.trace.last_sign_at:
            self._heard_at[after.id] = now
        match fact:
            case facts.NotTaken(_, nonce):
                assert nonce not in jobs, "what was taken is thought not to be"
            case facts.Taken(_, nonce):
                assert nonce in jobs, "what was not taken is thought to be"
            case facts.Retrying():
                self._begin_anew(after.id)
            case facts.CancelRequested():
                self._cancelled_at[after.id] = now
            case facts.Cancelled():
                assert now > max(self._cancelled_at[after.id], self._started_at) + 30, "its job had no time to stop"
                known = after.trace.progress_message_id and self._heard_at[after.id] < now - 10 > self._disturbed_until
                assert after.id in self._asked or not known, "the bot was not asked to stop its job"
        if after.status.ended and after.id in self._cancelled_at:
            since = max(self._cancelled_at[after.id], self._started_at, self._disturbed_until)
            assert now <= since + 30 + SLACK, "what was cancelled does not end"

    def note_sign(self, task: Task, now: float) -> None:
        """Something was told of its job, and may yet have to be written."""
        self._told_at[task.id] = now

    def check_silence(self, task: Task, now: float) -> None:
        timeout = self.account.timeout_minutes * 60.0
        heard_at = max(self._heard_at[task.id], self._started_at)
        assert now + ROUNDING >= self._told_at.get(task.id, 0.0) + timeout, "a job that shows life is given up"
        assert now + ROUNDING >= heard_at + timeout, "a job that shows life is given up"
        assert now <= max(heard_at, self._disturbed_until) + 1.25 * timeout + SLACK, "a silent job is kept for too long"

    # What comes of it.

    def judge(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            assert task.status.ended, "a task does not end"
            jobs = self._discord.jobs.get(task.id, [])
            taken = {job.interaction.nonce for job in jobs}
            assert not any(step.nonce in taken for step in task.trace.steps if step.outcome == "refused")
            if task.result:
                assert task.result.job_id == jobs[-1].id
            elif task.failure:
                assert task.failure.reason in self._excuses(task), task.failure

    def _excuses(self, task: Task) -> set[Reason]:
        """Why a task may have failed, as far as Discord knows."""
        jobs = self._discord.jobs.get(task.id, [])
        excuses = {failure.reason for job in jobs for failure in job.failures}
        if task.id in self._ever_forbidden:
            excuses.add(Reason.DISCORD_REFUSED)
        if not any(told.what in {"finished", "failed"} for told in jobs[-1].told) if jobs else False:
            excuses.add(Reason.TIMED_OUT)
        if any(self._may_stay_unknown(step.session_id) for step in task.trace.steps):
            excuses.add(Reason.OUTCOME_UNKNOWN)
        return excuses

    def _may_stay_unknown(self, session: str) -> bool:
        """Whether nobody could have told that it was not taken, or not before it was given up."""
        told = session and self._discord.sessions[session].alive
        return not told or bool(self._discord.stalls) or self._slow_disk


def _names_mode(task: Task) -> bool:
    """Only a prompt can."""
    return task.source is None and task.trace.appeal is None


def _count(task: Task, setback: Setback) -> int:
    return sum(step.setback is setback for step in task.trace.steps)


def _id(task: Task) -> str:
    return task.id
