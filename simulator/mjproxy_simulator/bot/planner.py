"""Decides what comes of a request."""

from collections.abc import Callable
from dataclasses import replace

from mjproxy_simulator.bot.answers import Answer, StartJobs
from mjproxy_simulator.bot.commands import Commands
from mjproxy_simulator.bot.gate import Gate
from mjproxy_simulator.bot.jobs import JobMaker, Occasion
from mjproxy_simulator.bot.members import Members
from mjproxy_simulator.bot.notices import RefusedError
from mjproxy_simulator.bot.presser import Presser
from mjproxy_simulator.bot.presses import RegionPress
from mjproxy_simulator.bot.requests import Request


class Planner:
    """Decides, and changes nothing.

    Args:
        members: Knows who asks.
        jobs: Makes the jobs of regions.
        commands: Decides about commands.
        presser: Decides about buttons and forms.
        gate: Lets jobs pass, or does not.
        next_number: Gives the number that the next job will have.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self,
        *,
        members: Members,
        jobs: JobMaker,
        commands: Commands,
        presser: Presser,
        gate: Gate,
        next_number: Callable[[], int],
        now: Callable[[], float],
    ) -> None:
        self._members = members
        self._jobs = jobs
        self._commands = commands
        self._presser = presser
        self._gate = gate
        self._next_number = next_number
        self._now = now

    def plan(self, request: Request, outcome: Callable[[], str | None]) -> Answer:
        """Return what comes of a request; `outcome` gives the name of a notice that is to come of its jobs, if any."""
        at = self._occasion(request)
        decide = self._commands.decide if request.custom_id is None else self._presser.decide
        try:
            answer = decide(at)
            return self._passed(at, answer, outcome) if isinstance(answer, StartJobs) else answer
        except RefusedError as refusal:
            return refusal

    def plan_region(self, opener: Request, press: RegionPress, prompt: str, mask: str) -> Answer:
        """Return what comes of a region that was marked on the page which a button opened."""
        at = self._occasion(opener)
        try:
            job = self._jobs.region(at, press.job_id, press.index, prompt, mask)
            return self._passed(at, StartJobs((job,)), lambda: None)
        except RefusedError as refusal:
            return refusal

    def _occasion(self, request: Request) -> Occasion:
        member = self._members.of(request.invocation.user_id)
        return Occasion(request, member, self._next_number(), int(self._now() * 1000))

    def _passed(self, at: Occasion, answer: StartJobs, outcome: Callable[[], str | None]) -> StartJobs:
        member = answer.member or at.member
        name = self._gate.check(answer.jobs, member, outcome(), appealed=answer.appealed)
        jobs = answer.jobs if name is None else tuple(replace(job, outcome=name) for job in answer.jobs)
        return replace(answer, jobs=jobs)
