"""Whole histories of a channel: no fact ever goes to a wrong task, and what is not lost comes to its end."""

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midjourney_world import Conditions, World, without_losses

HISTORIES = 5000 if os.environ.get("MJPROXY_SOAK") else 150
STEPS = 120

CONDITIONS = st.builds(
    Conditions,
    answers_progress=st.booleans(),
    previews=st.booleans(),
    cancel_buttons=st.booleans(),
    queueing=st.booleans(),
    refusals=st.booleans(),
    others=st.booleans(),
    twins=st.booleans(),
    losses=st.booleans(),
    giving_up=st.booleans(),
    retries=st.booleans(),
    fragments=st.booleans(),
)
SEEDS = st.integers(0, 2**32)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
histories = settings(max_examples=HISTORIES, print_blob=True)


@histories
@given(CONDITIONS, SEEDS)
def test_nothing_is_given_to_a_wrong_task(conditions: Conditions, seed: int) -> None:
    World(conditions, random.Random(seed)).run(STEPS)


@histories
@given(CONDITIONS.map(without_losses), SEEDS)
def test_every_task_ends_when_nothing_is_lost(conditions: Conditions, seed: int) -> None:
    world = World(conditions, random.Random(seed))
    world.run(STEPS)
    assert world.unfinished() == []
