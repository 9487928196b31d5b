"""Jobs of buttons: known by their source, by what is done, and by the index."""

import pytest

from mjproxy_server.model.facts import Finished, Progressed, Started, Taken
from mjproxy_server.model.transition import transition
from tests.server.midjourney.midjourney_bot import (
    Dispatch,
    cancel_button,
    frame,
    grid_buttons,
    interaction,
    message,
    queued,
)
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
    beginning,
    drawn,
    grid,
    percent,
    upscaled,
    variation,
    waiting,
    who,
)
from tests.server.midjourney.midjourney_tasks import (
    GRID,
    NOW,
    PARENT_JOB,
    US,
    blend,
    custom_id,
    imagine,
    press,
    snowflake,
)


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


def test_a_button_that_two_tasks_have_pressed_proves_no_click() -> None:
    channel = Channel(press("A", "upsample", 1), press("B", "upsample", 1))
    channel.see(_source())
    assert channel.see(_source("upsample", 1)) == []


def test_a_button_that_turns_proves_nothing_of_what_is_known_to_be_taken() -> None:
    channel = Channel(press("U1", "upsample", 1))
    channel.see(_source())
    channel.see(interaction("CREATE", "nonce-U1", CLICK_A))
    assert channel.see(_source("upsample", 1)) == []


def test_a_button_that_turns_proves_no_click_that_another_process_knew_to_be_taken() -> None:
    channel = Channel(press("U1", "upsample", 1))
    taken = transition(channel.tasks["U1"], Taken(NOW, "nonce-U1"))
    again = Channel(press("U2", "upsample", 1))
    again.correlator.watch(taken)
    again.see(_source())
    assert again.see(_source("upsample", 1)) == [("U2", Taken(NOW, "nonce-U2"))]


def _source(kind: str = "", index: int = 0) -> Dispatch:
    pressed = (custom_id(kind, index),) if kind else ()
    return message(GRID, f"**a cat** - <@{US}> (fast)", buttons=grid_buttons(PARENT_JOB, pressed), updated=True)


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


def test_a_result_is_not_ours_when_it_answers_another_message() -> None:
    assert Channel(press("A", "strong", 1)).see(drawn("Variations (Strong) by ", reply_to=START_B)) == []


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


def test_a_notice_without_a_nonce_that_answers_the_source_is_of_somebodys_region() -> None:
    held = queued(START_A, "a cat", interaction_id=CLICK_A, reply_to=GRID)
    assert Channel(press("A", "strong")).see(held) == []


def test_what_speaks_of_no_job_says_nothing_of_ours() -> None:
    channel = Channel(press("A", "strong"))
    channel.see(message(START_B, "Thank you", reply_to=GRID, interaction_id=CLICK_B))
    text = f"Making variations for image #1 with prompt **a cat --v 7.0** - <@{US}> (Waiting to start)"
    assert who(channel.see(message(START_A, text, reply_to=GRID, interaction_id=CLICK_A))) == ["A"]


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
