import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import (
    BadRequest,
    DiscordUnavailable,
    Forbidden,
    InvalidRequestBudgetSpent,
    RateLimitTooLong,
    Unauthorized,
    UnexpectedAnswer,
    UploadRefused,
)
from mjproxy_server.discord.rest.budget import INVALID_REQUEST_LIMIT, InvalidRequestBudget
from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.rest.types import (
    ApplicationCommand,
    InDoubt,
    Refused,
    Taken,
    UploadedFile,
    UploadFile,
    User,
)
from mjproxy_server.discord.snowflake import NonceSource
from tests.server.discord.discord_api import ScriptedApi
from tests.server.discord.discord_clock import VirtualClock

CAT = UploadFile("cat.png", b"a cat", "image/png")
DOG = UploadFile("dog.webp", b"a dog!", "image/webp")
IMAGINE = {"type": 2, "nonce": "1", "data": {"name": "imagine"}}
NewRest = Callable[..., DiscordRest]


@pytest.fixture
def budget() -> InvalidRequestBudget:
    return InvalidRequestBudget()


@pytest.fixture
async def new_rest(
    api: ScriptedApi, token: SecretStr, clock: VirtualClock, rng: random.Random, budget: InvalidRequestBudget
) -> AsyncIterator[NewRest]:
    clients = []

    def new(timeout: float = 5.0, **hosts: str) -> DiscordRest:
        client = DiscordRest(
            token=token,
            user_agent="UA",
            endpoints=Endpoints(**{"server": api.url, "upload_server": api.url, **hosts}),
            budget=budget,
            nonces=NonceSource(clock, random.Random(1)),
            clock=clock,
            rng=rng,
            timeout=httpx.Timeout(timeout),
        )
        clients.append(client)
        return client

    yield new
    for client in clients:
        await client.close()


@pytest.fixture
def rest(new_rest: NewRest) -> DiscordRest:
    return new_rest()


