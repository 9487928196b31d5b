from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.members import Mode
from tests.simulator.jobs_of_users import job_of

SLOTS = {Mode.FAST: 2, Mode.TURBO: 2, Mode.RELAXED: 1}
USERS = (1, 2)


def queue() -> Queue:
    return Queue(lambda _user_id, mode: SLOTS[mode])


def begin(line: Queue, job: Job) -> list[str]:
    """Let a job wait, and run what may run."""
    line.wait(job)
    return list(line.take(job))


def test_jobs_wait_when_all_slots_are_taken_and_follow_in_their_order() -> None:
    line = queue()
    jobs = [job_of(1, number) for number in range(4)]
    for job in jobs[:2]:
        assert begin(line, job) == [job.id]
        line.run(job)
    for job in jobs[2:]:
        assert begin(line, job) == []
        assert line.waits(job)
    assert (line.waiting(1), line.free(jobs[0], 2)) == (2, 0)
    line.end(jobs[1])
    assert next(line.take(jobs[1])) == jobs[2].id
    assert not line.waits(jobs[2])


def test_relaxed_jobs_have_a_line_of_their_own_and_turbo_jobs_none() -> None:
    line = queue()
    fast, turbo, relaxed = (job_of(1, number, mode=mode) for number, mode in enumerate(("fast", "turbo", "relaxed")))
    for job in (fast, turbo, relaxed):
        assert begin(line, job) == [job.id]
        line.run(job)
    assert begin(line, job_of(1, 4)) == []
    assert begin(line, job_of(1, 5, mode="relaxed, stealth")) == []
    told = line.line(1)
    assert (told.fast, told.relaxed, told.running) == (1, 1, (fast.id, turbo.id, relaxed.id))


def test_job_that_waits_can_end() -> None:
    line = queue()
    job = job_of(1, 1)
    line.wait(job)
    line.end(job)
    assert not line.waits(job)
    assert list(line.take(job)) == []


def test_expected_job_has_a_place_until_it_runs_waits_or_ends() -> None:
    line = queue()
    jobs = [job_of(1, number) for number in range(3)]
    for job in jobs:
        line.expect(job)
    assert line.free(jobs[0], 2) == -1
    line.run(jobs[0])
    assert line.free(jobs[0], 2) == -1
    line.end(jobs[1])
    assert line.free(jobs[0], 2) == 0
    line.wait(jobs[2])
    assert (line.free(jobs[0], 2), line.waiting(1)) == (1, 1)


def test_nothing_waits_or_runs_after_everything_was_forgotten() -> None:
    line = queue()
    line.expect(job_of(1, 0))
    line.run(job_of(1, 1))
    line.wait(job_of(1, 2))
    line.clear()
    assert (line.waiting(1), line.free(job_of(1, 1), 2), line.line(1).running) == (0, 2, ())


class Users(RuleBasedStateMachine):
    """Users who ask for jobs and end them, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = queue()
        self.asked = 0
        self.running: list[Job] = []
        self.waiting: list[Job] = []

    @rule(user_id=st.sampled_from(USERS), mode=st.sampled_from(Mode))
    def ask(self, user_id: int, mode: Mode) -> None:
        self.asked += 1
        job = job_of(user_id, self.asked, mode=mode)
        self.waiting.append(job)
        self.queue.wait(job)
        self._run_next(job)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if not (self.running or self.waiting):
            return
        job = data.draw(st.sampled_from([*self.running, *self.waiting]))
        (self.running if job in self.running else self.waiting).remove(job)
        self.queue.end(job)
        self._run_next(job)

    def _run_next(self, job: Job) -> None:
        for job_id in self.queue.take(job):
            first = next(each for each in self.waiting if self._same_line(each, job))
            assert first.id == job_id, "the one that came first is the first to run"
            self.waiting.remove(first)
            self.running.append(first)
            self.queue.run(first)

    @invariant()
    def slots_are_full_before_anybody_waits(self) -> None:
        for job in self.waiting:
            beside = [each for each in self.running if self._same_line(each, job)]
            assert len(beside) == SLOTS[job.paid]
            assert self.queue.waits(job)

    @invariant()
    def users_are_told_the_truth(self) -> None:
        for user_id in USERS:
            told = self.queue.line(user_id)
            waiting = [job for job in self.waiting if job.user_id == user_id]
            relaxed = sum(job.paid is Mode.RELAXED for job in waiting)
            assert (told.fast, told.relaxed) == (len(waiting) - relaxed, relaxed)
            assert self.queue.waiting(user_id) == len(waiting)
            assert set(told.running) == {job.id for job in self.running if job.user_id == user_id}

    @staticmethod
    def _same_line(one: Job, other: Job) -> bool:
        return (one.user_id, one.paid is Mode.RELAXED) == (other.user_id, other.paid is Mode.RELAXED)


TestUsers = Users.TestCase
