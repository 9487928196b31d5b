"""Each key and each contradiction on its own; `test_correlate_histories` mixes them."""

import pytest

from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, ModalOpened
from mjproxy_server.model.facts import Failed, Finished, NotTaken, Opened, Progressed, Started, Taken
from mjproxy_server.model.task import Picture
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Bot, Mode, Reason, Status
from tests.server.midjourney.midjourney_bot import Dispatch, deletion, interaction, message, observed, queued, without
from tests.server.midjourney.midjourney_channel import (
    CLICK_A,
    CLICK_B,
    FINAL_A,
    FINAL_B,
    JOB_A,
    JOB_B,
    START_A,
    START_B,
    Channel,
    drawn,
    grid,
    percent,
    started,
    unsigned_grid,
    upscaled,
    variation,
    waiting,
    who,
)
from tests.server.midjourney.midjourney_tasks import NOW, THEM, US, imagine, press, snowflake

# Interactions.


@pytest.mark.parametrize("kind", ["CREATE", "SUCCESS"])
def test_an_interaction_proves_that_it_was_taken(kind: str) -> None:
    channel = Channel(imagine("A"))
    assert channel.see(interaction(kind, "nonce-A", CLICK_A)) == [("A", Taken(NOW, "nonce-A", CLICK_A))]


def test_a_modal_tells_that_its_press_has_started_nothing() -> None:
    channel = Channel(imagine("A"))
    told = channel.correlator.observe(ModalOpened(CLICK_A, "nonce-A", "MJ::RemixModal"), NOW)
    assert told == [Sighting("A", Opened(NOW, "nonce-A", CLICK_A))]


def test_an_interaction_without_a_nonce_is_known_by_its_id() -> None:
    channel = Channel(imagine("A"))
    channel.see(interaction("CREATE", "nonce-A", CLICK_A))
    assert channel.see(without(interaction("SUCCESS", "", CLICK_A), "nonce")) == [("A", Taken(NOW, "nonce-A", CLICK_A))]


def test_other_peoples_interactions_are_nobodys() -> None:
    channel = Channel(imagine("A"))
    for kind in ("CREATE", "SUCCESS", "FAILURE"):
        assert channel.see(interaction(kind, "nonce-X")) == []


def test_a_bot_that_does_not_answer_fails_the_task() -> None:
    channel = Channel(imagine("A"))
    [(task_id, failed)] = channel.see(interaction("FAILURE", "nonce-A", CLICK_A, reason_code=2))
    assert task_id == "A"
    assert isinstance(failed, Failed)
    assert (failed.failure.reason, failed.failure.description) == (Reason.BOT_ERROR, "The application did not respond.")


def test_a_late_failure_is_ignored_when_the_bot_has_answered() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(interaction("FAILURE", "nonce-A", CLICK_A)) == []


def test_a_failure_without_a_nonce_is_known_by_its_interaction() -> None:
    channel = Channel(imagine("A"))
    channel.see(interaction("CREATE", "nonce-A", CLICK_A))
    assert who(channel.see(without(interaction("FAILURE", "", CLICK_A), "nonce"))) == ["A"]


def test_the_failure_of_an_earlier_nonce_is_ignored() -> None:
    channel = Channel(imagine("A"))
    channel.send(channel.tasks["A"], "nonce-A2")
    assert channel.see(interaction("FAILURE", "nonce-A", CLICK_A)) == []


# A job from its start to its end.


def test_the_start_message_binds_by_its_nonce() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    assert channel.see(started("B")) == [("B", Started(NOW, START_A, CLICK_A))]


def test_progress_binds_by_its_message() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("B"))
    [(task_id, fact)] = channel.see(percent(35, files=(f"{JOB_A}_grid_0.webp",)))
    assert task_id == "B"
    assert isinstance(fact, Progressed)
    assert (fact.message_id, fact.percent, fact.job_id, fact.mode) == (START_A, 35, JOB_A, Mode.FAST)
    assert isinstance(fact.picture, Picture)


