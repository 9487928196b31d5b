import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.bot.gate import Gate, cost_seconds
from mjproxy_simulator.bot.notices import NOTICES, Moment, RefusedError
from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.members import Member, Plan, Usage
from tests.simulator.jobs_of_users import job_of

USED_UP = Usage(seconds=1e9)
AT_ONCE = sorted(name for name, notice in NOTICES.items() if notice.moment is Moment.AT_ONCE)
LATER = sorted(name for name, notice in NOTICES.items() if notice.moment is not Moment.AT_ONCE)


def check(
    member: Member, *jobs: Job, queue: Queue | None = None, outcome: str | None = None, appealed: bool = False
) -> str | None:
    line = queue or Queue(lambda _user_id, mode: member.slots(mode))
    return Gate(line).check(jobs or (job_of(1, 1),), member, outcome, appealed=appealed)


def refusal_of(member: Member, *jobs: Job, queue: Queue | None = None) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        check(member, *jobs, queue=queue)
    return refused.value


def test_user_who_may_draw_is_let_pass() -> None:
    assert check(Member(1)) is None


@pytest.mark.parametrize(
    ("member", "job", "title"),
    [
        (Member(1, Plan.NONE), job_of(1, 1), NOTICES["subscription_required"].title),
        (Member(1, Plan.BASIC), job_of(1, 1, mode="relaxed"), NOTICES["job_action_restricted"].title),
        (Member(1, fast=USED_UP), job_of(1, 1), NOTICES["credits_exhausted"].title),
        (Member(1, fast=USED_UP), job_of(1, 1, mode="turbo"), NOTICES["credits_exhausted"].title),
    ],
)
def test_plan_that_does_not_allow_a_job_is_told(member: Member, job: Job, title: str) -> None:
    assert refusal_of(member, job).notice.title == title


@pytest.mark.parametrize("job", [job_of(1, 1, mode="relaxed"), job_of(1, 1, kind=Kind.UPSCALE)])
def test_job_that_costs_no_fast_time_is_let_pass_without_any(job: Job) -> None:
    assert check(Member(1, fast=USED_UP), job) is None


@pytest.mark.parametrize("name", AT_ONCE)
def test_notice_in_the_prompt_refuses_at_once_unless_the_prompt_was_looked_at(name: str) -> None:
    job = job_of(1, 1, prompt=f"a cat simulate:{name} --v 7.0")
    refused = refusal_of(Member(1), job)
    assert (refused.notice, refused.footer) == (NOTICES[name], f"/imagine {job.prompt}")
    assert check(Member(1), job, appealed=True) is None


@pytest.mark.parametrize("name", LATER)
def test_notice_that_comes_later_lets_a_job_begin(name: str) -> None:
    assert check(Member(1), job_of(1, 1, prompt=f"simulate:{name}")) == name
    assert check(Member(1), outcome=name) == name


def test_hold_of_the_moderators_outlasts_an_appeal() -> None:
    name = AT_ONCE[0]
    with pytest.raises(RefusedError) as refused:
        check(Member(1, hold=name), appealed=True)
    assert refused.value.notice == NOTICES[name]


def test_outcome_that_was_ordered_comes_before_all_others() -> None:
    job = job_of(1, 1, prompt=f"simulate:{AT_ONCE[0]}")
    assert check(Member(1, hold=AT_ONCE[0]), job, outcome=LATER[0]) == LATER[0]


@given(
    slots=st.integers(0, 4),
    room=st.integers(0, 4),
    running=st.integers(0, 4),
    expected=st.integers(0, 4),
    asked=st.integers(1, 6),
)
def test_jobs_are_let_pass_as_long_as_slots_and_queue_have_room(
    slots: int, room: int, running: int, expected: int, asked: int
) -> None:
    member = Member(1, concurrency=slots, queue=room)
    queue = Queue(lambda _user_id, mode: member.slots(mode))
    running = min(running, slots)
    for number in range(running):
        queue.run(job_of(1, number))
    for number in range(expected):
        queue.expect(job_of(1, 20 + number))
    jobs = [job_of(1, 10 + number) for number in range(asked)]
    if asked <= slots - running - expected + room:
        assert check(member, *jobs, queue=queue) is None
    else:
        assert refusal_of(member, *jobs, queue=queue).notice == NOTICES["queue_full"]


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [(Kind.IMAGINE, 60), (Kind.VARIATION, 60), (Kind.UPSCALE, 0), (Kind.UPSCALE_HD, 120), (Kind.ANIMATE, 480)],
)
def test_jobs_cost_what_they_cost_in_life(kind: Kind, seconds: float) -> None:
    assert cost_seconds(job_of(1, 1, kind=kind)) == seconds


def test_notices_are_asked_for_by_their_whole_name() -> None:
    assert check(Member(1), job_of(1, 1, prompt=f"presimulate:{AT_ONCE[0]} simulate:{AT_ONCE[0]}s")) is None
