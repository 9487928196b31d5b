"""WatchTasks over a real connection: resume, filters, removals, bookmarks, sizes, and the end of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeAlias

import grpc
import pytest

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api import watch_responses
from mjproxy_server.engine import watching
from mjproxy_server.model.facts import Cancelled, Progressed
from tests.server.api.service import Service, next_of, refusal

Watch: TypeAlias = grpc.aio.UnaryStreamCall[pb.WatchTasksRequest, pb.WatchTasksResponse]


async def progress(service: Service, task_id: str, percents: Iterable[int]) -> None:
    for percent in percents:
        await service.engine.store.record(task_id, Progressed(percent, "m", percent))


async def read_until(watch: Watch, revision: int) -> list[pb.TaskChange]:
    changes: list[pb.TaskChange] = []
    async with asyncio.timeout(20):
        while True:
            response = await next_of(watch)
            changes += response.changes
            if response.revision >= revision:
                return changes


async def test_a_watch_begins_with_a_bookmark_and_goes_on_from_now(service: Service) -> None:
    first = await service.imagine()
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest())
    bookmark = await next_of(watch)
    assert (list(bookmark.changes), bookmark.revision) == ([], first.revision)
    assert bookmark.history_id == service.engine.store.history_id
    second = await service.imagine()
    changes = await read_until(watch, second.revision)
    assert [change.task for change in changes] == [second.tasks[0]]
    watch.cancel()


@pytest.mark.parametrize("cut", [0, 1, 5, 9])
async def test_a_resumed_watch_misses_and_repeats_nothing(service: Service, cut: int) -> None:
    task_id = (await service.imagine()).tasks[0].id
    await progress(service, task_id, range(1, 10))
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=cut))
    changes = await read_until(watch, 10)
    assert [change.revision for change in changes] == list(range(cut + 1, 11))
    watch.cancel()


async def test_a_slow_watcher_gets_everything_and_slows_nobody(service: Service) -> None:
    slow = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=0))
    await slow.read()
    task_id = (await service.imagine("x" * 5000)).tasks[0].id
    for round_ in range(30):
        await progress(service, task_id, range(round_ * 3 + 1, round_ * 3 + 4))
    head = service.engine.store.head
    quick = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=0))
    assert len(await read_until(quick, head)) == head
    assert [change.revision for change in await read_until(slow, head)] == list(range(1, head + 1))
    slow.cancel()
    quick.cancel()


async def test_filters_let_through_what_they_say(service: Service) -> None:
    first = (await service.imagine("a cat", state="a")).tasks[0]
    second = (await service.imagine("a dog", state="b")).tasks[0]

    async def watched(**wanted: object) -> list[str]:
        request = pb.WatchTasksRequest(after_revision=0, filter=pb.WatchFilter(**wanted))  # type: ignore[arg-type]
        watch = service.tasks.WatchTasks(request)
        await watch.read()
        changes = (await next_of(watch)).changes
        watch.cancel()
        return [change.task.id for change in changes]

    assert await watched() == [first.id, second.id]
    assert await watched(ids=[second.id]) == [second.id]
    assert await watched(state="a") == [first.id]
    assert await watched(actions=[1], bot_types=[1]) == [first.id, second.id]


async def test_an_idle_watch_gets_bookmarks_beyond_what_its_filter_hides(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.05)
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(filter=pb.WatchFilter(ids=["99"])))
    assert (await next_of(watch)).revision == 0
    answer = await service.imagine()
    assert not await read_until(watch, answer.revision)
    watch.cancel()


async def test_each_idle_watch_gets_bookmarks_again_and_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.05)
    watches = [service.tasks.WatchTasks(pb.WatchTasksRequest()) for _ in range(3)]
    async with asyncio.timeout(10):
        for watch in watches:
            assert [(await next_of(watch)).revision for _ in range(4)] == [0, 0, 0, 0]
            watch.cancel()


async def test_nothing_is_left_of_a_watch_whose_caller_leaves(service: Service) -> None:
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest())
    await watch.read()
    (telling,) = (task for task in asyncio.all_tasks() if task.get_name() == "watch")
    watch.cancel()
    await asyncio.wait({telling}, timeout=5)
    assert telling.cancelled()


async def test_removals_are_changes_too(service: Service) -> None:
    task_id = (await service.imagine()).tasks[0].id
    await service.engine.store.record(task_id, Cancelled(1))
    assert await service.engine.store.expire(2**53) == 1
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=0))
    changes = await read_until(watch, 3)
    assert changes[-1].removed_task_id == task_id
    watch.cancel()


@pytest.mark.parametrize(("after", "history_id"), [(99, ""), (1, "another")])
async def test_a_watch_that_cannot_begin_says_where_it_could(service: Service, after: int, history_id: str) -> None:
    await service.imagine()
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=after, history_id=history_id))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await watch.read()
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.OUT_OF_RANGE, "REVISION_GONE")
    assert refused.metadata["oldest_revision"] == "0"


async def test_a_compacted_revision_is_out_of_range(service: Service) -> None:
    task_id = (await service.imagine()).tasks[0].id
    await progress(service, task_id, range(1, 10))
    await service.engine.store.compact(keep_count=2, keep_after_ms=0)
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=3))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await watch.read()
    assert refusal(error.value).metadata["oldest_revision"] == "8"


async def test_a_negative_revision_is_refused(service: Service) -> None:
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=-1))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await watch.read()
    assert refusal(error.value).fields == ["after_revision"]


async def test_a_message_stays_under_its_limit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_responses, "LARGEST_MESSAGE", 5000)
    task_id = (await service.imagine("x" * 1500)).tasks[0].id
    await progress(service, task_id, range(1, 20))
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=0))
    await watch.read()
    last, sizes = 0, []
    while last < 20:
        response = await next_of(watch)
        assert response.revision == response.changes[-1].revision
        sizes.append(response.ByteSize())
        last = response.changes[-1].revision
    assert len(sizes) > 3
    assert max(sizes) <= 5000
    watch.cancel()
