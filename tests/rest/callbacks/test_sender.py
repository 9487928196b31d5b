"""The sender between an outbox and hooks, all on real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import grpc
import pytest

from mjproxy.channel import open_channel
from mjproxy.v1.delivery_service_pb2 import DELIVERY_OUTCOME_DELIVERED, DELIVERY_OUTCOME_DROP, DELIVERY_OUTCOME_RETRY
from mjproxy_rest.callbacks.addresses import AddressRules
from mjproxy_rest.callbacks.outbox import Outbox
from mjproxy_rest.callbacks.poster import open_poster
from mjproxy_rest.callbacks.sender import Sender
from mjproxy_rest.tasks import encode
from tests.rest.rest_hooks import Hook
from tests.rest.rest_outbox import ScriptedOutbox, delivery, logged

OPEN = AddressRules.parse([], with_loopback=True)


@pytest.fixture
async def outbox() -> AsyncIterator[ScriptedOutbox]:
    async with ScriptedOutbox.serve() as serving:
        yield serving


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Hook.serve() as serving:
        yield serving


@asynccontextmanager
async def sending(
    outbox: ScriptedOutbox, *, seconds: float = 15, drain: float = 5
) -> AsyncIterator[asyncio.Task[None]]:
    """Runs a sender for so long, or until its task is cancelled."""
    async with (
        open_channel(f"127.0.0.1:{outbox.port}") as channel,
        open_poster(OPEN, encode=encode, signer=None, now=time.time, seconds=seconds) as poster,
    ):
        sender = Sender(Outbox(channel, "service-key"), poster, time.monotonic, drain)
        running = asyncio.create_task(sender.run())
        try:
            yield running
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_what_is_due_is_posted_and_reported(outbox: ScriptedOutbox, hook: Hook) -> None:
    async with sending(outbox):
        await outbox.put(delivery(hook.url(), "1"), delivery(hook.url(), "2"))
        reports = await outbox.reported(2)
    assert {report.lease_id for report in reports} == {"1-7-1", "2-7-1"}
    assert {report.outcome for report in reports} == {DELIVERY_OUTCOME_DELIVERED}
    assert sorted(posted.headers["webhook-id"] for posted in hook.posted) == ["1-7", "2-7"]
    assert set(outbox.keys) == {"Bearer service-key"}


async def test_outcomes_are_reported_as_they_are(outbox: ScriptedOutbox, hook: Hook) -> None:
    hook.status, hook.headers = 503, "Retry-After: 90\r\n"
    async with sending(outbox):
        await outbox.put(delivery(hook.url(), "1"), delivery("http://10.0.0.1/", "2"))
        reports = {report.lease_id: report for report in await outbox.reported(2)}
    assert reports["1-7-1"].outcome == DELIVERY_OUTCOME_RETRY
    assert reports["1-7-1"].retry_after.seconds == 90
    assert reports["2-7-1"].outcome == DELIVERY_OUTCOME_DROP


async def test_a_dead_hook_does_not_slow_the_others(outbox: ScriptedOutbox, hook: Hook) -> None:
    """The dead one's deliveries are all leased before any of the other's."""
    async with Hook.serve() as dead, sending(outbox):
        dead.open.clear()
        await outbox.put(*(delivery(dead.url(), f"1{number}") for number in range(40)))
        await dead.came(4)
        await outbox.put(*(delivery(hook.url(), f"2{number}") for number in range(100)))
        await outbox.reported(100, seconds=10)
        assert outbox.delivered() == {f"2{number}-7-1" for number in range(100)}
        assert dead.busiest == 4
        dead.open.set()
        await outbox.reported(140)
    assert dead.busiest == 4


async def test_there_are_never_more_attempts_than_can_be_under_way(outbox: ScriptedOutbox) -> None:
    hosts = [f"127.0.0.{number}" for number in range(1, 5)]
    async with Hook.serve("0.0.0.0") as dead, sending(outbox):
        dead.open.clear()
        await outbox.put(*(delivery(dead.url(host), f"{host}-{number}") for host in hosts for number in range(150)))
        await dead.came(4 * len(hosts))
        assert len(outbox.leased) == 512
        dead.open.set()
        await outbox.reported(600)
    assert dead.busiest == 4 * len(hosts)


async def test_what_fails_in_the_shim_itself_does_not_stop_it(
    outbox: ScriptedOutbox, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    broken = delivery(hook.url(), "1")
    broken.task.ClearField("bot_type")  # No server sends it, and there is no word for it.
    async with sending(outbox):
        await outbox.put(broken, delivery(hook.url(), "2"))
        reports = {report.lease_id: report for report in await outbox.reported(2)}
    assert reports["2-7-1"].outcome == DELIVERY_OUTCOME_DELIVERED
    assert reports["1-7-1"].outcome == DELIVERY_OUTCOME_RETRY
    assert "a fault in the delivery of a callback of task 1" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_report_is_repeated_until_the_server_has_heard_it(outbox: ScriptedOutbox, hook: Hook) -> None:
    outbox.failing_reports += [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED]
    async with sending(outbox):
        await outbox.put(delivery(hook.url()))
        [report] = await outbox.reported(1)
    assert report.outcome == DELIVERY_OUTCOME_DELIVERED
    assert len(hook.posted) == 1


async def test_a_report_that_is_refused_is_told_to_the_operator(outbox: ScriptedOutbox, hook: Hook) -> None:
    outbox.failing_reports.append(grpc.StatusCode.PERMISSION_DENIED)
    async with sending(outbox), logged("could not be reported"):
        await outbox.put(delivery(hook.url()))
    assert outbox.reports == []


async def test_leasing_goes_on_when_the_server_is_back(outbox: ScriptedOutbox, hook: Hook) -> None:
    await outbox.stop()
    async with sending(outbox):
        await outbox.start()
        await outbox.put(delivery(hook.url()))
        await outbox.reported(1)


async def test_a_refused_key_is_told_to_the_operator(outbox: ScriptedOutbox, caplog: pytest.LogCaptureFixture) -> None:
    outbox.refusal = grpc.StatusCode.UNAUTHENTICATED
    async with sending(outbox), logged("check service_key"):
        pass
    assert "service-key" not in caplog.text


async def test_nothing_is_posted_when_the_lease_has_ended(outbox: ScriptedOutbox, hook: Hook) -> None:
    """The state of then may have been followed by a newer one, which another shim has posted."""
    outbox.lease_seconds = -60
    async with sending(outbox), logged("3 leases had ended"):
        await outbox.put(*(delivery(hook.url(), str(number)) for number in range(3)))
    assert hook.posted == []


async def test_an_attempt_ends_with_its_lease(hook: Hook) -> None:
    hook.open.clear()
    async with ScriptedOutbox.serve(lease_seconds=0.5) as outbox, sending(outbox):
        await outbox.put(delivery(hook.url()))
        await hook.came(2)
        hook.open.set()
        await outbox.reported(1)
    assert hook.left == len(hook.posted) - 1, "all but the one that was answered"


async def test_what_is_under_way_is_finished_when_told_to_end(outbox: ScriptedOutbox, hook: Hook) -> None:
    hook.open.clear()
    async with sending(outbox) as running:
        await outbox.put(delivery(hook.url()))
        await hook.came()
        running.cancel()
        await outbox.put(delivery(hook.url(), "2"))
        hook.open.set()
        await outbox.reported(1)
        await asyncio.wait([running], timeout=10)
        assert running.cancelled()
    assert outbox.delivered() == {"1705514776143750-7-1"}
    assert len(hook.posted) == 1


async def test_what_takes_too_long_is_left_to_others_when_told_to_end(outbox: ScriptedOutbox, hook: Hook) -> None:
    hook.open.clear()
    async with sending(outbox, drain=0.1) as running:
        await outbox.put(delivery(hook.url()))
        await hook.came()
        running.cancel()
        await asyncio.wait([running], timeout=10)
        assert running.cancelled()
    assert outbox.reports == []
    assert len(outbox.leased) == 1
