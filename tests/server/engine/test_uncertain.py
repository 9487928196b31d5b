"""The engine, whatever is true of what is not known for sure of Discord and the bot: every switch of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, get_args

import pytest
import pytest_asyncio

from mjproxy_simulator.uncertain import USUAL, Uncertain
from tests.server.engine import tours
from tests.server.engine.engine_world import EngineWorld, not_understood, running_engine_world
from tests.server.engine.tours import Tour, Tourist

in_one_loop = pytest.mark.asyncio(loop_scope="module")

TOURS: Final[Mapping[str, tuple[Tour, ...]]] = {
    "success_event": (tours.drawing, tours.settings),
    "form_success": (tours.forms, tours.region),
    "failure_reason": (tours.silence,),
    "deferred_answers": (tours.settings,),
    "unknown_component": (tours.drawing,),
    "other_message_flags": (tours.drawing,),
    "outdated_command": (tours.commands,),
    "command_order": (tours.commands,),
    "interaction_fields": (tours.drawing, tours.region),
    "command_message_type": (tours.drawing, tours.words),
    "message_updates": (
        tours.drawing,
        tours.films,
        tours.words,
        tours.files,
        tours.settings,
        tours.notices,
        tours.stop,
        tours.queued,
    ),
    "prompt_echo": (tours.prompts, tours.drawing),
    "parameter_order": (tours.prompts, tours.drawing),
    "default_values": (tours.prompts, tours.drawing),
    "mode_parameters": (tours.prompts, tours.relaxed),
    "markdown": (tours.prompts, tours.drawing, tours.forms),
    "film_prompt": (tours.films,),
    "button_progress": (tours.drawing, tours.stop),
    "upscale_start": (tours.drawing,),
    "relaxed_wait": (tours.relaxed,),
    "queued_start": (tours.queued,),
    "previews": (tours.drawing, tours.films),
    "give_up": (tours.notices,),
    "region_answer": (tours.region,),
    "region_metadata": (tours.region,),
    "final_metadata": (tours.drawing, tours.region),
    "button_result_reference": (tours.drawing, tours.solo, tours.region, tours.forms),
    "reroll_mark": (tours.drawing,),
    "follow_up_mode": (tours.relaxed,),
    "website_link": (tours.drawing, tours.prompts),
    "upscale_variant_named": (tours.solo,),
    "upscale_footer": (tours.solo,),
    "solo_rows": (tours.solo,),
    "words_visibility": (tours.words,),
    "bookmark_visibility": (tours.bookmark,),
    "show_result": (tours.seed,),
    "seed_envelope": (tours.seed,),
    "ephemeral_attachments": (tours.files,),
    "details_custom_id": (tours.words,),
    "notice_visibility": (tours.notices, tours.refused_press, tours.queued),
    "error_color": (tours.notices, tours.queued),
    "warning_color": (tours.queued,),
    "notice_titles": (tours.notices,),
}
"""What of the engine depends on each switch."""

ALL_TOURS: Final = tuple(dict.fromkeys(tour for each in TOURS.values() for tour in each))


def values(name: str) -> tuple[object, ...]:
    """What a switch can be, the usual first."""
    usual = getattr(USUAL, name)
    annotation = Uncertain.model_fields[name].annotation
    return (usual, not usual) if annotation is bool else get_args(annotation)


UNUSUAL: Final = [(name, value) for name in Uncertain.model_fields for value in values(name)[1:]]
EVERYTHING: Final = {
    "second": {name: values(name)[1] for name in Uncertain.model_fields},
    "last": {name: values(name)[-1] for name in Uncertain.model_fields},
}


# The tours are many, and what they leave behind is what a channel holds: one engine with two accounts serves them all.
@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def toured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EngineWorld]:
    folder, swift = tmp_path_factory.mktemp("world"), {"bot_latency": 0.02, "interactions_per_second": 100}
    async with running_engine_world(folder, speed=400, accounts=2, limits=swift, core_size=6) as world:
        older = world.engine.fleet.lanes[1].account.id
        (await world.control.patch(f"/control/accounts/{older}", json={"profile": 2023})).raise_for_status()
        for lane in world.engine.fleet.lanes:
            await lane.link.wait_until_ready()
        yield world
    assert await not_understood(folder) == []


@pytest_asyncio.fixture(loop_scope="module")
async def world(toured: EngineWorld) -> AsyncIterator[EngineWorld]:
    """The world as it usually is."""
    yield toured
    await toured.control.delete("/control/uncertain")
    await toured.control.delete("/control/faults")


async def _tour(world: EngineWorld, switches: Mapping[str, object], *chosen: Tour) -> None:
    (await world.control.patch("/control/uncertain", json=switches)).raise_for_status()
    for tour in chosen:
        await asyncio.gather(*(tour(Tourist(world, lane)) for lane in world.engine.fleet.lanes))


def test_every_switch_has_a_tour() -> None:
    assert TOURS.keys() == Uncertain.model_fields.keys()


@in_one_loop
@pytest.mark.parametrize(("name", "value"), UNUSUAL, ids=[f"{name}={value}" for name, value in UNUSUAL])
async def test_a_switch(world: EngineWorld, name: str, value: object) -> None:
    await _tour(world, {name: value}, *TOURS[name])


@in_one_loop
@pytest.mark.parametrize("switches", EVERYTHING.values(), ids=EVERYTHING.keys())
@pytest.mark.parametrize("tour", ALL_TOURS, ids=[tour.__name__ for tour in ALL_TOURS])
async def test_all_switches_at_once(world: EngineWorld, switches: Mapping[str, object], tour: Tour) -> None:
    await _tour(world, switches, tour)
