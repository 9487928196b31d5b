"""Whether a user may draw now: what the moderators, the plan and the queue say."""

import re
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot.notices import NOTICES, Moment, RefusedError, refusal, restricted
from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.members import Member, Mode, Plan

_TRIGGER: Final = re.compile(rf"\bsimulate:({'|'.join(NOTICES)})\b")
_SECONDS: Final = {
    Kind.UPSCALE: 0.0,
    Kind.VIDEO_UPSCALE: 0.0,
    Kind.UPSCALE_HD: 120.0,
    Kind.ANIMATE: 480.0,
    Kind.EXTEND: 480.0,
}
_SECONDS_OF_A_GRID: Final = 60.0


class Gate:
    """Lets jobs pass, or says why not.

    Args:
        queue: Knows how many jobs wait.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def check(self, jobs: tuple[Job, ...], member: Member, outcome: str | None, *, appealed: bool) -> str | None:
        """Return the notice (by name) with which jobs that may begin will end, None for none.

        Args:
            jobs: What is asked for.
            member: Who asks.
            outcome: A notice that is to come in any case.
            appealed: Whether the words of the prompt were looked at before.

        Raises:
            RefusedError: They may not begin.
        """
        name = outcome or member.hold or (None if appealed else _triggered(jobs))
        if name is not None and NOTICES[name].moment is Moment.AT_ONCE:
            held = replace(member, hold=name) if NOTICES[name].holds else None
            raise RefusedError(NOTICES[name], footer=f"/imagine {jobs[0].prompt}", member=held)
        for job in jobs:
            _check_plan(job, member)
        self._check_room(jobs, member)
        return name

    def _check_room(self, jobs: tuple[Job, ...], member: Member) -> None:
        free = self._queue.free(jobs[0], member.slots(jobs[0].paid))
        if self._queue.waiting(member.user_id) + len(jobs) - free > member.queue:
            raise refusal("queue_full")


def cost_seconds(job: Job) -> float:
    """Return the computing time that a job takes."""
    return _SECONDS.get(job.kind, _SECONDS_OF_A_GRID)


def _triggered(jobs: tuple[Job, ...]) -> str | None:
    match = _TRIGGER.search(jobs[0].prompt)
    return None if match is None else match[1]


def _check_plan(job: Job, member: Member) -> None:
    if member.plan is Plan.NONE:
        raise refusal("subscription_required")
    if job.paid is Mode.RELAXED and not member.terms.relaxed_jobs:
        raise restricted("Your plan has no relaxed mode.")
    if job.paid is not Mode.RELAXED and cost_seconds(job) and not member.fast_hours_left:
        raise refusal("credits_exhausted")
