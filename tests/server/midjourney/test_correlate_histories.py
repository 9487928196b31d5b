"""Whole histories of a channel: no fact ever goes to a wrong task, and what is not lost comes to its end.

Each world is lived once and told again in other ways. Small worlds are told in many, which come by the thousand in a
second; large ones hold what takes long to come about.
"""

import random
from functools import partial

import pytest

from mjproxy_server.midjourney.families import Ending, family_of
from tests.server.midjourney.midjourney_conditions import any_conditions
from tests.server.midjourney.midjourney_retelling import Retelling
from tests.server.midjourney.midjourney_world import World
from tests.server.seeded import live

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
small_and_large = pytest.mark.parametrize(("worlds", "steps", "retellings"), [(250, 12, 15), (120, 120, 1)])


def live_and_retell(retellings: int, seed: int, steps: int) -> None:
    rng = random.Random(seed)
    world = World(any_conditions(rng), rng)
    world.run(steps)
    for _ in range(retellings):
        losses, restarts = world.conditions.losses, world.conditions.may_restart
        retelling = Retelling(world.chronicle, rng, losses=losses, restarts=restarts)
        retelling.run()
        retelling.look_back()


def come_to_the_end(retellings: int, seed: int, steps: int) -> None:
    rng = random.Random(seed)
    world = World(any_conditions(rng).without_losses(), rng)
    world.run(steps)
    assert world.unfinished() == []
    for _ in range(retellings):
        retelling = Retelling(world.chronicle, rng, losses=False, restarts=True)
        if retelling.run():
            assert all(family_of(task).ending is Ending.REWRITE for task in retelling.unfinished())
            retelling.look_back()
            assert retelling.unfinished() == []


@small_and_large
def test_nothing_is_given_to_a_wrong_task(worlds: int, steps: int, retellings: int) -> None:
    live(partial(live_and_retell, retellings), count=worlds, length=steps)


@small_and_large
def test_every_task_ends_when_nothing_is_lost(worlds: int, steps: int, retellings: int) -> None:
    live(partial(come_to_the_end, retellings), count=worlds, length=steps)