def test_a_result_binds_by_the_message_that_it_answers() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("B"))
    [(task_id, fact)] = channel.see(grid(reply_to=START_A))
    assert task_id == "B"
    assert isinstance(fact, Finished)
    assert fact.mode is Mode.FAST
    result = fact.result
    assert (result.message_id, result.reference_id, result.prompt) == (FINAL_A, START_A, "a cat --v 7.0")
    assert (result.job_id, len(result.buttons)) == (JOB_A, 9)
    assert result.picture is not None


def test_a_result_binds_by_its_job() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("A", START_A, CLICK_A))
    channel.see(started("B", START_B, CLICK_B))
    channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",)))
    assert who(channel.see(grid(job=JOB_B))) == ["B"]


def test_a_result_binds_by_its_prompt_when_one_task_can_be_meant() -> None:
    channel = Channel(imagine("A", "a cat"), imagine("B", "a dog"))
    channel.see(started("A"))
    assert who(channel.see(grid())) == ["A"]


def test_a_result_is_nobodys_when_two_tasks_can_be_meant() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    assert channel.see(grid()) == []


def test_an_ambiguous_result_is_settled_at_the_second_look() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("B", START_B, CLICK_B))
    assert channel.see(grid()) == []
    channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",)))
    assert who(channel.see(grid())) == ["A"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (started("A"), waiting(START_B)),
        (queued(START_A, "a cat", nonce="nonce-A", interaction_id=CLICK_A), waiting(START_B, interaction_id=CLICK_B)),
        (unsigned_grid(), unsigned_grid(FINAL_B)),
    ],
    ids=["start", "interaction", "result"],
)
def test_what_was_told_counts_before_it_is_stored(first: Dispatch, second: Dispatch) -> None:
    correlator = Channel(imagine("A")).correlator
    assert [each.task_id for each in correlator.observe(observed(first), NOW)] == ["A"]
    assert correlator.observe(observed(second), NOW) == []


def test_a_job_that_has_its_result_makes_an_older_one_of_another_not_ambiguous() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("B", START_B, CLICK_B))
    channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",)))
    assert who(channel.see(grid(FINAL_B, JOB_A))) == ["A"]
    assert who(channel.see(unsigned_grid(FINAL_A))) == ["B"]


def test_what_a_result_answers_is_the_progress_of_its_job() -> None:
    channel = Channel(imagine("A"))
    late = observed(percent(78))
    assert isinstance(late, BotMessage)
    assert channel.correlator.awaits_history(late)
    channel.see(grid(reply_to=START_A))
    assert not channel.correlator.awaits_history(late)


def test_an_echo_that_was_seen_is_a_likeness_too() -> None:
    channel = Channel(imagine("A", "a cat"))
    channel.see(started("A", prompt="something else entirely"))
    assert who(channel.see(grid(prompt="something else entirely --v 7.0"))) == ["A"]


def test_a_deletion_ends_nothing() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(deletion(START_A)) == []
    assert who(channel.see(grid())) == ["A"]


def test_a_deferred_answer_proves_that_it_was_taken_and_binds_the_message() -> None:
    channel = Channel(imagine("A"))
    assert channel.see(message(START_A, nonce="nonce-A", interaction_id=CLICK_A)) == [
        ("A", Taken(NOW, "nonce-A", CLICK_A))
    ]
    assert who(channel.see(percent(20))) == ["A"]


def test_a_paused_job_is_alive() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    paused = message(START_A, f"**a cat** - <@{US}> (paused) (relaxed)", updated=True)
    assert channel.see(paused) == [("A", Progressed(NOW, START_A, mode=Mode.RELAX))]


def test_a_stopped_job_fails() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    [(task_id, fact)] = channel.see(message(START_A, f"**a cat** - <@{US}> (Stopped)", updated=True))
    assert task_id == "A"
    assert isinstance(fact, Failed)
    assert fact.failure.reason is Reason.STOPPED


def test_what_is_known_from_before_a_restart_counts() -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("A"))
    channel.see(percent(35, files=(f"{JOB_A}_grid_0.webp",)))
    again = Correlator(US)
    for task in channel.tasks.values():
        again.watch(task)
    assert [each.task_id for each in again.observe(observed(percent(40)), NOW)] == ["A"]
    assert [each.task_id for each in again.observe(observed(grid(job=JOB_A)), NOW)] == ["A"]


