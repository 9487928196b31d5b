"""Updates that tell only what has changed, and what is made of them."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.midjourney.messages import BotMessage, MessageKind, read
from mjproxy_server.midjourney.versions import MOST_KEPT, MessageReader, is_fragment
from tests.server.midjourney.midjourney_bot import (
    BOT,
    CHANNEL,
    PLACE,
    Dispatch,
    changes,
    grid_buttons,
    message,
    proposal,
)
from tests.server.midjourney.midjourney_channel import JOB_A, START_A, percent, started
from tests.server.midjourney.midjourney_tasks import GRID, NOW, US


def seen(reader: MessageReader, dispatch: Dispatch) -> BotMessage:
    event = reader.read(*dispatch)
    assert isinstance(event, BotMessage)
    return event


def versions(count: int) -> list[Dispatch]:
    """A job's message as it grows, each version edited after the one before."""
    grown = [started("T")]
    for number in range(1, count):
        files = (f"{JOB_A}_grid_{number}.webp",) if number % 2 else ()
        grown.append(percent(number, files=files, interaction_id="7", edited_at=NOW + 1000 * number))
    return grown


def test_a_change_is_completed_by_what_was_told_before() -> None:
    reader, first = MessageReader(CHANNEL), started("T")
    seen(reader, first)
    whole = percent(31, files=(f"{JOB_A}_grid_0.webp",), interaction_id="7", edited_at=NOW)
    assert is_fragment(*changes(first, whole))
    assert seen(reader, changes(first, whole)) == read(*whole)


def test_the_nonce_stays_with_the_first_version() -> None:
    reader, first = MessageReader(CHANNEL), started("T")
    assert seen(reader, first).nonce
    assert not seen(reader, changes(first, percent(31))).nonce


def test_a_change_says_that_it_is_one() -> None:
    reader, first = MessageReader(CHANNEL), started("T")
    seen(reader, first)
    assert seen(reader, changes(first, percent(31))).kind is MessageKind.UPDATED


def test_a_change_of_a_message_that_was_never_seen_is_nobodys() -> None:
    fragment = changes(started("T"), percent(31))
    assert MessageReader(CHANNEL).read(*fragment) is None


def test_a_pressed_button_leaves_the_rest_of_the_message_as_it_was() -> None:
    reader = MessageReader(CHANNEL)
    first = message(GRID, f"**p** - <@{US}> (fast)", buttons=grid_buttons(JOB_A), files=(f"u_{JOB_A}.webp",))
    pressed = message(GRID, first[1]["content"], buttons=grid_buttons(JOB_A, (f"MJ::JOB::upsample::1::{JOB_A}",)))
    before = seen(reader, first)
    after = seen(reader, ("MESSAGE_UPDATE", {key: pressed[1][key] for key in (*PLACE, "components")}))
    assert (after.text, after.attachments, after.job_id) == (before.text, before.attachments, JOB_A)
    assert after.buttons != before.buttons


def test_another_text_under_the_same_buttons_is_still_a_proposal() -> None:
    reader, first = MessageReader(CHANNEL), proposal(GRID, ("a cat",))
    seen(reader, first)
    details = {"type": "rich", "description": "**cat** (1.00)"}
    after = seen(reader, ("MESSAGE_UPDATE", {"id": GRID, "channel_id": CHANNEL, "embeds": [details]}))
    assert after.proposal is not None
    assert after.proposal.description == "**cat** (1.00)"
    assert after.buttons


def test_null_says_nothing() -> None:
    reader = MessageReader(CHANNEL)
    before = seen(reader, started("T"))
    nulls: dict[str, Any] = {"id": START_A, "channel_id": CHANNEL, "content": None, "author": None, "flags": None}
    assert seen(reader, ("MESSAGE_UPDATE", nulls)).text == before.text


def test_what_a_change_has_added_stays() -> None:
    reader, first = MessageReader(CHANNEL), started("T")
    seen(reader, (first[0], {key: value for key, value in first[1].items() if key != "attachments"}))
    place = {"id": START_A, "channel_id": CHANNEL}
    files = [{"filename": "a.png", "url": "https://cdn/a.png"}]
    added = seen(reader, ("MESSAGE_UPDATE", {**place, "attachments": files}))
    assert added.attachments
    assert seen(reader, ("MESSAGE_UPDATE", {**place, "flags": 64})).attachments == added.attachments
    assert seen(reader, ("MESSAGE_UPDATE", {**first[1], "attachments": None})).attachments == added.attachments


