"""A scenario gets an account in it: placeholders, whatever they stand in."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from mjproxy_simulator.control.scenarios import Scenario, cast
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.model.accounts import Profile, derive_account
from mjproxy_simulator.model.seeds import Seed

ALICE = derive_account(Seed("scenarios"), 0, Profile.OF_2026)
PLAIN = st.text(st.characters(exclude_characters="$", codec="utf-8"), max_size=10)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)


def told(*data: Json, nonce: str | None = "7") -> tuple[Json, ...]:
    """Return what is told of interactions with some data."""
    events = [{"after": 1, "type": "INTERACTION_CREATE", "data": {"id": "1"} | each} for each in data]
    ids = itertools.count(100)
    filled = cast(Scenario.model_validate({"name": "s", "events": events}), ALICE, nonce, lambda: next(ids))
    return tuple(event for _, _, event in filled.events)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$NONCE", "7"),
        ("<@$USER>", f"<@{ALICE.user.id}>"),
        ("$GUILD/$CHANNEL", f"{ALICE.guild_id}/{ALICE.channel_id}"),
        ("$BOT", "936929561302675456"),
        ("$ID1_grid.webp", "100_grid.webp"),
        ("$ID12 $ID1 $ID2 $ID12", "102 100 101 102"),
        ("$USERS $ID0 $ID $PRICE $5 $user $$", "$USERS $ID0 $ID $PRICE $5 $user $$"),
        ("$ID1A", "$ID1A"),
    ],
)
def test_placeholder_is_replaced_wherever_it_stands_alone(text: str, expected: str) -> None:
    assert told({"x": [{"y": text}]})[0]["x"] == [{"y": expected}]


@given(NESTED)
def test_all_else_stays_as_it_is(value: object) -> None:
    assert told({"x": value})[0]["x"] == value


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=10))
def test_ids_are_the_same_for_the_same_number_and_greater_for_a_greater_one(numbers: list[int]) -> None:
    placed: list[Json] = [{"x": f"$ID{number}"} for number in numbers]
    ids = [int(str(event["x"])) for event in told(*placed)]
    pairs = sorted(zip(numbers, ids, strict=True))
    assert len({*pairs}) == len({*numbers}) == len({*ids})
    assert [each for _, each in pairs] == sorted(ids)


def test_events_are_due_one_after_the_other() -> None:
    events = [{"after": after, "type": "INTERACTION_CREATE", "data": {"id": "1"}} for after in (0.5, 0, 2)]
    filled = cast(Scenario.model_validate({"name": "s", "events": events}), ALICE, None, lambda: 1)
    assert [due for due, _, _ in filled.events] == [0.5, 0.5, 2.5]


def test_nonce_is_needed_only_where_it_is_named() -> None:
    assert told({"x": "$NONCES"}, nonce=None)[0]["x"] == "$NONCES"
    with pytest.raises(HTTPException) as refused:
        told({}, {"nonce": "$NONCE"}, nonce=None)
    assert refused.value.detail.startswith("events.1.data: $NONCE stands for nothing")


def test_scenario_is_not_changed_by_it() -> None:
    scenario = Scenario.model_validate_json(
        json.dumps({"name": "s", "events": [{"after": 0, "type": "INTERACTION_CREATE", "data": {"id": "$ID1"}}]})
    )
    ids = itertools.count(1)
    first, second = (cast(scenario, ALICE, None, lambda: next(ids)).ids for _ in range(2))
    assert (first, second) == ({"$ID1": "1"}, {"$ID1": "2"})
