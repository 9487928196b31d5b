"""Whole histories of a channel: no fact ever goes to a wrong task, and what is not lost comes to its end."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from midjourney_world import Conditions, World, without_losses

HISTORIES = 150
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
)
CHANCE = st.randoms(use_true_random=False)


@given(CONDITIONS, st.integers(0, 2**32))
@settings(max_examples=HISTORIES, deadline=None)
def test_nothing_is_given_to_a_wrong_task(conditions: Conditions, seed: int) -> None:
    World(conditions, random.Random(seed)).run(STEPS)


@given(CONDITIONS.map(without_losses), st.integers(0, 2**32))
@settings(max_examples=HISTORIES, deadline=None)
def test_every_task_ends_when_nothing_is_lost(conditions: Conditions, seed: int) -> None:
    world = World(conditions, random.Random(seed))
    world.run(STEPS)
    assert world.unfinished() == []