def test_an_emptied_part_is_empty() -> None:
    reader = MessageReader(CHANNEL)
    seen(reader, message(GRID, "a text", files=("a.png",)))
    after = seen(reader, ("MESSAGE_UPDATE", {"id": GRID, "channel_id": CHANNEL, "content": "", "attachments": []}))
    assert (after.text, after.attachments) == ("", ())


def test_a_change_from_before_the_last_one_changes_nothing() -> None:
    reader, grown = MessageReader(CHANNEL), versions(3)
    for version in grown:
        seen(reader, version)
    late = changes(grown[0], grown[1])
    assert seen(reader, late) == read(*grown[2])


def test_a_late_change_that_tells_whose_it_is_means_itself() -> None:
    reader, grown = MessageReader(CHANNEL), versions(3)
    for version in grown:
        seen(reader, version)
    late = changes(grown[0], grown[1])
    named = late[0], {**late[1], "application_id": BOT}
    assert seen(reader, named).content == read(*grown[1]).content  # type: ignore[union-attr]


def test_a_late_change_does_not_tell_the_nonce_again() -> None:
    reader, grown = MessageReader(CHANNEL), versions(2)
    first = grown[0][0], {**grown[0][1], "edited_timestamp": "2030-01-01T00:00:00+00:00"}
    assert seen(reader, first).nonce
    assert not seen(reader, changes(grown[0], grown[1])).nonce


def test_the_first_version_once_more_undoes_nothing() -> None:
    reader, grown = MessageReader(CHANNEL), versions(3)
    for version in (*grown, grown[0]):
        seen(reader, version)
    preview: Dispatch = "MESSAGE_UPDATE", {"id": START_A, "channel_id": CHANNEL, "embeds": []}
    assert seen(reader, preview) == read(*grown[2])


def test_messages_of_other_channels_are_not_kept_but_direct_ones_are() -> None:
    reader = MessageReader("5")
    first = started("T")
    seen(reader, first)
    assert reader.read(*changes(first, percent(31))) is None
    direct = first[0], {key: value for key, value in first[1].items() if key != "guild_id"}
    seen(reader, direct)
    assert reader.read(*changes(direct, percent(31))) is not None


def test_only_so_many_are_kept_and_those_that_change_longest() -> None:
    reader, first = MessageReader(CHANNEL), started("T")
    seen(reader, first)
    for number in range(MOST_KEPT - 1):
        seen(reader, message(f"1{number}", "Done!"))
    seen(reader, changes(first, percent(31)))
    seen(reader, message("2", "Done!"))
    assert reader.read(*changes(first, percent(46))) is not None
    assert reader.read("MESSAGE_UPDATE", {"id": "10", "channel_id": CHANNEL, "content": "Done!"}) is None


PARTS = sorted(percent(1, interaction_id="7", edited_at=NOW)[1].keys() - {"id", "channel_id"})


@given(st.sets(st.sampled_from(PARTS)), st.sets(st.sampled_from(PARTS)))
def test_what_a_change_leaves_out_or_calls_null_is_as_it_was(left_out: set[str], null: set[str]) -> None:
    reader = MessageReader(CHANNEL)
    first = percent(31, files=(f"{JOB_A}_grid_0.webp",), interaction_id="7", edited_at=NOW)
    newer = percent(46, files=(f"{JOB_A}_grid_1.webp",), interaction_id="7", edited_at=NOW + 1000)
    seen(reader, first)
    told = {key: None if key in null else value for key, value in newer[1].items() if key not in left_out}
    stands = {**first[1], **{key: value for key, value in told.items() if value is not None}}
    for _ in range(2):
        assert seen(reader, ("MESSAGE_UPDATE", told)) == read("MESSAGE_UPDATE", stands)


@given(st.integers(0, 2**32), st.booleans())
def test_whatever_comes_twice_or_late_the_newest_version_stands(seed: int, told_in_parts: bool) -> None:
    rng, reader, grown = random.Random(seed), MessageReader(CHANNEL), versions(6)
    parts = [grown[0], *map(changes, grown, grown[1:])] if told_in_parts else grown
    for position, dispatch in enumerate(parts):
        seen(reader, dispatch)
        for again in rng.sample(parts[: position + 1], rng.randint(0, position)):
            seen(reader, again)
    preview: Dispatch = "MESSAGE_UPDATE", {"id": START_A, "channel_id": CHANNEL, "embeds": []}
    assert seen(reader, preview) == read(*grown[-1])
