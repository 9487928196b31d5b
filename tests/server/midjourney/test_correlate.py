"""Each key, each contradiction and each ambiguity on its own; `test_correlate_histories` mixes them."""

import pytest
from midjourney_bot import (
    Dispatch,
    Value,
    cancel_button,
    deletion,
    frame,
    grid_buttons,
    interaction,
    message,
    observed,
    proposal,
    queued,
    refusal,
    without,
)
from midjourney_tasks import (
    GRID,
    NOW,
    PARENT_JOB,
    THEM,
    US,
    blend,
    custom_id,
    describe,
    imagine,
    press,
    sent,
    shorten,
    snowflake,
    swap_face,
)

from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.model.facts import Failed, Finished, Held, NotTaken, Progressed, Started, Taken
from mjproxy_server.model.task import Picture, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Bot, Mode, Reason, Status

JOB_A = "aaaaaaaa-0000-4000-8000-000000000001"
JOB_B = "bbbbbbbb-0000-4000-8000-000000000002"

INSIGHT_FACE = "1090660574196674713"

CLICK_A, CLICK_B = snowflake(NOW + 100), snowflake(NOW + 200)
"""Interactions."""
START_A, START_B = snowflake(NOW + 1000), snowflake(NOW + 1100)
FINAL_A, FINAL_B = snowflake(NOW + 30_000), snowflake(NOW + 31_000)


class Channel:
    """A channel, with the tasks that draw in it."""

    def __init__(self, *tasks: Task, user_id: str = US) -> None:
        self.correlator = Correlator(user_id)
        self.tasks: dict[str, Task] = {}
        for task in tasks:
            self.send(task)

    def send(self, task: Task, nonce: str = "") -> None:
        self.tasks[task.id] = sent(task, nonce or f"nonce-{task.id}")
        self.correlator.watch(self.tasks[task.id])

    def see(self, dispatch: Dispatch, at: int = NOW) -> list[tuple[str, object]]:
        """What the dispatch says; the tasks become what it makes of them."""
        told: list[tuple[str, object]] = []
        for sighting in self.correlator.observe(observed(dispatch), at):
            told.append((sighting.task_id, sighting.fact))
            self.tasks[sighting.task_id] = transition(self.tasks[sighting.task_id], sighting.fact)
            self.correlator.watch(self.tasks[sighting.task_id])
        return told

    def end(self, task_id: str) -> None:
        self.correlator.forget(task_id)


def waiting(message_id: str = START_A, prompt: str = "a cat --v 7.0", user: str = US, **keys: Value) -> Dispatch:
    return message(message_id, f"**{prompt}** - <@{user}> (Waiting to start)", user_id=user, **keys)


def started(task_id: str, message_id: str = START_A, click: str = CLICK_A, **keys: Value) -> Dispatch:
    return waiting(message_id, nonce=f"nonce-{task_id}", interaction_id=click, **keys)


def percent(number: int, message_id: str = START_A, prompt: str = "a cat --v 7.0", **keys: Value) -> Dispatch:
    return message(message_id, f"**{prompt}** - <@{US}> ({number}%) (fast)", updated=True, **keys)


def grid(
    message_id: str = FINAL_A, job: str = JOB_A, prompt: str = "a cat --v 7.0", user: str = US, **keys: Value
) -> Dispatch:
    return message(
        message_id,
        f"**{prompt}** - <@{user}> (fast)",
        files=(f"u_a_cat_{job}.webp",),
        buttons=grid_buttons(job),
        user_id=user,
        **keys,
    )


def unsigned_grid(message_id: str = FINAL_A, **keys: Value) -> Dispatch:
    """A result that names no job."""
    return message(message_id, f"**a cat** - <@{US}> (fast)", files=("cat.png",), **keys)


def variation(message_id: str = FINAL_A, job: str = JOB_A, **keys: Value) -> Dispatch:
    text = f"**a cat --v 7.0** - Variations (Strong) by <@{US}> (fast)"
    return message(message_id, text, files=(f"u_{job}.webp",), buttons=grid_buttons(job), reply_to=GRID, **keys)


