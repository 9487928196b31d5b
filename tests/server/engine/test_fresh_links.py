"""Links to pictures that can be fetched now, against a real simulator that signs its links and lets them expire."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from mjproxy_server.engine.fresh_links import MARGIN, FreshLinks, link_of
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.errors import NoPicture, Unavailable
from mjproxy_server.model.task import Task
from tests.server.engine.engine_world import EngineWorld, running_engine_world

DAY = 24 * 60 * 60
CDN = "https://cdn.discordapp.com/attachments/1/2/cat.png"
REFRESH = "/attachments/refresh-urls"


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here waits, not even {seconds} seconds")


async def drawn(world: EngineWorld, **options: object) -> Task:
    return await world.done(ImagineRequest("a cat"), **options)


async def drawn_long_ago(world: EngineWorld, **options: object) -> Task:
    await world.fault("expired_links", count=None)
    task = await drawn(world, **options)
    (await world.control.delete("/control/faults")).raise_for_status()
    return task


async def times_asked(world: EngineWorld) -> int:
    """How often Discord was asked since `count_questions`."""
    (fault,) = (await world.control.get("/control/faults")).json()
    return 100 - int(fault["left"])


async def count_questions(world: EngineWorld) -> None:
    """Lets each question take so long that others come meanwhile, and counts them."""
    await world.fault("http_latency", route=REFRESH, seconds=0.1, count=100)


@pytest.mark.parametrize(
    ("url", "expires_at"),
    [
        (f"{CDN}?ex=65d903de&is=65c68ede&hm=2481f30d&", 0x65D903DE),
        (f"{CDN}?width=64&ex=65D903DE&is=65c68ede&hm=2481f30d&", 0x65D903DE),
        (CDN, None),
        (f"{CDN}?ex=65d903de", None),
        (f"{CDN}?ex=tomorrow&is=65c68ede&hm=2481f30d&", None),
        (f"{CDN}?ex=fffffffffffffffff&is=65c68ede&hm=2481f30d&", None),
        ("https://cdn.midjourney.com/6f0e2c8a/0_0.png", None),
        ("", None),
    ],
)
def test_a_signed_link_says_when_it_expires(url: str, expires_at: int | None) -> None:
    link = link_of(url)
    assert (link.url, link.expires_at) == (url, expires_at)


async def test_a_link_that_holds_is_returned_as_it_is(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn(world)
        await count_questions(world)
        link = await world.engine.fresh_links.find(task)
        assert task.picture is not None
        assert link.url == task.picture.url
        assert link.expires_at is not None
        assert link.expires_at == pytest.approx(time.time() + DAY, abs=60)
        assert await times_asked(world) == 0


async def test_an_expired_link_is_made_new_and_the_task_stays_as_it_is(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn_long_ago(world)
        before = await world.engine.store.get(task.id)
        assert task.picture is not None
        assert (await world.control.get(task.picture.url)).status_code == 404
        link = await world.engine.fresh_links.find(task)
        assert (await world.control.get(link.url)).status_code == 200
        assert link.expires_at == pytest.approx(time.time() + DAY, abs=60)
        assert await world.engine.store.get(task.id) == before


async def test_discord_is_asked_once_for_all_who_want_a_link(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn_long_ago(world)
        await count_questions(world)
        links = await asyncio.gather(*(world.engine.fresh_links.find(task) for _ in range(20)))
        assert len({link.url for link in links}) == 1
        assert await world.engine.fresh_links.find(task) == links[0]
        assert await times_asked(world) == 1


async def test_a_caller_who_goes_away_takes_nothing_from_the_others(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn_long_ago(world)
        await count_questions(world)
        first, second = [asyncio.create_task(world.engine.fresh_links.find(task)) for _ in range(2)]
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).holds(time.time())
        assert first.cancelled()


async def test_a_link_that_will_soon_expire_is_made_new(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn(world)
        clock = HandClock()
        links = FreshLinks(world.engine.fleet, clock)
        await count_questions(world)
        told = await links.find(task)
        assert told.expires_at is not None
        clock.now = told.expires_at - MARGIN - 1
        await links.find(task)
        assert await times_asked(world) == 0
        clock.now = told.expires_at - MARGIN
        await links.find(task)
        assert await times_asked(world) == 1


async def test_another_account_asks_when_the_tasks_own_is_gone(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1) as world:
        (account,) = world.spare
        await world.engine.registry.create(account, None)
        task = await drawn_long_ago(world, account_filter=AccountFilter(account_id=account.id))
        await world.engine.registry.delete(account.id)
        link = await world.engine.fresh_links.find(task)
        assert (await world.control.get(link.url)).status_code == 200


async def test_an_expired_link_needs_somebody_who_is_connected(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1) as world:
        task = await drawn_long_ago(world)
        (stranger,) = (lane.account for lane in world.engine.fleet.lanes)
        await world.fault("close_on_identify", count=None)
        await world.engine.registry.update(
            stranger.id, lambda now: replace(now, user_token=world.spare[0].user_token), restore=False
        )
        with pytest.raises(Unavailable, match="no account is connected"):
            await world.engine.fresh_links.find(task)


async def test_a_refusal_of_discord_is_told_and_the_next_caller_asks_again(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = await drawn_long_ago(world)
        await world.fault("http_status", route=REFRESH, status=403)
        with pytest.raises(Unavailable, match="403"):
            await world.engine.fresh_links.find(task)
        assert (await world.engine.fresh_links.find(task)).holds(time.time())


async def test_a_task_without_a_picture_has_no_link(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        task = structs.replace(await drawn(world), picture=None)
        with pytest.raises(NoPicture):
            await world.engine.fresh_links.find(task)
