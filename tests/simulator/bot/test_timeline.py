from dataclasses import replace

import pytest

from mjproxy_simulator.bot.timeline import Beat, Finish, GiveUp, MarkSource, Progress, Retire, Start, timeline
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.model.seeds import Seed

JOBS = [
    Job(
        id=Seed("test").uuid(number),
        number=number,
        kind=Kind.IMAGINE,
        application_id=1,
        channel_id=2,
        profile=Profile.OF_2026,
        prompt="a cat",
        mode="fast",
        seed=1,
        aspect=(1, 1),
        invocation=Invocation(3, 2, 4, "imagine"),
        created_ms=0,
    )
    for number in range(50)
]


PRESS = Invocation(3, 3, 4, message_id=5)


def seconds(beats: tuple[Beat, ...]) -> float:
    return sum(beat.delay for beat in beats)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("kind", Kind)
def test_job_starts_first_and_finishes_last_and_shows_more_and_more(profile: Profile, kind: Kind) -> None:
    for job in JOBS:
        acts = [beat.act for beat in timeline(replace(job, kind=kind, profile=profile))]
        percents = [act.percent for act in acts if isinstance(act, Progress)]
        assert (acts[0], acts[-1]) == (Start(), Finish())
        if kind.words:
            continue
        assert percents == sorted(set(percents))
        assert all(0 <= percent < 100 for percent in percents)
        assert [act.preview for act in acts if isinstance(act, Progress)] == [percent >= 35 for percent in percents]
        retires = profile is Profile.OF_2023 and kind is not Kind.FACE_SWAP  # Its first message becomes the result.
        assert (Retire() in acts) == retires


def test_jobs_take_as_long_as_in_life() -> None:
    for job in JOBS:
        grid = timeline(job)
        assert 22 < seconds(grid) < 32
        assert all(beat.delay <= 6 for beat in grid)
        pressed = replace(job, custom_id="MJ::JOB::upsample::1::x", invocation=PRESS)
        assert 20 < seconds(timeline(replace(pressed, kind=Kind.VARIATION))) < 30
        assert seconds(timeline(replace(pressed, kind=Kind.UPSCALE))) == pytest.approx(0.5)


def test_relaxed_jobs_wait_and_turbo_jobs_hurry() -> None:
    for job in JOBS:
        usual = seconds(timeline(job))
        assert seconds(timeline(replace(job, mode="relaxed, stealth"))) > usual + 20
        assert seconds(timeline(replace(job, mode="turbo"))) < usual / 2


def test_job_that_is_given_up_begins_and_shows_some_progress() -> None:
    for job in JOBS:
        acts = [beat.act for beat in timeline(replace(job, outcome="went_wrong"))]
        assert (acts[0], acts[-1]) == (Start(), GiveUp())
        assert any(isinstance(act, Progress) for act in acts)


def test_only_a_job_from_a_button_marks_it() -> None:
    job = JOBS[0]
    assert MarkSource() not in [beat.act for beat in timeline(job)]
    assert timeline(replace(job, custom_id="MJ::x", invocation=PRESS))[1].act == MarkSource()


def test_timeline_is_the_same_whenever_it_is_asked_for() -> None:
    for job in JOBS:
        assert timeline(replace(job, beat=3, nonce="n")) == timeline(job)
    assert len({timeline(job) for job in JOBS}) > 1
