"""Attempts at real sockets, by names that only the test's resolver knows."""

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_OUTCOME_DELIVERED,
    DELIVERY_OUTCOME_DROP,
    DELIVERY_OUTCOME_RETRY,
    DeliveryResult,
)
from mjproxy_rest.callbacks.addresses import AddressRules
from mjproxy_rest.callbacks.poster import Poster, open_poster
from mjproxy_rest.tasks import encode
from tests.rest.rest_hooks import Hook
from tests.rest.rest_outbox import delivery

SECRET = "whsec_YS1mb3VydGgtbG9uZy1yYW5kb20tdGV4dA=="
OPEN = AddressRules.parse([], with_loopback=True)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Hook.serve() as serving:
        yield serving


@asynccontextmanager
async def poster(
    rules: AddressRules = OPEN,
    known: Iterable[str] = ("127.0.0.1",),
    signer: Webhook | None = None,
    seconds: float = 15,
) -> AsyncIterator[Poster]:
    """Opens one that finds the same addresses for any host."""

    def resolve(host: str, port: int) -> Sequence[str]:
        return list(known)

    async with open_poster(
        rules, encode=encode, signer=signer, now=time.time, resolve=resolve, seconds=seconds
    ) as opened:
        yield opened


def told(result: DeliveryResult) -> tuple[int, int, str]:
    return result.outcome, result.http_status, result.error


async def test_the_task_is_posted_under_the_name_of_its_host(hook: Hook) -> None:
    given_out = delivery(hook.url("hooks.example"))
    async with poster() as opened:
        result = await opened.post(given_out)
    assert told(result) == (DELIVERY_OUTCOME_DELIVERED, 200, "")
    [posted] = hook.posted
    assert posted.path == "/hook?token=s3cret"
    assert posted.body == encode(given_out.task)
    assert posted.headers["host"] == f"hooks.example:{hook.port}"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["webhook-id"] == "1705514776143750-7"
    assert "webhook-signature" not in posted.headers


async def test_a_hook_that_holds_a_password_is_posted_to_with_it(hook: Hook) -> None:
    given_out = delivery(hook.url().replace("://", "://robot:p%40ss@"))
    async with poster() as opened:
        assert (await opened.post(given_out)).outcome == DELIVERY_OUTCOME_DELIVERED
    [posted] = hook.posted
    assert posted.headers["authorization"] == f"Basic {base64.b64encode(b'robot:p@ss').decode()}"
    assert posted.headers["host"] == f"127.0.0.1:{hook.port}"


async def test_what_is_posted_is_signed_when_there_is_a_secret(hook: Hook) -> None:
    async with poster(signer=Webhook(SECRET)) as opened:
        await opened.post(delivery(hook.url()))
    [posted] = hook.posted
    assert Webhook(SECRET).verify(posted.body, posted.headers) == json.loads(posted.body)


@pytest.mark.parametrize("known", [["10.0.0.1"], ["::1"], ["169.254.169.254", "10.0.0.1"], ["fe80::1%lo"]])
async def test_a_name_that_leads_inside_is_refused(known: list[str], hook: Hook) -> None:
    async with poster(AddressRules(), known) as opened:
        result = await opened.post(delivery(hook.url("hooks.example")))
    assert (result.outcome, result.http_status) == (DELIVERY_OUTCOME_DROP, 0)
    assert result.error.startswith(f"hooks.example has the address {known[0]}, which is not public; ")
    assert "s3cret" not in result.error


