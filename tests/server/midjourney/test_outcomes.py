from typing import Any

import pytest

from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.outcomes import (
    AccountTrouble,
    TroubleKind,
    account_trouble,
    appeal_of,
    failure_of,
    is_own_fault,
    queued_prompt,
    retry_at,
)
from mjproxy_server.model.task import Failure
from mjproxy_server.model.vocabulary import Reason
from tests.server.midjourney.midjourney_bot import button, message, observed, queued, refusal
from tests.server.midjourney.midjourney_tasks import US

WARNING = 16239475
GREEN = 65280


def read_message(dispatch: tuple[str, dict[str, Any]]) -> BotMessage:
    event = observed(dispatch)
    assert isinstance(event, BotMessage)
    return event


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Invalid parameter", Reason.PROMPT_REJECTED),
        ("Invalid link", Reason.PROMPT_REJECTED),
        ("Invalid link!", Reason.PROMPT_REJECTED),
        ("Invalid prompt", Reason.PROMPT_REJECTED),
        ("Empty prompt", Reason.PROMPT_REJECTED),
        ("Invalid request", Reason.PROMPT_REJECTED),
        ("Duplicate images detected", Reason.PROMPT_REJECTED),
        ("Banned prompt", Reason.MODERATED),
        ("Banned prompt detected", Reason.MODERATED),
        ("Banned image prompt", Reason.MODERATED),
        ("Image denied", Reason.MODERATED),
        ("Action needed to continue", Reason.MODERATED),
        ("Request cancelled due to output filters", Reason.MODERATED),
        ("Pending mod message", Reason.ACCOUNT_HELD),
        ("Blocked", Reason.ACCOUNT_HELD),
        ("Subscription required", Reason.ACCOUNT_HELD),
        ("Subscription paused", Reason.ACCOUNT_HELD),
        ("Plan Cancelled", Reason.ACCOUNT_HELD),
        ("Credits exhausted", Reason.ACCOUNT_HELD),
        ("Tos not accepted", Reason.ACCOUNT_HELD),
        ("Action required to continue", Reason.ACCOUNT_HELD),
        ("Queue full", Reason.BOT_BUSY),
        ("Slow Down!", Reason.BOT_BUSY),
        ("Job action restricted", Reason.BOT_ERROR),
        ("Sorry, something went wrong", Reason.BOT_ERROR),
        ("Sorry! Could not complete the job!", Reason.BOT_ERROR),
    ],
)
@pytest.mark.parametrize("colour", [0, 16711680, WARNING])
def test_a_known_title_tells_the_reason(title: str, reason: Reason, colour: int) -> None:
    assert failure_of(read_message(refusal("1", title, "Why", colour=colour))) == Failure(reason, title, "Why")


@pytest.mark.parametrize("colour", [16711680, 15548997, 15844367])
def test_an_unknown_title_in_the_colour_of_errors_is_a_failure(colour: int) -> None:
    failure = failure_of(read_message(refusal("1", "Out of paint", "Buy some.", colour=colour)))
    assert failure == Failure(Reason.BOT_ERROR, "Out of paint", "Buy some.")


@pytest.mark.parametrize("colour", [0, WARNING, GREEN])
def test_an_unknown_title_in_another_colour_is_none(colour: int) -> None:
    assert failure_of(read_message(refusal("1", "Your info - u", "**Job Mode**: Fast", colour=colour))) is None


def test_an_error_without_a_title_gets_one() -> None:
    failure = failure_of(read_message(refusal("1", "", "The job encountered an error.")))
    assert failure == Failure(Reason.BOT_ERROR, "The bot reports an error", "The job encountered an error.")


def test_a_decline_code_is_moderation_whatever_the_title() -> None:
    embed = {"type": "rich", "title": "Sorry", "color": 0, "footer": {"text": "decline-3f2a"}}
    failure = failure_of(read_message(message("1", embeds=(embed,))))
    assert failure is not None
    assert failure.reason is Reason.MODERATED


def test_the_preview_of_a_web_page_is_no_failure() -> None:
    embed = {"type": "article", "title": "Blocked", "color": 16711680}
    assert failure_of(read_message(message("1", embeds=(embed,)))) is None


