"""Jobs that end by a text or a file rather than by a picture."""

from typing import Any

import pytest

from mjproxy_server.model.facts import Finished, Taken
from mjproxy_server.model.task import Picture, Task
from tests.server.midjourney.midjourney_bot import Dispatch, interaction, message, proposal
from tests.server.midjourney.midjourney_channel import (
    CLICK_A,
    CLICK_B,
    DESCRIBED,
    FINAL_A,
    INSIGHT_FACE,
    START_A,
    START_B,
    Channel,
    retry,
    rewritten,
    who,
)
from tests.server.midjourney.midjourney_tasks import NOW, describe, imagine, shorten, swap_face


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
    face: dict[str, Any] = {"nonce": "nonce-A", "interaction_id": CLICK_A, "application_id": INSIGHT_FACE}
    assert channel.see(message(START_A, command="saveid", files=("face.png",), **face)) == [
        ("A", Taken(NOW, "nonce-A", CLICK_A))
    ]
    channel.send(channel.tasks["A"], "nonce-A2")
    answer: dict[str, Any] = {"nonce": "nonce-A2", "interaction_id": CLICK_B, "application_id": INSIGHT_FACE}
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


def test_a_text_that_came_before_its_interaction_was_known_is_its_jobs_when_it_is_read_again() -> None:
    channel = Channel(retry("R"))
    assert channel.see(rewritten("a dog")) == []
    channel.see(interaction("SUCCESS", "nonce-R", CLICK_A))
    assert who(channel.see(rewritten("a dog", edited_at=NOW + 5000))) == ["R"]


def test_a_text_from_before_the_press_stays_old_though_it_came_before_its_interaction_was_known() -> None:
    channel = Channel(retry("R"))
    assert channel.see(rewritten("a dog", edited_at=NOW + 50)) == []
    channel.see(interaction("SUCCESS", "nonce-R", CLICK_A))
    assert channel.see(rewritten("a dog", edited_at=NOW + 5000)) == []


def test_a_retry_that_was_given_up_makes_the_next_one_ambiguous() -> None:
    channel = Channel(retry("R1"))
    channel.end("R1")
    channel.send(retry("R2"))
    channel.see(interaction("CREATE", "nonce-R2", CLICK_B))
    assert channel.see(rewritten("a dog")) == []