def upscaled(index: int, message_id: str = FINAL_A, job: str = JOB_A) -> Dispatch:
    text = f"**a cat --v 7.0** - Image #{index} <@{US}>"
    return message(message_id, text, files=(f"u_{job}.webp",), reply_to=GRID)


def who(told: list[tuple[str, object]]) -> list[str]:
    return [task_id for task_id, _ in told]


# Interactions.


@pytest.mark.parametrize("kind", ["CREATE", "SUCCESS"])
def test_an_interaction_proves_that_it_was_taken(kind: str) -> None:
    channel = Channel(imagine("A"))
    assert channel.see(interaction(kind, "nonce-A", CLICK_A)) == [("A", Taken(NOW, "nonce-A", CLICK_A))]


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


def test_a_result_that_answers_another_message_is_not_ours() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(grid(reply_to=START_B)) == []


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


# Jobs that are no task's.


def test_a_job_started_elsewhere_by_the_same_user_makes_its_twin_ambiguous() -> None:
    channel = Channel(imagine("A"))
    channel.see(waiting(nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid()) == []


def test_a_job_started_elsewhere_keeps_what_is_its_own() -> None:
    channel = Channel(imagine("A"))
    channel.see(waiting(START_B, nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(percent(35, START_B, files=(f"{JOB_B}_grid_0.webp",))) == []
    assert channel.see(grid(job=JOB_B)) == []
    assert who(channel.see(grid(FINAL_B, JOB_A))) == ["A"]


def test_a_job_queued_elsewhere_counts_as_well() -> None:
    channel = Channel(imagine("A"))
    channel.see(queued(START_B, "a cat --v 7.0", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(waiting(FINAL_B)) == []


def test_what_a_job_queued_elsewhere_will_do_is_anybodys_guess() -> None:
    channel = Channel(press("V", "variation", 1))
    channel.see(queued(START_B, "a cat", nonce="nonce-X", interaction_id=CLICK_B, reply_to=GRID))
    assert channel.see(variation()) == []


def test_a_task_that_ended_before_its_job_makes_its_twin_ambiguous() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(grid()) == []


def test_a_task_that_ended_before_its_job_is_remembered_for_an_hour() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid(), at=NOW + 3_600_001)) == ["B"]


@pytest.mark.parametrize("ended_by", [refusal(START_A, "Invalid parameter", nonce="nonce-A"), grid(reply_to=START_A)])
def test_a_task_whose_job_ended_stands_in_nobodys_way(ended_by: Dispatch) -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    channel.see(ended_by)
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["B"]


def test_a_task_that_was_refused_stands_in_nobodys_way() -> None:
    channel = Channel(imagine("A"))
    channel.correlator.watch(transition(channel.tasks["A"], NotTaken(NOW, "nonce-A")))
    channel.end("A")
    channel.send(imagine("B"))
    assert who(channel.see(grid())) == ["B"]


def test_a_result_seen_before_goes_to_no_second_task() -> None:
    channel = Channel(imagine("A"))
    assert who(channel.see(unsigned_grid())) == ["A"]
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(unsigned_grid()) == []
    pressed = message(
        FINAL_A, f"**a cat** - <@{US}> (fast)", files=("cat.png",), buttons=grid_buttons(JOB_A), updated=True
    )
    assert channel.see(pressed) == []


def test_the_start_of_a_job_whose_result_came_first_goes_to_no_second_task() -> None:
    channel = Channel(imagine("A"))
    channel.see(unsigned_grid(FINAL_A))
    channel.end("A")
    channel.send(imagine("B"))
    assert channel.see(waiting(START_A)) == []


def test_results_of_an_earlier_process_are_known_when_their_tasks_were_shown() -> None:
    before = Channel(imagine("A"))
    before.see(unsigned_grid())
    channel = Channel(imagine("B"))
    channel.correlator.watch(before.tasks["A"])
    channel.end("A")
    assert channel.see(unsigned_grid()) == []


def test_forgetting_an_unknown_task_is_no_trouble() -> None:
    Correlator(US).forget("A")


# Buttons.


def test_an_upscale_binds_by_source_and_index() -> None:
    channel = Channel(press("U1", "upsample", 1), press("U2", "upsample", 2))
    assert who(channel.see(upscaled(2, FINAL_B, JOB_B))) == ["U2"]
    assert who(channel.see(upscaled(1))) == ["U1"]


def test_the_start_of_an_upscale_tells_its_job() -> None:
    channel = Channel(press("U1", "upsample", 1))
    text = f"Upscaling image #1 with **a cat --v 7.0** - <@{US}> (Waiting to start)"
    start = message(START_A, text, nonce="nonce-U1", reply_to=GRID, buttons=(cancel_button(JOB_A),))
    assert channel.see(start) == [("U1", Started(NOW, START_A, "", JOB_A))]
    assert channel.see(upscaled(1, job=JOB_B)) == []
    assert who(channel.see(upscaled(1, job=JOB_A))) == ["U1"]


def test_upscale_variation_and_reroll_of_one_source_are_told_apart() -> None:
    channel = Channel(press("U", "upsample", 1), press("V", "variation", 1), press("R", "reroll"))
    assert who(channel.see(grid(snowflake(NOW + 5000), JOB_A, reply_to=GRID))) == ["R"]
    assert who(channel.see(variation(FINAL_A, JOB_B))) == ["V"]
    assert who(channel.see(upscaled(1, FINAL_B, PARENT_JOB))) == ["U"]


def test_two_variations_of_one_source_are_ambiguous() -> None:
    channel = Channel(press("V1", "variation", 1), press("V2", "variation", 2))
    assert channel.see(variation()) == []


def test_the_start_of_a_variation_names_the_index() -> None:
    channel = Channel(press("V1", "variation", 1), press("V2", "variation", 2))
    text = f"Making variations for image #2 with prompt **a cat --v 7.0** - <@{US}> (Waiting to start)"
    assert who(channel.see(message(START_A, text, reply_to=GRID))) == ["V2"]


def test_a_reroll_of_a_grid_is_no_imagine_of_the_same_prompt() -> None:
    channel = Channel(imagine("A"), press("R", "reroll"))
    assert who(channel.see(waiting(START_B, reply_to=GRID))) == ["R"]
    assert who(channel.see(grid(reply_to=GRID))) == ["R"]


def test_a_reply_to_a_fresh_result_is_no_imagine() -> None:
    channel = Channel(imagine("A"), imagine("B", "a dog"))
    channel.see(grid(START_B, JOB_B, "a dog"))
    assert channel.see(grid(reply_to=START_B)) == []


def test_a_rating_of_the_source_says_nothing_of_its_jobs() -> None:
    channel = Channel(press("U", "upsample", 1))
    rated = message(
        START_A, "You have successfully rated [this job](https://discord.com)", reply_to=GRID, interaction_id=CLICK_B
    )
    channel.see(_source())
    assert channel.see(rated) == []
    assert channel.see(_source("upsample", 1)) == [("U", Taken(NOW, "nonce-U"))], "the click was still in doubt"


def test_a_button_that_turns_proves_the_click_in_doubt() -> None:
    channel = Channel(press("U1", "upsample", 1), press("U2", "upsample", 2))
    channel.see(_source())
    assert channel.see(_source("upsample", 1)) == [("U1", Taken(NOW, "nonce-U1"))]
    assert channel.see(_source("upsample", 1)) == []


def test_a_button_that_turns_proves_nothing_of_what_is_known_to_be_taken() -> None:
    channel = Channel(press("U1", "upsample", 1))
    channel.see(_source())
    channel.see(interaction("CREATE", "nonce-U1", CLICK_A))
    assert channel.see(_source("upsample", 1)) == []


def _source(kind: str = "", index: int = 0) -> Dispatch:
    pressed = (custom_id(kind, index),) if kind else ()
    return message(GRID, f"**a cat** - <@{US}> (fast)", buttons=grid_buttons(PARENT_JOB, pressed), updated=True)


# Held, refused.


def test_a_queued_job_is_held_and_starts_without_a_nonce() -> None:
    channel = Channel(imagine("A"))
    held = snowflake(NOW + 500)
    assert channel.see(queued(held, "a cat --v 7.0", nonce="nonce-A", interaction_id=CLICK_A)) == [
        ("A", Held(NOW, held))
    ]
    assert channel.see(waiting()) == [("A", Started(NOW, START_A))]
    assert channel.tasks["A"].trace.progress_message_id == START_A
    assert who(channel.see(grid(reply_to=START_A))) == ["A"]


def test_a_queued_job_may_start_by_an_update_or_an_answer() -> None:
    for start in (waiting(updated=True), waiting(START_B, reply_to=START_A)):
        channel = Channel(imagine("A"), imagine("B"))
        channel.see(queued(START_A, "a cat", nonce="nonce-A"))
        assert who(channel.see(start)) == ["A"]


def test_a_notice_that_comes_late_does_not_hold_a_started_job() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert channel.see(queued(snowflake(NOW + 500), "a cat", nonce="nonce-A")) == []


@pytest.mark.parametrize(
    "keys",
    [{"nonce": "nonce-A"}, {"interaction_id": CLICK_A}, {"reply_to": START_A}],
    ids=["nonce", "interaction", "reply"],
)
def test_a_refusal_fails_the_task_that_it_is_for(keys: dict[str, Value]) -> None:
    channel = Channel(imagine("A"), imagine("B"))
    channel.see(started("A"))
    [(task_id, fact)] = channel.see(refusal(START_B, "Invalid parameter", "Unrecognized: `--foo`", **keys))
    assert task_id == "A"
    assert isinstance(fact, Failed)
    assert fact.failure.reason is Reason.PROMPT_REJECTED


def test_a_refusal_may_replace_the_progress() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert who(channel.see(refusal(START_A, "Sorry, something went wrong", updated=True))) == ["A"]


def test_a_refusal_in_answer_to_the_source_fails_the_only_task_that_works_on_it() -> None:
    slow_down = refusal(START_A, "Slow Down!", reply_to=GRID, interaction_id=CLICK_A)
    assert who(Channel(press("U", "upsample", 1)).see(slow_down)) == ["U"]
    assert Channel(press("U", "upsample", 1), press("V", "variation", 1)).see(slow_down) == []


def test_other_peoples_refusals_fail_nobody() -> None:
    channel = Channel(imagine("A"), press("U", "upsample", 1))
    theirs = refusal(START_A, "Slow Down!", reply_to=GRID, interaction_id=CLICK_B, user_id=THEM)
    assert channel.see(theirs) == []
    assert channel.see(refusal(START_A, "Invalid parameter", nonce="nonce-X")) == []


# Who may start.


@pytest.mark.parametrize(
    ("at_work", "next_task", "may_start"),
    [
        (imagine("A"), imagine("B"), False),
        (imagine("A", "a cat --ar 1:1"), imagine("B", "A  cat --fast"), False),
        (imagine("A"), imagine("B", "a dog"), True),
        (imagine("A"), imagine("B", bot=Bot.NIJI), True),
        (imagine("A"), press("R", "reroll"), False),
        (imagine("A"), press("V", "variation", 1), True),
        (press("R1", "reroll"), press("R2", "reroll"), False),
        (press("V1", "variation", 1), press("V2", "variation", 2), False),
        (press("V1", "variation", 1), press("V2", "variation", 1, source_id="7", prompt="a cat"), False),
        (press("V1", "variation", 1), press("V2", "variation", 1, source_id="7", prompt="a dog"), True),
        (press("U1", "upsample", 1), press("U2", "upsample", 1), False),
        (press("U1", "upsample", 1), press("U2", "upsample", 2), True),
        (press("U1", "upsample", 1), press("V1", "variation", 1), True),
        (press("U1", "upsample", 1), press("R1", "reroll"), True),
    ],
)
def test_may_start(at_work: Task, next_task: Task, may_start: bool) -> None:
    channel = Channel(at_work)
    assert channel.correlator.may_start(next_task) is may_start
    assert channel.correlator.may_start(at_work), "a task does not stand in its own way"


def test_a_task_that_is_chosen_stands_in_the_way_before_it_is_sent() -> None:
    correlator = Correlator(US)
    correlator.watch(imagine("A"))
    assert not correlator.may_start(imagine("B"))


def test_the_second_may_start_when_the_first_has_its_job() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    assert not channel.correlator.may_start(imagine("B"))
    channel.see(percent(35, files=(f"{JOB_A}_grid_0.webp",)))
    assert channel.correlator.may_start(imagine("B"))


def test_the_second_may_start_when_the_first_has_ended() -> None:
    channel = Channel(imagine("A"))
    channel.end("A")
    assert channel.correlator.may_start(imagine("B"))


def test_the_start_message_is_enough_where_results_answer_it() -> None:
    channel = Channel(imagine("A", "a dog"))
    channel.see(started("A"))
    channel.see(grid(reply_to=START_A))
    assert channel.correlator.finals_answer_progress
    channel.send(imagine("B"))
    assert not channel.correlator.may_start(imagine("C"))
    channel.see(started("B", START_B, CLICK_B))
    assert channel.correlator.may_start(imagine("C"))


def test_the_start_message_is_not_enough_on_one_source() -> None:
    channel = Channel(press("R1", "reroll"))
    channel.correlator.finals_answer_progress = True
    channel.see(started("R1", reply_to=GRID))
    assert not channel.correlator.may_start(press("R2", "reroll"))
    assert channel.correlator.may_start(imagine("A"))


def test_the_bot_may_return_to_results_that_answer_nothing() -> None:
    channel = Channel(imagine("A"), imagine("B", "a dog"))
    channel.see(started("A"))
    channel.see(grid(reply_to=START_A))
    channel.see(started("B", START_B, CLICK_B, prompt="a dog"))
    channel.see(grid(FINAL_B, JOB_B, "a dog"))
    assert not channel.correlator.finals_answer_progress


def test_the_tasks_end_as_their_facts_say() -> None:
    channel = Channel(imagine("A"))
    for dispatch in (interaction("CREATE", "nonce-A", CLICK_A), started("A"), percent(50), grid(reply_to=START_A)):
        channel.see(dispatch, at=NOW + 1000)
    task = channel.tasks["A"]
    assert (task.status, task.progress, task.trace.job_id) == (Status.SUCCESS, 100, JOB_A)


# The other buttons.


def drawn(deed: str, message_id: str = FINAL_A, prompt: str = "a cat --v 7.0", **keys: Value) -> Dispatch:
    """A result that replies to the source and names no job."""
    text = f"**{prompt}** - {deed}<@{US}> (fast)"
    return message(message_id, text, **{"files": ("f.png",), "reply_to": GRID, **keys})


def beginning(message_id: str = START_A, **keys: Value) -> Dispatch:
    return waiting(message_id, **{"reply_to": GRID, **keys})


@pytest.mark.parametrize(
    ("kind", "deed"),
    [
        ("subtle", "Variations (Subtle) by "),
        ("strong", "Remix (Strong) by "),
        ("region", "Variations (Region) by "),
        ("upscale subtle", "Upscaled (Subtle) by "),
        ("upscale creative", "Upscaled by "),
        ("zoom", "Zoom Out by "),
        ("custom zoom", "Zoom Out by "),
        ("pan left", "Pan Left by "),
        ("animate", ""),
    ],
)
def test_a_result_binds_by_its_source_and_what_was_done(kind: str, deed: str) -> None:
    channel = Channel(press("A", kind, 1), press("B", "bookmark"), imagine("C"))
    assert who(channel.see(drawn(deed))) == ["A"]


@pytest.mark.parametrize(
    ("kind", "deed"),
    [
        ("subtle", "Variations (Strong) by "),
        ("variation", "Variations (Region) by "),
        ("region", "Variations (Strong) by "),
        ("upscale subtle", "Upscaled (Creative) by "),
        ("pan left", "Pan Right by "),
        ("zoom", ""),
        ("pan left", ""),
        ("bookmark", ""),
        ("retry", ""),
    ],
)
def test_a_result_is_not_ours_when_something_else_was_done(kind: str, deed: str) -> None:
    assert Channel(press("A", kind, 1)).see(drawn(deed)) == []


def test_a_film_is_announced_before_its_prompt_is_known() -> None:
    channel = Channel(press("A", "animate"))
    announced = message(START_A, "Animating...", nonce="nonce-A", interaction_id=CLICK_A, reply_to=GRID)
    assert channel.see(announced) == [("A", Started(NOW, START_A, CLICK_A))]
    previews = tuple(f"{JOB_A}_{number}_step_1.jpeg" for number in range(4))
    [(task_id, fact)] = channel.see(percent(25, files=previews))
    assert task_id == "A"
    assert isinstance(fact, Progressed)
    assert fact.job_id == JOB_A


def test_a_region_is_known_by_the_interaction_that_opened_its_page() -> None:
    channel = Channel(press("A", "region", 1), press("B", "reroll"))
    assert channel.see(frame("nonce-A", CLICK_A)) == [], "opening the page proves nothing of the job"
    assert who(channel.see(beginning(interaction_id=CLICK_A))) == ["A"]


def test_a_start_without_a_nonce_may_be_anybodys_region() -> None:
    channel = Channel(press("A", "reroll"))
    assert channel.see(beginning(interaction_id=CLICK_B)) == []
    assert who(channel.see(percent(20, reply_to=GRID))) == ["A"]


def test_somebody_elses_region_is_not_ours() -> None:
    channel = Channel(press("A", "region", 1), press("B", "reroll"))
    channel.see(frame("nonce-A", CLICK_A))
    assert channel.see(beginning(START_B, interaction_id=CLICK_B)) == [], "B may have begun so as well"
    running = message(START_B, f"**a cat --v 7.0** - Variations (Region) by <@{US}> (15%) (fast)", updated=True)
    assert channel.see(running) == []
    assert who(channel.see(beginning(START_A, interaction_id=CLICK_A))) == ["A"]


def test_a_proposed_prompt_is_told_by_the_prompt() -> None:
    channel = Channel(press("D1", "description", 1, own="a dog"), press("D2", "description", 2, own="a bird"))
    assert who(channel.see(grid(FINAL_A, JOB_A, "a bird --v 7", reply_to=GRID))) == ["D2"]
    assert who(channel.see(grid(FINAL_B, JOB_B, "a dog --v 7"))) == ["D1"]


def test_a_blend_echoes_links_only() -> None:
    channel = Channel(blend("A"), imagine("B"))
    assert who(channel.see(grid(prompt="<https://s.mj.run/A> <https://s.mj.run/B> --ar 2:3 --v 7.0"))) == ["A"]


def test_a_bookmark_ends_by_the_rating() -> None:
    channel = Channel(press("A", "bookmark"), press("U", "upsample", 1))
    rated = message(START_A, "You have successfully rated [this job]", reply_to=GRID, interaction_id=CLICK_A)
    [(task_id, fact)] = channel.see(rated)
    assert (task_id, type(fact)) == ("A", Finished)


# Texts.

DESCRIBED = snowflake(NOW - 1_800_000)
OLD_TEXT = "1\ufe0f\u20e3 a cat"


def rewritten(prompt: str, *, edited_at: int = NOW + 2000) -> Dispatch:
    return proposal(DESCRIBED, (prompt,), updated=True, edited_at=edited_at)


def retry(task_id: str, kind: str = "retry") -> Task:
    return press(task_id, kind, source_id=DESCRIBED, prompt=OLD_TEXT)


@pytest.mark.parametrize("task", [describe("A"), shorten("A")], ids=["describe", "shorten"])
def test_a_text_ends_the_command_that_it_answers(task: Task) -> None:
    channel = Channel(task, imagine("B"))
    assert channel.see(message(START_A, nonce="nonce-A", interaction_id=CLICK_A)) == [
        ("A", Taken(NOW, "nonce-A", CLICK_A))
    ]
    [(task_id, fact)] = channel.see(proposal(START_A, ("one", "two"), updated=True))
    assert task_id == "A"
    assert isinstance(fact, Finished)
    assert fact.result.prompt == "1\ufe0f\u20e3 one\n\n2\ufe0f\u20e3 two"
    assert fact.result.picture == Picture("https://cdn/a.png", 8, 9)
    assert len(fact.result.buttons) == 2


def test_a_swapped_face_ends_by_the_file_of_the_last_command() -> None:
    channel = Channel(swap_face("A"))
    face = {"nonce": "nonce-A", "interaction_id": CLICK_A, "application_id": INSIGHT_FACE}
    assert channel.see(message(START_A, command="saveid", files=("face.png",), **face)) == [
        ("A", Taken(NOW, "nonce-A", CLICK_A))
    ]
    channel.send(channel.tasks["A"], "nonce-A2")
    answer = {"nonce": "nonce-A2", "interaction_id": CLICK_B, "application_id": INSIGHT_FACE}
    assert channel.see(message(START_B, command="swapid", **answer)) == [("A", Taken(NOW, "nonce-A2", CLICK_B))]
    [(task_id, fact)] = channel.see(
        message(FINAL_A, reply_to=START_B, files=("swapped.png",), application_id=INSIGHT_FACE)
    )
    assert task_id == "A"
    assert isinstance(fact, Finished)
    assert fact.result.picture is not None


def test_a_text_that_answers_no_known_interaction_is_nobodys() -> None:
    assert Channel(describe("A")).see(proposal(START_A, ("one",))) == []


@pytest.mark.parametrize("kind", ["retry", "details"])
def test_a_new_text_of_its_parents_message_ends_a_retry(kind: str) -> None:
    channel = Channel(describe("P"))
    channel.see(message(DESCRIBED, nonce="nonce-P"))
    assert who(channel.see(proposal(DESCRIBED, ("a cat",), updated=True))) == ["P"]
    channel.send(retry("R", kind))
    channel.see(interaction("CREATE", "nonce-R", CLICK_A))
    assert who(channel.see(rewritten("a dog"))) == ["R"]
    assert channel.see(rewritten("a dog")) == [], "it has its text"


@pytest.mark.parametrize(
    "version",
    [rewritten("a cat"), rewritten("a dog", edited_at=NOW - 1), rewritten("a dog", edited_at=0)],
    ids=["the old text", "from before the press", "without a time"],
)
def test_other_versions_of_the_message_end_no_retry(version: Dispatch) -> None:
    channel = Channel(retry("R"))
    channel.see(interaction("CREATE", "nonce-R", CLICK_A))
    assert channel.see(version) == []


def test_a_retry_whose_interaction_is_not_known_gets_no_text() -> None:
    assert Channel(retry("R")).see(rewritten("a dog")) == []


def test_a_text_that_an_earlier_retry_got_ends_no_later_one() -> None:
    channel = Channel(retry("R1"))
    channel.see(interaction("CREATE", "nonce-R1", CLICK_A))
    channel.see(rewritten("a dog"))
    channel.end("R1")
    channel.send(retry("R2"))
    channel.see(interaction("CREATE", "nonce-R2", CLICK_B))
    assert channel.see(rewritten("a dog", edited_at=NOW + 5000)) == []
    assert who(channel.see(rewritten("a bird", edited_at=NOW + 6000))) == ["R2"]


def test_a_retry_that_was_given_up_makes_the_next_one_ambiguous() -> None:
    channel = Channel(retry("R1"))
    channel.end("R1")
    channel.send(retry("R2"))
    channel.see(interaction("CREATE", "nonce-R2", CLICK_B))
    assert channel.see(rewritten("a dog")) == []


# Copies.


@pytest.mark.parametrize("keys", [{"reply_to": START_B}, {"interaction_id": CLICK_B}], ids=["reply", "interaction"])
def test_a_copy_that_answers_show_ends_nothing(keys: dict[str, Value]) -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", command="show", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid(**keys)) == []
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["A"], "the copy has come"


def test_a_copy_may_replace_the_notice() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", command="show", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid(START_B, updated=True)) == []
    assert who(channel.see(grid(FINAL_B, JOB_B))) == ["A"]


def test_while_a_copy_is_awaited_no_result_is_known_by_its_prompt() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    assert channel.see(grid()) == []
    channel.see(started("A"))
    assert who(channel.see(grid(reply_to=START_A))) == ["A"]


def test_a_copy_is_awaited_for_a_quarter_of_an_hour() -> None:
    channel = Channel(imagine("A"))
    channel.see(message(START_B, "Displaying...", nonce="nonce-X", interaction_id=CLICK_B))
    assert who(channel.see(grid(snowflake(NOW + 1100 + 15 * 60_000 + 1)))) == ["A"]


# A task that is sent once more.


def test_a_task_whose_job_failed_may_have_another_one() -> None:
    channel = Channel(imagine("A"))
    channel.see(started("A"))
    failed = observed(refusal(START_A, "Sorry, something went wrong", updated=True))
    assert [each.task_id for each in channel.correlator.observe(failed, NOW)] == ["A"]
    channel.send(channel.tasks["A"], "nonce-A2")
    assert channel.see(percent(50)) == [], "the first job's report is nobody's"
    again = waiting(START_B, nonce="nonce-A2", interaction_id=CLICK_B)
    assert channel.see(again) == [("A", Started(NOW, START_B, CLICK_B))]
    assert who(channel.see(grid(reply_to=START_B))) == ["A"]


@pytest.mark.parametrize(
    ("at_work", "next_task", "may_start"),
    [
        (press("P1", "pan left"), press("P2", "pan right"), True),
        (press("P1", "pan left"), press("P2", "pan left"), False),
        (press("Z1", "zoom"), press("Z2", "custom zoom", own="a cat --zoom 2"), False),
        (press("Z", "zoom"), press("R", "reroll"), True),
        (press("F", "animate"), press("R", "reroll"), False),
        (press("S", "subtle"), press("V", "variation", 1), False),
        (press("C", "upscale creative"), press("U", "upsample", 2), False),
        (press("D1", "description", 1, own="a dog"), press("D2", "description", 2, own="a bird"), True),
        (press("D1", "description", 1, own="a dog"), press("D2", "description", 1, own="a dog"), False),
        (press("D1", "description", 1, own="a dog"), imagine("A", "a dog"), False),
        (blend("A"), blend("B"), False),
        (describe("A"), describe("B"), True),
        (shorten("A"), imagine("B"), True),
        (retry("R1"), retry("R2"), False),
        (retry("R1"), press("D", "description", 1, source_id=DESCRIBED, own="a dog"), True),
        (press("B1", "bookmark"), press("U", "upsample", 1), True),
    ],
)
def test_may_start_beside_the_other_buttons(at_work: Task, next_task: Task, may_start: bool) -> None:
    assert Channel(at_work).correlator.may_start(next_task) is may_start
