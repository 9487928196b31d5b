"""Changes that do not tell enough, of messages that this process has never seen."""

from __future__ import annotations

from pathlib import Path

from mjproxy_server.engine.requests import DescribeRequest
from mjproxy_server.model.command import Press
from mjproxy_server.model.vocabulary import Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world
from tests.server.engine.tours import picture

RETRY = "MJ::Picread::Retry"


async def lose_the_next_read(world: EngineWorld) -> None:
    """Lets the next read of a channel's history fail for good."""
    await world.fault("http_status", method="GET", route="/channels/*/messages", status=403, code=50001, count=1)


async def test_the_message_is_read_if_a_task_waits_for_its_change(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=200) as world:
        described = await world.done(DescribeRequest(picture("teal")))
        assert described.result is not None
    async with running_engine_world(tmp_path, speed=200) as world:
        (await world.control.patch("/control/uncertain", json={"message_updates": "partial"})).raise_for_status()
        again = await world.done(Press(described.id, RETRY))
        assert again.status is Status.SUCCESS, again.failure
        assert again.result is not None
        assert again.result.prompt != described.result.prompt
        assert {button.custom_id for button in again.result.buttons} == {
            button.custom_id for button in described.result.buttons
        }


async def test_a_message_that_cannot_be_read_is_read_later(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=200) as world:
        described = await world.done(DescribeRequest(picture("teal")))
    async with running_engine_world(tmp_path, speed=200, clock_factor=60) as world:
        (await world.control.patch("/control/uncertain", json={"message_updates": "partial"})).raise_for_status()
        await lose_the_next_read(world)
        again = await world.done(Press(described.id, RETRY))
        assert again.status is Status.SUCCESS, again.failure