def test_the_tasks_end_as_their_facts_say() -> None:
    channel = Channel(imagine("A"))
    for dispatch in (interaction("CREATE", "nonce-A", CLICK_A), started("A"), percent(50), grid(reply_to=START_A)):
        channel.see(dispatch, at=NOW + 1000)
    task = channel.tasks["A"]
    assert (task.status, task.progress, task.trace.job_id) == (Status.SUCCESS, 100, JOB_A)


# Contradictions.


@pytest.mark.parametrize(
    "final",
    [
        grid(user=THEM),
        grid(prompt="a dog"),
        grid(snowflake(NOW - 61_000)),
        grid(reply_to=snowflake(NOW - 61_000)),
        grid(application_id="1022952195194359889"),
        grid(nonce="nonce-X", interaction_id=CLICK_B),
        grid(interaction_id=CLICK_B),
        variation(),
        upscaled(1),
    ],
    ids=["user", "prompt", "age", "age of what it answers", "bot", "nonce", "interaction", "verb", "another verb"],
)
def test_a_result_is_not_ours_when_it_contradicts_what_is_known(final: Dispatch) -> None:
    channel = Channel(imagine("A"))
    channel.see(interaction("CREATE", "nonce-A", CLICK_A))
    assert channel.see(final) == []


def test_a_result_is_ours_though_our_clock_is_ahead() -> None:
    assert who(Channel(imagine("A")).see(grid(snowflake(NOW - 59_000)))) == ["A"]


def test_a_result_that_answers_another_message_is_not_ours() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(grid(reply_to=START_B)) == []


def test_a_report_that_answers_another_message_is_not_ours() -> None:
    assert Channel(imagine("A")).see(percent(40, FINAL_A, reply_to=START_B)) == []


def test_what_was_not_sent_or_was_refused_has_no_result() -> None:
    channel = Channel()
    channel.correlator.watch(imagine("A"))
    assert channel.correlator.observe(observed(grid()), NOW) == []
    channel.send(imagine("B", "a dog"))
    channel.correlator.watch(transition(channel.tasks["B"], NotTaken(NOW, "nonce-B")))
    assert channel.correlator.observe(observed(grid(prompt="a dog")), NOW) == []


def test_the_interaction_of_an_earlier_step_that_is_told_again_is_not_the_newest() -> None:
    channel = Channel(press("A", "custom zoom", own="a cat --zoom 2"))
    first, second = interaction("CREATE", "nonce-A", CLICK_A), interaction("CREATE", "nonce-A2", CLICK_B)
    channel.see(first)
    channel.send(channel.tasks["A"], "nonce-A2")
    channel.see(second)
    channel.correlator.observe(observed(first), NOW)
    deed = "Zoom Out by "
    assert channel.see(drawn(deed, snowflake(NOW + 150), prompt="a cat --zoom 2")) == []
    assert who(channel.see(drawn(deed, prompt="a cat --zoom 2"))) == ["A"]


def test_what_is_younger_than_its_result_is_not_the_job() -> None:
    channel = Channel(imagine("A"))
    channel.see(grid())
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(waiting(FINAL_B))) == ["B"]


def test_a_result_of_another_job_is_not_ours() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.see(percent(35, files=(f"{JOB_A}_grid_0.webp",)))
    assert channel.see(grid(job=JOB_B)) == []


def test_a_second_progress_message_is_not_ours() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(percent(20, START_B)) == []


def test_without_knowing_our_user_resemblance_does_not_count() -> None:
    channel = Channel(imagine("A"), user_id="")
    assert channel.see(grid(user=THEM)) == []
    assert channel.see(grid()) == []


def test_our_user_is_known_from_the_answer_to_our_nonce() -> None:
    channel = Channel(imagine("A"), user_id="")
    channel.see(waiting(nonce="nonce-X", interaction_id=CLICK_B, user=THEM))
    channel.see(started("A"))
    assert channel.correlator.user_id == US
    assert who(channel.see(grid())) == ["A"]


def test_a_niji_job_is_the_niji_tasks() -> None:
    channel = Channel(imagine("A"), imagine("N", bot=Bot.NIJI))
    assert who(channel.see(grid(application_id="1022952195194359889"))) == ["N"]
