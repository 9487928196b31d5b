import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy.backoff import Backoff
from mjproxy.channel import authorization, open_channel
from mjproxy.errors import DeadlineExceeded, HistoryGone, ServerError, Unauthenticated, Unavailable
from mjproxy.v1.task_service_pb2 import WatchFilter, WatchTasksRequest
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy.watch import Batch, Interrupted, Position, Recovery, Reset, TaskWatch, WatchEvent, recovery
from tests.client.scripted_server import Cut, Fails, ScriptedServer, error_info

UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE)


@asynccontextmanager
async def watching(
    server: ScriptedServer,
    *,
    after: Position | None = None,
    only: WatchFilter | None = None,
    key: str | None = None,
    silence: float = 30,
) -> AsyncIterator[TaskWatch]:
    """A watch that wastes no time between its tries."""
    channel = open_channel(server.target)
    quick = Backoff(first=0.001, limit=0.01)
    try:
        async with TaskWatch(
            TaskServiceStub(channel),
            after=after,
            watch_filter=only,
            metadata=authorization(key),
            backoff=quick,
            silence=silence,
        ) as watch:
            yield watch
    finally:
        await channel.close(None)


async def until_revision(watch: TaskWatch, revision: int) -> list[WatchEvent]:
    """The events up to the one that brings the watch to a revision."""
    events: list[WatchEvent] = []
    async with asyncio.timeout(20):
        while watch.position is None or watch.position.revision < revision:
            events.append(await anext(watch))
    return events


def revisions(events: list[WatchEvent]) -> list[int]:
    return [change.revision for event in events if isinstance(event, Batch) for change in event.changes]


RESUMED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}


@pytest.mark.parametrize("status", grpc.StatusCode)
def test_recovery_of_each_status(status: grpc.StatusCode) -> None:
    if status is grpc.StatusCode.OUT_OF_RANGE:
        assert recovery(status) is Recovery.RELIST
    else:
        assert recovery(status) is (Recovery.RESUME if status in RESUMED else Recovery.GIVE_UP)


async def test_watch_begins_with_a_reset_when_it_has_no_position(server: ScriptedServer) -> None:
    server.add()
    async with watching(server) as watch:
        assert await anext(watch) == Reset(Position(1, "first"))
        second = server.add()
        event = await anext(watch)
    assert isinstance(event, Batch)
    assert [change.task for change in event.changes] == [second]
    assert event.position == Position(2, "first")


async def test_watch_begins_behind_its_position(server: ScriptedServer) -> None:
    for _ in range(5):
        server.add()
    async with watching(server, after=Position(2, "first")) as watch:
        events = await until_revision(watch, 5)
    assert events[0] == Batch((), Position(2, "first"))
    assert revisions(events) == [3, 4, 5]


async def test_watch_passes_filter_and_key(server: ScriptedServer) -> None:
    server.key = "secret"
    wanted, _other = server.add(), server.add()
    async with watching(server, after=Position(0, ""), only=WatchFilter(ids=[wanted.id]), key="secret") as watch:
        assert revisions(await until_revision(watch, 2)) == [1]


async def test_watch_resumes_where_it_was_when_the_stream_is_cut(server: ScriptedServer) -> None:
    server.batch = 1
    server.cuts.extend([Cut(3, UNAVAILABLE), Cut(2)])
    for _ in range(6):
        server.add()
    async with watching(server, after=Position(0, "first")) as watch:
        events = await until_revision(watch, 6)
    assert revisions(events) == [1, 2, 3, 4, 5, 6]
    interruptions = [event for event in events if isinstance(event, Interrupted)]
    assert [type(event.error) for event in interruptions] == [Unavailable, Unavailable]
    opened = [call.request for call in server.called("WatchTasks")]
    assert [
        (request.after_revision, request.history_id) for request in opened if isinstance(request, WatchTasksRequest)
    ] == [
        (0, "first"),
        (2, "first"),
        (3, "first"),
    ]


async def test_watch_resumes_when_the_server_is_started_again(server: ScriptedServer) -> None:
    async with watching(server) as watch:
        await anext(watch)
        await server.stop()
        assert isinstance(await anext(watch), Interrupted)
        await server.start()
        server.add()
        assert revisions(await until_revision(watch, 1)) == [1]


