"""What a correlator knows of jobs that another process has begun, or has seen fail, and of what is old."""

from midjourney_bot import interaction, refusal
from midjourney_channel import (
    CLICK_A,
    CLICK_B,
    DESCRIBED,
    OLD_TEXT,
    START_A,
    Channel,
    grid,
    percent,
    retry,
    rewritten,
    started,
    who,
)
from midjourney_tasks import NOW, imagine, press, sent, snowflake

APOLOGY = snowflake(NOW + 20_000)


def test_an_old_result_that_is_told_again_is_not_that_of_a_job_sent_since() -> None:
    channel = Channel()
    old = grid(snowflake(NOW - 86_400_000))
    channel.see(old)
    channel.send(imagine("A"))
    assert channel.see(old) == []


def test_what_a_failed_job_said_is_not_its_successors_after_a_restart() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    waiting = channel.fail("A", refusal(APOLOGY, "Sorry, something went wrong", reply_to=START_A))
    again = Channel()
    again.tasks["A"] = sent(waiting, "nonce-2", NOW + 21_000)
    again.correlator.watch(again.tasks["A"])
    assert again.see(percent(78), NOW + 22_000) == []


def test_a_text_is_its_jobs_after_a_restart_though_another_one_from_there_has_failed() -> None:
    channel = Channel(press("A", "details", source_id=DESCRIBED, prompt=OLD_TEXT))
    channel.see(refusal(snowflake(NOW + 500), "Invalid parameter", nonce="nonce-A", interaction_id=CLICK_A))
    failed = channel.tasks["A"]
    assert failed.status.ended
    again = Channel()
    again.correlator.watch(failed)
    again.correlator.forget("A")
    again.send(retry("B"))
    again.see(interaction("CREATE", "nonce-B", CLICK_B))
    assert who(again.see(rewritten("a new text"))) == ["B"]
