"""Row 11: what it costs to find out whose message it is, and what becomes of the task, with few and many tasks."""

import time
from dataclasses import dataclass
from functools import partial
from itertools import count, islice

from bench.measure import Row, Sample, Scale, in_turn
from bench.messages import USER, event, progress, result, start
from bench.samples import now_ms
from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.midjourney.messages import Event
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Sending
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action

RUNNING = (10, 1_000, 100_000)
JOBS = 300
UPDATES = 3


async def rows(scale: Scale) -> list[Row]:
    """Lets jobs run from their first message to their result, while so many others are at work."""
    crowds = {running: _Channel(scale.of(running, least=10)) for running in RUNNING}
    jobs = scale.of(JOBS)

    async def measured(running: int) -> Sample:
        return crowds[running].run(jobs)

    taken = await in_turn(scale.rounds, {str(running): partial(measured, running) for running in RUNNING})
    few = str(RUNNING[0])
    return [
        Row(
            number=11,
            name=f"a message, with {running:,} tasks at work",
            limit=f"the same with {few}",
            unit="µs",
            ours=taken[str(running)],
            bound=taken[few],
            aim=1.5 if running == RUNNING[-1] else None,
        )
        for running in RUNNING[1:]
    ]


@dataclass(slots=True)
class _Job:
    """A task as it becomes, and the messages that make it so."""

    task: Task
    events: list[Event]


class _Channel:
    """A channel in which so many tasks stay at work."""

    def __init__(self, running: int) -> None:
        self._correlator = Correlator(USER)
        self._jobs = map(_job, count(running))
        for number in range(running):
            self._correlator.watch(_task(number))
            self._correlator.observe(_started(number), now_ms())

    def run(self, jobs: int) -> Sample:
        """Returns the microseconds that a message takes, of jobs that begin and end."""
        chosen = list(islice(self._jobs, jobs))
        begin = time.process_time()
        for job in chosen:
            self._live(job)
        seconds = time.process_time() - begin
        messages = sum(len(job.events) for job in chosen)
        return Sample(seconds / messages * 1e6, messages / seconds)

    def _live(self, job: _Job) -> None:
        task = job.task
        self._correlator.watch(task)
        for seen in job.events:
            for sighting in self._correlator.observe(seen, now_ms()):
                task = transition(task, sighting.fact)
                self._correlator.watch(task)
        assert task.status.ended, task
        self._correlator.forget(task.id)


def _task(number: int) -> Task:
    prompt = _prompt(number)
    task = Task(
        id=str(10**15 + number),
        account_id="1",
        action=Action.IMAGINE,
        command=Imagine(prompt),
        prompt=prompt,
        prompt_en=prompt,
        description=f"/imagine {prompt}",
        submitted_at=now_ms(),
    )
    return transition(task, Sending(now_ms(), _id(1, number)))


def _started(number: int) -> Event:
    return event("MESSAGE_CREATE", start(_id(2, number), _id(1, number), _prompt(number)))


def _job(number: int) -> _Job:
    shown, prompt = _id(2, number), _prompt(number)
    reports = [event("MESSAGE_UPDATE", progress(shown, "1", 31 * each, prompt)) for each in range(1, UPDATES)]
    delivered = result(_id(3, number), shown, prompt, f"{number:08x}-7bb0-42c2-b441-98a48a39e760")
    return _Job(_task(number), [_started(number), *reports, event("MESSAGE_CREATE", delivered)])


def _id(kind: int, number: int) -> str:
    """Returns the id of an interaction (1), of its first message (2), or of its result (3)."""
    return str(kind * 10**18 + number)


def _prompt(number: int) -> str:
    return f"a lighthouse of the year {number}, long exposure, muted colours, grain"
