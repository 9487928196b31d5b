"""The index of jobs."""

from mjproxy_server.midjourney.families import Family
from mjproxy_server.midjourney.jobs import By, Job, Jobs
from mjproxy_server.model.vocabulary import Bot


def job() -> Job:
    return Job(bot=Bot.MIDJOURNEY, family=Family())


def test_an_exact_key_stays_with_the_job_that_had_it_first() -> None:
    jobs, first, second = Jobs(), job(), job()
    assert jobs.learn(first, (By.JOB, "j"))
    assert not jobs.learn(second, (By.JOB, "j"))
    assert jobs.learn(first, (By.JOB, "j"))
    jobs.drop(first)
    assert jobs.exactly(By.JOB, "j") is None
    assert jobs.learn(second, (By.JOB, "j"))


def test_several_jobs_may_have_one_likeness() -> None:
    jobs, first, second = Jobs(), job(), job()
    assert jobs.learn(first, (By.PROMPT, "p"))
    assert jobs.learn(second, (By.PROMPT, "p"))
    assert jobs.find((By.PROMPT, "p")) == [first, second]


def test_nothing_is_found_by_what_is_not_known() -> None:
    jobs = Jobs()
    assert not jobs.learn(job(), (By.NONCE, ""))
    assert jobs.exactly(By.NONCE, "") is None
