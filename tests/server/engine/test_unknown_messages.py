"""What the bots say and nobody understands is kept and counted, and can be played again on the simulator."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.engine.unknown_messages import MOST_OF_A_SORT, MOST_WAITING, UnknownCollector
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.messages import read
from mjproxy_server.midjourney.scrubbing import Place
from mjproxy_server.model.vocabulary import Bot, Status
from mjproxy_server.store.interface import Store
from mjproxy_server.store.sqlite import open_store
from mjproxy_server.store.unknown_messages import UnknownListing
from tests.server.engine.engine_world import running_engine_world

HERE = Place(guild_id="1100000000000000001", channel_id="1100000000000000002", user_id="1100000000000000003")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


class StandingClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_780_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def said(text: str, *, channel_id: str = HERE.channel_id) -> Dispatch:
    author = {"id": APPLICATION_IDS[Bot.MIDJOURNEY]}
    data = {"id": "1100000000000000009", "channel_id": channel_id, "author": author, "content": text}
    return Dispatch("MESSAGE_CREATE", Raw(msgspec.json.encode(data)), sequence=1, session_id="", resume_url="")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def collector(store: Store, clock: StandingClock) -> UnknownCollector:
    return UnknownCollector(store.unknown_messages, clock)


def hear(collector: UnknownCollector, *texts: str) -> None:
    for text in texts:
        dispatch = said(text)
        collector.hear(dispatch, read(dispatch.type, dispatch.data), HERE)


async def kept(collector: UnknownCollector, store: Store) -> UnknownListing:
    await collector.keep()
    return await store.unknown_messages.list("", 0, 1000)


async def test_a_message_is_kept_with_its_reason_and_without_what_is_private(
    collector: UnknownCollector, store: Store, clock: StandingClock
) -> None:
    hear(collector, f"Hello <@{HERE.user_id}>, I have news")
    (message,) = (await kept(collector, store)).messages
    assert (message.account_id, message.at_ms) == (HERE.channel_id, int(clock.now * 1000))
    assert (message.event, message.reason) == ("MESSAGE_CREATE", "the text has no known form")
    assert json.loads(message.json) == {
        "id": "$ID1",
        "channel_id": "$CHANNEL",
        "author": {"id": "$BOT"},
        "content": "Hello <@$USER>, I have news",
    }


async def test_what_is_understood_or_said_elsewhere_is_nothing(collector: UnknownCollector, store: Store) -> None:
    hear(collector, "**a cat** - <@1> (fast)", "")
    elsewhere = said("I have news", channel_id="1100000000000000007")
    collector.hear(elsewhere, read(elsewhere.type, elsewhere.data), HERE)
    listing = await kept(collector, store)
    assert (listing.messages, listing.seen) == ((), 0)


async def test_of_what_differs_in_numbers_and_prompts_one_is_kept_a_minute(
    collector: UnknownCollector, store: Store, clock: StandingClock
) -> None:
    hear(collector, *(f"Drawing **a cat no. {percent}** ({percent}%)" for percent in range(10)))
    assert len((await kept(collector, store)).messages) == 1
    clock.now += 61
    hear(collector, "Drawing **a dog** (50%)")
    listing = await kept(collector, store)
    assert (len(listing.messages), listing.seen) == (2, 11)


async def test_few_are_kept_of_one_reason_in_a_minute_and_others_beside_them(
    collector: UnknownCollector, store: Store
) -> None:
    hear(collector, *(f"My {ordinal} news" for ordinal in ORDINALS), "**a cat** - Rotated by <@1>")
    listing = await kept(collector, store)
    reasons = [message.reason for message in listing.messages]
    assert (reasons.count("the text has no known form"), len(reasons)) == (MOST_OF_A_SORT, MOST_OF_A_SORT + 1)
    assert listing.seen == len(ORDINALS) + 1


async def test_a_burst_costs_no_more_than_a_few_and_is_counted(collector: UnknownCollector, store: Store) -> None:
    hear(collector, *["I have news"] * (MOST_WAITING * 50), "**a cat** - Rotated by <@1>")
    listing = await kept(collector, store)
    assert (len(listing.messages), listing.seen) == (1, MOST_WAITING * 50 + 1)


async def test_a_store_that_fails_stops_nothing(
    tmp_path: Path, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = await open_store(tmp_path, now=int)
    await store.close()
    collector = UnknownCollector(store.unknown_messages, clock)
    hear(collector, "I have news")
    await collector.keep()
    assert "1 messages that were not understood could not be kept" in caplog.text


# From the wire to the store, and back.

SCENARIO = {
    "name": "new words",
    "events": [
        {
            "after": 0,
            "type": "MESSAGE_CREATE",
            "data": {
                "id": "$ID2",
                "channel_id": "$CHANNEL",
                "guild_id": "$GUILD",
                "nonce": "$NONCE",
                "author": {"id": "$BOT", "username": "Midjourney Bot", "bot": True},
                "content": "**a cat --ar 3:2** - Rotated by <@$USER> (fast)",
                "mentions": [{"id": "$USER", "username": "alice"}],
                "message_reference": {"message_id": "$ID1", "channel_id": "$CHANNEL"},
                "embeds": [],
                "attachments": [],
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 2, "custom_id": f"MJ::JOB::rotate::1::{'ab' * 4}"}]}
                ],
            },
        },
        {
            "after": 0,
            "type": "INTERACTION_MODAL_CREATE",
            "data": {
                "id": "$ID3",
                "nonce": "$NONCE",
                "channel_id": "$CHANNEL",
                "custom_id": "MJ::RotateModal::1",
                "application": {"id": "$BOT"},
                "components": [
                    {"type": 1, "components": [{"type": 4, "custom_id": "MJ::RotateModal::angle", "value": "30"}]}
                ],
            },
        },
    ],
}


async def replayed(folder: Path, scenario: object) -> UnknownListing:
    """Plays a scenario amid the work of an engine, and returns what that has kept."""
    async with running_engine_world(folder) as world:
        await world.done(ImagineRequest("a cat"))
        account_id = world.engine.fleet.lanes[0].account.id
        (await world.control.post(f"/control/accounts/{account_id}/replay", json=scenario)).raise_for_status()
        task = await world.done(ImagineRequest("a dog"))
        assert task.status is Status.SUCCESS, task.failure
        assert await world.owns(task)
    store = await open_store(folder / "server", now=int)
    listing = await store.unknown_messages.list("", 0, 200)
    await store.close()
    return listing


async def test_what_was_kept_can_be_played_again_and_is_kept_as_the_same(tmp_path: Path) -> None:
    first = (await replayed(tmp_path / "first", SCENARIO)).messages[::-1]
    assert [message.reason for message in first] == [
        "the text does not tell in known words what is done to the prompt",
        "field MJ::RotateModal::angle of modal MJ::RotateModal::1 is not known",
    ]
    events = [{"after": 0, "type": message.event, "data": json.loads(message.json)} for message in first]
    second = (await replayed(tmp_path / "second", {"name": "again", "events": events})).messages[::-1]
    assert [(each.event, each.reason, each.json) for each in second] == [
        (each.event, each.reason, each.json) for each in first
    ]


async def test_work_goes_on_through_a_flood_of_unknown_messages(tmp_path: Path) -> None:
    events = SCENARIO["events"]
    assert isinstance(events, list)
    listing = await replayed(tmp_path, {"name": "flood", "events": events * 200})
    assert (len(listing.messages), listing.seen) == (2, 400)