@pytest.mark.parametrize("written", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"])
async def test_this_machine_is_refused_however_it_is_written(written: str, hook: Hook) -> None:
    async with open_poster(AddressRules(), encode=encode, signer=None, now=time.time) as opened:
        result = await opened.post(delivery(hook.url(written)))
    assert result.outcome == DELIVERY_OUTCOME_DROP
    assert hook.posted == []


async def test_of_several_addresses_only_the_allowed_are_connected_to(hook: Hook) -> None:
    async with Hook.serve("127.0.0.2") as other, poster(known=["10.0.0.1", "127.0.0.3", "127.0.0.2"]) as opened:
        assert (await opened.post(delivery(other.url("hooks.example")))).outcome == DELIVERY_OUTCOME_DELIVERED
        assert len(other.posted) == 1
    assert hook.posted == []


async def test_a_name_that_changes_its_mind_is_asked_once(hook: Hook) -> None:
    """DNS rebinding: the second answer would lead inside."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])

    def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    rules = AddressRules.parse(["127.0.0.2/32"], with_loopback=False)
    async with (
        Hook.serve("127.0.0.2") as outside,
        open_poster(rules, encode=encode, signer=None, now=time.time, resolve=resolve) as opened,
    ):
        assert (await opened.post(delivery(outside.url("a.example")))).outcome == DELIVERY_OUTCOME_DELIVERED
        assert (await opened.post(delivery(hook.url("a.example")))).outcome == DELIVERY_OUTCOME_DROP
    assert hook.posted == []


async def test_the_operators_own_hook_may_be_anywhere(hook: Hook) -> None:
    async with poster(AddressRules()) as opened:
        assert (await opened.post(delivery(hook.url(), trusted=True))).outcome == DELIVERY_OUTCOME_DELIVERED
    assert len(hook.posted) == 1


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_redirect_is_not_followed(trusted: bool, hook: Hook) -> None:
    async with Hook.serve() as other, poster() as opened:
        hook.status, hook.headers = 307, f"Location: {other.url()}\r\n"
        result = await opened.post(delivery(hook.url(), trusted=trusted))
        assert told(result) == (DELIVERY_OUTCOME_RETRY, 307, "the hook answered 307")
        assert other.posted == []


async def test_an_endless_answer_is_not_read(hook: Hook) -> None:
    hook.endless = True
    async with poster() as opened:
        assert (await opened.post(delivery(hook.url()))).outcome == DELIVERY_OUTCOME_DELIVERED


async def test_cookies_are_not_kept(hook: Hook) -> None:
    hook.headers = "Set-Cookie: a=b\r\n"
    async with poster() as opened:
        for _ in range(2):
            await opened.post(delivery(hook.url()))
    assert "cookie" not in hook.posted[1].headers


async def test_a_hook_that_does_not_answer_is_tried_again(hook: Hook) -> None:
    hook.open.clear()
    async with poster(seconds=0.2) as opened:
        result = await opened.post(delivery(hook.url()))
    assert told(result) == (DELIVERY_OUTCOME_RETRY, 0, "no answer within 0.2 s")


@pytest.mark.parametrize("drop", [b"H", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
async def test_a_hook_that_answers_drop_by_drop_is_not_waited_for(drop: bytes) -> None:
    """None of the pauses is long, but there is no end to them."""
    left = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"" if drop.endswith(b"\n") else b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0.01)
        left.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server, poster(seconds=0.3) as opened:
        result = await opened.post(delivery(f"http://hooks.example:{server.sockets[0].getsockname()[1]}/"))
        assert told(result) == (DELIVERY_OUTCOME_RETRY, 0, "no answer within 0.3 s")
        await asyncio.wait_for(left.wait(), 5)


async def test_a_host_that_does_not_take_connections_is_tried_again() -> None:
    """The first connection fills the queue of a socket that accepts none."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.create_connection(deaf.getsockname()):
        async with poster() as opened:
            result = await opened.post(delivery(f"http://hooks.example:{deaf.getsockname()[1]}/"))
    assert told(result) == (DELIVERY_OUTCOME_RETRY, 0, "no connection within 5 s")


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_name_server_that_does_not_answer_is_not_waited_for(hook: Hook, trusted: bool) -> None:
    name_server_answers = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        if host == "slow.example":
            name_server_answers.wait()
        return ["127.0.0.1"]

    async with open_poster(OPEN, encode=encode, signer=None, now=time.time, resolve=resolve, seconds=3) as opened:
        slow = [opened.post(delivery(hook.url("slow.example"), trusted=trusted)) for _ in range(16)]
        quick_one = opened.post(delivery(hook.url("quick.example"), trusted=trusted))
        *late, quick = await asyncio.gather(*slow, quick_one)
        name_server_answers.set()
    assert {result.outcome for result in late} == {DELIVERY_OUTCOME_RETRY}
    assert quick.outcome == DELIVERY_OUTCOME_DELIVERED


async def test_a_host_without_an_address_is_tried_again() -> None:
    async with open_poster(OPEN, encode=encode, signer=None, now=time.time, resolve=_unknown) as opened:
        result = await opened.post(delivery("http://hooks.example/"))
    assert result.outcome == DELIVERY_OUTCOME_RETRY
    assert result.error.startswith("no address was found")


def _unknown(host: str, port: int) -> Sequence[str]:
    raise OSError(-2, "Name or service not known")


async def test_a_closed_port_is_tried_again(hook: Hook) -> None:
    async with poster(known=["127.0.0.3", "127.0.0.4"]) as opened:
        result = await opened.post(delivery(hook.url("hooks.example")))
    assert (result.outcome, result.http_status) == (DELIVERY_OUTCOME_RETRY, 0)
    assert result.error


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 ", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000])
async def test_what_is_no_http_is_tried_again(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, poster() as opened:
        result = await opened.post(delivery(f"http://hooks.example:{server.sockets[0].getsockname()[1]}/"))
    assert (result.outcome, result.http_status) == (DELIVERY_OUTCOME_RETRY, 0)
    assert result.error


async def test_tls_asks_for_the_host_and_not_for_its_address() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, poster() as opened:
        result = await opened.post(delivery(f"https://hooks.example:{server.sockets[0].getsockname()[1]}/"))
    assert result.outcome == DELIVERY_OUTCOME_RETRY
    assert b"hooks.example" in hello.result()


@pytest.mark.parametrize(
    "hook_url", ["ftp://hooks.example/", "hooks.example", "", "http://", "http://a\x00b/", "http://[::1/"]
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_what_is_no_hook_is_dropped(hook_url: str, trusted: bool) -> None:
    async with open_poster(AddressRules(), encode=encode, signer=None, now=time.time) as opened:
        result = await opened.post(delivery(hook_url, trusted=trusted))
    assert result.outcome == DELIVERY_OUTCOME_DROP
    assert result.error


@given(st.one_of(st.text(), st.text().map("http://{}".format), st.from_regex(r"https?://[^/]*:\d+/", fullmatch=True)))
@settings(max_examples=100)
def test_any_text_as_a_hook_leads_to_a_result(hook_url: str) -> None:
    async def post() -> DeliveryResult:
        async with poster(AddressRules(), ["127.0.0.1"]) as opened:
            return await opened.post(delivery(hook_url))

    assert asyncio.run(post()).outcome == DELIVERY_OUTCOME_DROP