def test_a_stopped_job_is_a_failure() -> None:
    failure = failure_of(read_message(message("1", f"**p** - <@{US}> (Stopped)", updated=True)))
    assert failure is not None
    assert failure.reason is Reason.STOPPED


def test_a_plain_failure_is_a_failure() -> None:
    failure = failure_of(read_message(message("1", "Failed to process your command :c")))
    assert failure == Failure(Reason.BOT_ERROR, "Failed", "Failed to process your command :c")


def test_a_description_is_made_readable() -> None:
    description = "You can request another upscale\n\nfor this image  <t:1774990054:R>."
    failure = failure_of(read_message(refusal("1", "Slow Down!", description)))
    assert failure is not None
    assert failure.description == "You can request another upscale for this image 2026-03-31 20:47 UTC."


def test_ordinary_messages_are_no_failure() -> None:
    for text in (f"**p** - <@{US}> (fast)", f"**Failed** - <@{US}> (35%) (fast)", ""):
        assert failure_of(read_message(message("1", text))) is None


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Pending mod message", TroubleKind.HOLD),
        ("Tos not accepted", TroubleKind.HOLD),
        ("Action required to continue", TroubleKind.HOLD),
        ("Blocked", TroubleKind.HOLD),
        ("Subscription required", TroubleKind.HOLD),
        ("Subscription paused", TroubleKind.HOLD),
        ("Plan Cancelled", TroubleKind.HOLD),
        ("Credits exhausted", TroubleKind.FAST_EXHAUSTED),
    ],
)
def test_some_titles_are_the_accounts_trouble(title: str, kind: TroubleKind) -> None:
    assert account_trouble(read_message(refusal("1", title, "Why"))) == AccountTrouble(kind, title, "Why")


@pytest.mark.parametrize("title", ["Invalid parameter", "Queue full", "Action needed to continue", "Unheard of"])
def test_other_titles_are_not(title: str) -> None:
    assert account_trouble(read_message(refusal("1", title))) is None


def test_a_queued_job_has_not_failed() -> None:
    held = read_message(queued("1", "a cat --v 7.0"))
    assert failure_of(held) is None
    assert queued_prompt(held) == "a cat --v 7.0"


def test_other_messages_queue_nothing() -> None:
    assert queued_prompt(read_message(refusal("1", "Queue full"))) is None
    assert queued_prompt(read_message(message("1", f"**p** - <@{US}> (Waiting to start)"))) is None


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("Sorry, something went wrong", True),
        ("Sorry! Could not complete the job!", True),
        ("Job action restricted", False),
        ("Out of paint", False),
        ("Invalid parameter", False),
        ("Queue full", False),
    ],
)
def test_some_failures_are_midjourneys_own_fault(title: str, own: bool) -> None:
    failure = failure_of(read_message(refusal("1", title)))
    assert failure is not None
    assert is_own_fault(failure) is own


def test_a_plain_failure_is_midjourneys_own_fault() -> None:
    failure = failure_of(read_message(message("1", "Failed to process your command :c")))
    assert failure is not None
    assert is_own_fault(failure)


@pytest.mark.parametrize(
    ("title", "description", "at"),
    [
        ("Queue full", "Your job queue is full.", 0),
        ("Slow Down!", "You can request another upscale <t:1774990054:R>", 1_774_990_054_000),
        ("Invalid parameter", "<t:1774990054:R>", None),
        ("Job queued", "", None),
    ],
)
def test_what_the_bot_is_too_busy_for_may_be_tried_again(title: str, description: str, at: int | None) -> None:
    assert retry_at(read_message(refusal("1", title, description))) == at


def test_a_refused_prompt_may_be_appealed_by_a_button() -> None:
    appeal = button("MJ::Prompts::Appeal::a1b2", "Appeal")
    found = appeal_of(read_message(refusal("1", "Action needed to continue", buttons=(button("x"), appeal))))
    assert found is not None
    assert found.custom_id == "MJ::Prompts::Appeal::a1b2"


def test_other_messages_offer_no_appeal() -> None:
    appeal = button("MJ::Prompts::Appeal::a1b2", "Appeal")
    assert appeal_of(read_message(refusal("1", "Action needed to continue"))) is None
    assert appeal_of(read_message(refusal("1", "Banned prompt", buttons=(appeal,)))) is None
