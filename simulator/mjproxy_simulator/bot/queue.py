"""The jobs of all users that wait or run: as many run at the same time as a plan allows, in the order they came.

A job has its place from the moment it is taken. To wait or to run it begins when the bot answers, which is a little
later: until then it is expected.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator

from mjproxy_simulator.bot.info import Line
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.members import Mode

_Key = tuple[int, bool]


class Queue:
    """The queue; relaxed jobs have a line of their own.

    Args:
        slots: How many jobs of a user run at the same time, by the way they are paid for.
    """

    def __init__(self, slots: Callable[[int, Mode], int]) -> None:
        self._slots = slots
        self._expected: defaultdict[_Key, set[str]] = defaultdict(set)
        self._running: defaultdict[_Key, dict[str, None]] = defaultdict(dict)
        self._waiting: defaultdict[_Key, deque[str]] = defaultdict(deque)

    def expect(self, job: Job) -> None:
        """Note that a job was taken, and will wait or run."""
        self._expected[_key(job)].add(job.id)

    def run(self, job: Job) -> None:
        """Note that a job runs."""
        self._expected[_key(job)].discard(job.id)
        self._running[_key(job)][job.id] = None

    def wait(self, job: Job) -> None:
        """Let a job wait."""
        self._expected[_key(job)].discard(job.id)
        self._waiting[_key(job)].append(job.id)

    def end(self, job: Job) -> None:
        """Note that a job neither runs nor waits any more."""
        self._expected[_key(job)].discard(job.id)
        self._running[_key(job)].pop(job.id, None)
        if job.id in self._waiting[_key(job)]:
            self._waiting[_key(job)].remove(job.id)

    def take(self, job: Job) -> Iterator[str]:
        """Yield the jobs of this one's line that may run now; they no longer wait."""
        key = _key(job)
        slots = self._slots(job.user_id, job.paid)
        while self._waiting[key] and len(self._running[key]) < slots:
            yield self._waiting[key].popleft()

    def waits(self, job: Job) -> bool:
        """Return whether a job waits."""
        return job.id in self._waiting[_key(job)]

    def waiting(self, user_id: int) -> int:
        """Return how many jobs of a user wait."""
        return sum(len(self._waiting[user_id, relaxed]) for relaxed in (False, True))

    def free(self, job: Job, slots: int) -> int:
        """Return how many jobs could begin at once where this one belongs, if there are so many slots.

        It is less than none when more are expected than can begin: those will wait.
        """
        key = _key(job)
        return max(0, slots - len(self._running[key])) - len(self._expected[key])

    def line(self, user_id: int) -> Line:
        """Return what a user is told of the own jobs."""
        running = (*self._running[user_id, False], *self._running[user_id, True])
        return Line(len(self._waiting[user_id, False]), len(self._waiting[user_id, True]), running)

    def clear(self) -> None:
        """Forget all jobs."""
        self._expected.clear()
        self._running.clear()
        self._waiting.clear()


def _key(job: Job) -> _Key:
    return job.user_id, job.paid is Mode.RELAXED