@pytest.mark.parametrize("restored", [False, True])
async def test_watch_resets_when_history_is_gone(server: ScriptedServer, restored: bool) -> None:
    server.cuts.append(Cut(1, UNAVAILABLE))
    async with watching(server) as watch:
        await anext(watch)
        server.add()
        assert isinstance(await anext(watch), Interrupted)
        server.add()
        if restored:
            server.restore("second", revision=1)
        else:
            server.compact()
        gone, reset, bookmark = [await anext(watch) for _ in range(3)]
        assert isinstance(gone, Interrupted)
        assert isinstance(gone.error, HistoryGone)
        assert reset == Reset(Position(server.revision, server.history_id))
        assert bookmark == Batch((), Position(server.revision, server.history_id))
        server.add()
        assert revisions(await until_revision(watch, server.revision)) == [server.revision]


async def test_watch_lists_again_when_the_list_fails(server: ScriptedServer) -> None:
    server.errors["ListTasks"].append(UNAVAILABLE)
    server.add()
    server.compact()
    async with watching(server, after=Position(0, "first")) as watch:
        events = [await anext(watch) for _ in range(3)]
    assert [type(event) for event in events] == [Interrupted, Interrupted, Reset]


async def test_watch_gives_up_when_the_key_is_not_accepted(server: ScriptedServer) -> None:
    server.key = "secret"
    async with watching(server, key="wrong") as watch:
        with pytest.raises(Unauthenticated, match="no valid key"):
            await anext(watch)
        with pytest.raises(StopAsyncIteration):
            await anext(watch)


async def test_watch_breaks_the_stream_when_it_is_silent(server: ScriptedServer) -> None:
    async with watching(server, silence=0.05) as watch:
        await anext(watch)
        event = await anext(watch)
        assert isinstance(event, Interrupted)
        assert isinstance(event.error, DeadlineExceeded)
        assert await anext(watch) == Batch((), Position(0, "first"))


async def test_watch_waits_as_long_as_the_server_asks(server: ScriptedServer) -> None:
    busy = RetryInfo(retry_delay=Duration(seconds=7))
    server.errors["WatchTasks"].append(Fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", (busy,)))
    async with watching(server) as watch:
        event = await anext(watch)
    assert isinstance(event, Interrupted)
    assert event.retry_in == 7


async def test_watch_goes_on_when_a_read_was_cancelled(server: ScriptedServer) -> None:
    async with watching(server) as watch:
        await anext(watch)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(watch), timeout=0.02)
        server.add()
        assert revisions(await until_revision(watch, 1)) == [1]


async def test_watch_ends_its_stream_when_it_is_closed(server: ScriptedServer) -> None:
    async with watching(server) as watch:
        await anext(watch)
        await watch.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(watch)


BREAKS = st.sampled_from(
    [
        None,
        UNAVAILABLE,
        Fails(grpc.StatusCode.INTERNAL),
        Fails(grpc.StatusCode.UNKNOWN),
        Fails(grpc.StatusCode.CANCELLED),
        Fails(grpc.StatusCode.OUT_OF_RANGE, "compacted", (error_info("REVISION_GONE"),)),
    ]
)
CUTS = st.lists(st.builds(Cut, st.integers(0, 4), BREAKS), max_size=5)


@settings(max_examples=60)
@given(cuts=CUTS, batch=st.integers(1, 4), before=st.integers(0, 6), during=st.integers(1, 12))
def test_no_change_is_skipped_or_repeated_whatever_cuts_the_stream(
    cuts: list[Cut], batch: int, before: int, during: int
) -> None:
    events = asyncio.run(_watched(cuts, batch, before, during))
    told = revisions(events)
    covered = before
    for event in events:
        if isinstance(event, Reset):
            covered = event.position.revision
        elif isinstance(event, Batch):
            for change in event.changes:
                assert change.revision == covered + 1
                covered = change.revision
            assert event.position.revision == covered
    assert covered == before + during
    if not any(cut.error and cut.error.code is grpc.StatusCode.OUT_OF_RANGE for cut in cuts):
        assert told == list(range(before + 1, before + during + 1))


async def _watched(cuts: list[Cut], batch: int, before: int, during: int) -> list[WatchEvent]:
    async with ScriptedServer(batch=batch, cuts=deque(cuts)) as server:  # type: ignore[abstract]
        for _ in range(before):
            server.add()
        async with watching(server, after=Position(before, "first")) as watch:
            events = [await anext(watch)]
            for _ in range(during):
                server.add()
            return events + await until_revision(watch, before + during)


async def test_error_of_a_watch_is_a_server_error(server: ScriptedServer) -> None:
    server.errors["WatchTasks"].append(Fails(grpc.StatusCode.INVALID_ARGUMENT, "ids: too many"))
    async with watching(server) as watch:
        with pytest.raises(ServerError, match="ids: too many"):
            await anext(watch)