class TestInteract:
    async def test_taken_when_discord_answers_204(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(204)
        assert await rest.interact(IMAGINE) == Taken()
        (request,) = api.requests
        assert (request.method, request.target) == ("POST", "/api/v9/interactions")
        assert request.headers["authorization"] == "the-secret-token"
        assert request.headers["user-agent"] == "UA"
        assert request.headers["content-type"] == "application/json"
        assert request.json == IMAGINE

    @pytest.mark.parametrize(
        ("status", "code"), [(400, 50035), (401, 0), (403, 50013), (404, 10062), (400, 40001), (408, None)]
    )
    async def test_refused_when_discord_answers_4xx(
        self, status: int, code: int | None, api: ScriptedApi, rest: DiscordRest
    ) -> None:
        api.answer(status, {"message": "no", "code": code})
        assert await rest.interact(IMAGINE) == Refused(status, code, "no")

    async def test_refused_and_not_repeated_when_rate_limited(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(429, {"message": "slow down", "retry_after": 7.5, "global": False})
        assert await rest.interact(IMAGINE) == Refused(429, None, "slow down", retry_after=7.5)
        assert len(api.requests) == 1

    async def test_refused_when_nobody_listens(self, new_rest: NewRest) -> None:
        outcome = await new_rest(server="http://127.0.0.1:1").interact(IMAGINE)
        assert isinstance(outcome, Refused)
        assert outcome.http_status is None

    async def test_refused_when_the_name_does_not_resolve(self, new_rest: NewRest) -> None:
        outcome = await new_rest(server="https://discord.invalid").interact(IMAGINE)
        assert isinstance(outcome, Refused)
        assert outcome.http_status is None
        assert "ConnectError" in outcome.message

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
    async def test_refused_when_the_peer_speaks_no_tls(self, answer: bytes, new_rest: NewRest) -> None:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            outcome = await new_rest(server=f"https://127.0.0.1:{port}").interact(IMAGINE)
        assert isinstance(outcome, Refused), "what was never encrypted was never sent"
        assert outcome.http_status is None

    async def test_refused_when_it_is_closed(self, rest: DiscordRest, api: ScriptedApi) -> None:
        """An account may be removed while something is still asked of the bot in its name."""
        await rest.close()
        assert await rest.interact(IMAGINE) == Refused(None, None, "the account's connections are closed")
        assert not api.requests

    async def test_refused_when_the_proxy_does_not_let_us_out(self, new_rest: NewRest, api: ScriptedApi) -> None:
        api.answer(407)
        outcome = await new_rest(server="https://discord.invalid", proxy=api.url).interact(IMAGINE)
        assert isinstance(outcome, Refused)
        assert api.requests[0].method == "CONNECT"

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_in_doubt_and_not_repeated_when_discord_answers_5xx(
        self, status: int, api: ScriptedApi, rest: DiscordRest
    ) -> None:
        api.answer(status, b"<html>bad gateway</html>")
        assert await rest.interact(IMAGINE) == InDoubt(f"Discord answered {status}")
        assert len(api.requests) == 1

    @pytest.mark.parametrize("data", [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
    async def test_in_doubt_when_the_connection_is_cut(self, data: bytes, api: ScriptedApi, rest: DiscordRest) -> None:
        api.cut_after(data)
        assert isinstance(await rest.interact(IMAGINE), InDoubt)
        assert len(api.requests) == 1

    async def test_in_doubt_when_no_answer_comes(self, api: ScriptedApi, new_rest: NewRest) -> None:
        api.stay_silent()
        assert isinstance(await new_rest(timeout=0.05).interact(IMAGINE), InDoubt)
        assert len(api.requests) == 1

    async def test_waits_for_its_rate_limit_before_it_is_sent(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        api.answer(429, {"message": "slow down", "retry_after": 7.5})
        await rest.interact(IMAGINE)
        api.answer(204)
        interacting = asyncio.create_task(rest.interact(IMAGINE))
        assert await clock.skip() == 7.5
        assert await interacting == Taken()

    async def test_error_and_nothing_sent_when_the_wait_would_be_too_long(
        self, api: ScriptedApi, rest: DiscordRest
    ) -> None:
        api.answer(429, {"message": "slow down", "retry_after": 64.5})
        await rest.interact(IMAGINE)
        with pytest.raises(RateLimitTooLong) as error:
            await rest.interact(IMAGINE)
        assert (error.value.route, error.value.retry_after) == ("POST /interactions", 64.5)
        assert len(api.requests) == 1

    async def test_error_and_nothing_sent_when_the_budget_is_spent(
        self, rest: DiscordRest, clock: VirtualClock, budget: InvalidRequestBudget
    ) -> None:
        for _ in range(INVALID_REQUEST_LIMIT):
            budget.charge(Forbidden(403, None, ""), clock.monotonic())
        with pytest.raises(InvalidRequestBudgetSpent):
            await rest.interact(IMAGINE)

    async def test_refusals_are_charged_to_the_budget(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock, budget: InvalidRequestBudget
    ) -> None:
        for _ in range(INVALID_REQUEST_LIMIT - 1):
            budget.charge(Forbidden(403, None, ""), clock.monotonic())
        api.answer(403, {"message": "Missing Access", "code": 50001})
        assert await rest.interact(IMAGINE) == Refused(403, 50001, "Missing Access")
        with pytest.raises(InvalidRequestBudgetSpent):
            await rest.interact(IMAGINE)


class TestRepeatableCalls:
    async def test_window_told_by_headers_is_kept(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        window = {"Bucket": "b", "Limit": "1", "Remaining": "0", "Reset_After": "4.5"}
        api.answer(200, [], **{f"X_RateLimit_{name}": value for name, value in window.items()})
        api.answer(200, [])
        await rest.history("5")
        asking = asyncio.create_task(rest.history("5"))
        assert await clock.skip() == 4.5
        assert await asking == []

    async def test_answer_after_failures_that_pass(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        api.answer(502)
        api.cut_after(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
        api.answer(200, {"id": "42", "username": "alice", "avatar": None})
        asking = asyncio.create_task(rest.current_user())
        await clock.skip()
        await clock.skip()
        assert await asking == User("42", "alice")

    async def test_retry_after_is_honoured(self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock) -> None:
        api.answer(429, {"message": "x", "retry_after": 9.0}, Retry_After="9")
        api.answer(200, {"id": "42", "username": "alice"})
        began = clock.monotonic()
        asking = asyncio.create_task(rest.current_user())
        await clock.skip()
        await clock.skip()
        await asking
        assert clock.monotonic() - began == pytest.approx(9.0)

    async def test_error_when_the_rate_limit_is_too_long(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        api.answer(429, {"message": "x", "retry_after": 900.0})
        asking = asyncio.create_task(rest.current_user())
        await clock.skip()
        with pytest.raises(RateLimitTooLong):
            await asking

    async def test_error_when_discord_stays_unavailable(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        for _ in range(5):
            api.answer(503)
        asking = asyncio.create_task(rest.current_user())
        for _ in range(4):
            await clock.skip()
        with pytest.raises(DiscordUnavailable):
            await asking

    @pytest.mark.parametrize(("status", "code"), [(401, 0), (400, 40001)])
    async def test_error_when_the_token_is_bad(
        self, status: int, code: int, api: ScriptedApi, rest: DiscordRest
    ) -> None:
        api.answer(status, {"message": "401: Unauthorized", "code": code})
        with pytest.raises(Unauthorized):
            await rest.current_user()

    async def test_error_when_the_answer_has_another_shape(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(200, {"id": 42})
        with pytest.raises(UnexpectedAnswer):
            await rest.current_user()


class TestReads:
    async def test_commands_of_all_applications_are_listed(self, api: ScriptedApi, rest: DiscordRest) -> None:
        imagine = {"id": "1", "type": 1, "application_id": "A", "version": "9", "name": "imagine", "options": []}
        untyped = {"id": "2", "application_id": "B", "version": "8", "name": "imagine"}
        api.answer(200, {"applications": [], "application_commands": [imagine, untyped], "version": "3"})
        assert await rest.application_commands("77") == [
            ApplicationCommand("1", "A", "9", "imagine", 1),
            ApplicationCommand("2", "B", "8", "imagine", 1),
        ]
        assert api.requests[0].target == "/api/v9/guilds/77/application-command-index"

    async def test_history_is_given_as_it_comes(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(200, [{"id": "3", "flags": None}, {"id": "2"}])
        assert await rest.history("5", after="1") == [{"id": "3", "flags": None}, {"id": "2"}]
        assert api.requests[0].target == "/api/v9/channels/5/messages?limit=50&after=1"

    @pytest.mark.parametrize("limit", [0, 101])
    async def test_error_when_the_history_limit_is_out_of_range(self, limit: int, rest: DiscordRest) -> None:
        with pytest.raises(ValueError, match=f"limit: must be 1 to 100, not {limit}"):
            await rest.history("5", limit=limit)

    async def test_error_when_history_has_two_anchors(self, rest: DiscordRest) -> None:
        with pytest.raises(ValueError, match="before, around"):
            await rest.history("5", before="1", around="2")


class TestFiles:
    def slots(self, *ids: int) -> dict[str, object]:
        return {
            "attachments": [
                {
                    "id": number,
                    "upload_url": f"https://storage.invalid/u{number}/file?upload_id=signature{number}",
                    "upload_filename": f"u{number}/file",
                }
                for number in ids
            ]
        }

    async def test_files_go_to_their_own_slots_without_the_token(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(200, self.slots(1, 0))
        api.answer(200)
        api.answer(200)
        assert await rest.upload("5", [CAT, DOG]) == [
            UploadedFile("cat.png", "u0/file"),
            UploadedFile("dog.webp", "u1/file"),
        ]
        ask, cat, dog = api.requests
        assert ask.target == "/api/v9/channels/5/attachments"
        assert ask.json == {
            "files": [
                {"filename": "cat.png", "file_size": 5, "id": "0"},
                {"filename": "dog.webp", "file_size": 6, "id": "1"},
            ]
        }
        assert (cat.method, cat.target, cat.body) == ("PUT", "/u0/file?upload_id=signature0", b"a cat")
        assert (dog.target, dog.headers["content-type"]) == ("/u1/file?upload_id=signature1", "image/webp")
        assert "authorization" not in cat.headers

    async def test_both_steps_are_repeated(self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock) -> None:
        api.answer(502)
        api.answer(200, self.slots(0))
        api.answer(503)
        api.answer(200)
        uploading = asyncio.create_task(rest.upload("5", [CAT]))
        await clock.skip()
        await clock.skip()
        assert len(await uploading) == 1

    async def test_refusal_of_the_storage_is_not_taken_for_one_of_discord(
        self, api: ScriptedApi, rest: DiscordRest
    ) -> None:
        api.answer(200, self.slots(0))
        api.answer(403)
        with pytest.raises(UploadRefused, match="403"):
            await rest.upload("5", [CAT])

    async def test_error_when_discord_takes_no_file_of_that_size(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(413, {"message": "Request entity too large", "code": 40005})
        with pytest.raises(BadRequest, match="too large"):
            await rest.upload("5", [CAT])

    async def test_error_when_a_file_gets_no_slot(self, api: ScriptedApi, rest: DiscordRest) -> None:
        api.answer(200, self.slots(0))
        with pytest.raises(UnexpectedAnswer, match="slot"):
            await rest.upload("5", [CAT, DOG])

    @pytest.mark.parametrize("count", [0, 11])
    async def test_error_when_there_are_too_few_or_too_many_files(self, count: int, rest: DiscordRest) -> None:
        with pytest.raises(ValueError, match=f"not {count}"):
            await rest.upload("5", [CAT] * count)

    async def test_message_with_attachments_gives_their_links(
        self, api: ScriptedApi, rest: DiscordRest, clock: VirtualClock
    ) -> None:
        api.cut_after()
        api.answer(200, {"id": "1", "attachments": [{"url": "https://cdn/x"}, {"url": "https://cdn/y"}]})
        sending = asyncio.create_task(
            rest.send_attachment_message("5", [UploadedFile("x.png", "u0/x"), UploadedFile("y.png", "u1/y")])
        )
        await clock.skip()
        assert await sending == ["https://cdn/x", "https://cdn/y"]
        first, second = api.requests
        assert first.target == "/api/v9/channels/5/messages"
        assert first.json["attachments"] == [
            {"id": "0", "filename": "x.png", "uploaded_filename": "u0/x"},
            {"id": "1", "filename": "y.png", "uploaded_filename": "u1/y"},
        ]
        assert first.json["enforce_nonce"] is True
        assert first.json == second.json, "a repeated message must carry the same nonce"

    async def test_links_are_refreshed_in_batches(self, api: ScriptedApi, rest: DiscordRest) -> None:
        urls = [f"https://cdn/{number}" for number in range(60)]
        for batch in (urls[:50], urls[50:]):
            api.answer(200, {"refreshed_urls": [{"original": url, "refreshed": f"{url}?ex=1"} for url in batch]})
        assert await rest.refresh_urls(urls) == {url: f"{url}?ex=1" for url in urls}
        assert [len(request.json["attachment_urls"]) for request in api.requests] == [50, 10]

    async def test_a_link_that_is_not_discords_own_is_left_out(self, api: ScriptedApi, rest: DiscordRest) -> None:
        own, foreign = "https://cdn/0", "https://elsewhere/1"
        links = [{"original": own, "refreshed": f"{own}?ex=1"}, {"original": foreign, "refreshed": None}]
        api.answer(200, {"refreshed_urls": links})
        assert await rest.refresh_urls([own, foreign]) == {own: f"{own}?ex=1"}


async def test_channels_do_not_wait_for_one_another(api: ScriptedApi, rest: DiscordRest, clock: VirtualClock) -> None:
    api.answer(429, {"message": "x", "retry_after": 20.0})
    waiting = asyncio.create_task(rest.history("A"))
    await clock.skip()
    api.answer(200, [])
    assert await rest.history("B") == []
    api.answer(200, [])
    await clock.skip()
    assert await waiting == []


async def test_neither_token_nor_signatures_are_ever_logged(
    api: ScriptedApi, rest: DiscordRest, caplog: pytest.LogCaptureFixture
) -> None:
    api.answer(200, TestFiles().slots(0))
    api.answer(403)
    api.answer(429, {"message": "x", "retry_after": 20.0})
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(UploadRefused) as error:
            await rest.upload("5", [CAT])
        await rest.interact(IMAGINE)
    assert "rate limits POST /interactions" in caplog.text
    for secret in ("the-secret-token", "signature0"):
        assert secret not in caplog.text
        assert secret not in repr(error.value)


async def test_everything_goes_by_the_proxy(api: ScriptedApi, new_rest: NewRest) -> None:
    api.answer(200, {"id": "42", "username": "alice"})
    rest = new_rest(server="http://discord.invalid", proxy=api.url)
    assert (await rest.current_user()).username == "alice"
    assert api.requests[0].target == "http://discord.invalid/api/v9/users/@me"
