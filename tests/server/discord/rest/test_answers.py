from typing import ClassVar

import httpx
import msgspec
import pytest

from mjproxy_server.discord.errors import (
    BadRequest,
    DiscordUnavailable,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    UnexpectedAnswer,
)
from mjproxy_server.discord.rest.answers import DEFAULT_RETRY_AFTER, bucket_headers_of, decode, failure_of
from mjproxy_server.discord.rest.buckets import BucketHeaders
from mjproxy_server.discord.rest.types import User


def rate_limited(json: object = None, **headers: str) -> RateLimited:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    failure = failure_of(httpx.Response(429, json=json, headers=named) if json else httpx.Response(429, headers=named))
    assert isinstance(failure, RateLimited)
    return failure


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 50035, BadRequest),
        (400, 10003, BadRequest),
        (400, 40001, Unauthorized),
        (401, 0, Unauthorized),
        (403, 50001, Forbidden),
        (404, 10008, NotFound),
        (413, 40005, BadRequest),
    ],
)
def test_refusals_by_status_and_code(status: int, code: int, kind: type[Rejected]) -> None:
    failure = failure_of(httpx.Response(status, json={"message": "no", "code": code}))
    assert type(failure) is kind
    assert (failure.http_status, failure.code, failure.message) == (status, code, "no")


@pytest.mark.parametrize("status", [200, 201, 204])
def test_no_failure_when_the_status_is_2xx(status: int) -> None:
    assert failure_of(httpx.Response(status)) is None


@pytest.mark.parametrize("status", [302, 500, 502, 503, 504])
def test_anything_else_proves_nothing(status: int) -> None:
    failure = failure_of(httpx.Response(status))
    assert isinstance(failure, DiscordUnavailable)
    assert failure.sent


def test_refusal_without_discords_body_has_the_reason_phrase() -> None:
    failure = failure_of(httpx.Response(403, text="<html>blocked</html>"))
    assert isinstance(failure, Forbidden)
    assert (failure.code, failure.message) == (None, "Forbidden")


def test_message_names_the_fields_that_are_wrong() -> None:
    errors = {
        "data": {"version": {"_errors": [{"code": "X", "message": "This command is outdated"}]}},
        "nonce": {"_errors": [{"code": "Y", "message": "Must be 25 or fewer in length."}]},
    }
    failure = failure_of(httpx.Response(400, json={"message": "Invalid Form Body", "code": 50035, "errors": errors}))
    assert isinstance(failure, BadRequest)
    assert failure.message == (
        "Invalid Form Body; data.version: This command is outdated; nonce: Must be 25 or fewer in length."
    )


class TestRateLimited:
    def test_body_counts_in_fractions_of_a_second(self) -> None:
        failure = rate_limited({"message": "x", "retry_after": 64.57, "global": False}, Retry_After="65")
        assert (failure.retry_after, failure.is_global, failure.is_shared) == (64.57, False, False)

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            ({"message": "x", "retry_after": 1, "global": True}, {}),
            ({"message": "x", "retry_after": 1, "global": False}, {"X_RateLimit_Global": "true"}),
            ({"message": "x", "retry_after": 1}, {"X_RateLimit_Scope": "global"}),
        ],
    )
    def test_global_limit_shows_in_body_or_headers(self, body: dict[str, object], headers: dict[str, str]) -> None:
        assert rate_limited(body, **headers).is_global

    def test_shared_limit_is_told_by_its_scope(self) -> None:
        assert rate_limited({"message": "x", "retry_after": 1}, X_RateLimit_Scope="shared").is_shared

    def test_answer_from_before_discord_is_for_everything(self) -> None:
        failure = rate_limited(Retry_After="12")
        assert (failure.retry_after, failure.is_global) == (12.0, True)

    @pytest.mark.parametrize("headers", [{}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}])
    def test_some_pause_is_taken_when_none_is_named(self, headers: dict[str, str]) -> None:
        assert rate_limited(**headers).retry_after == DEFAULT_RETRY_AFTER


class TestBucketHeaders:
    HEADERS: ClassVar = {
        "X-RateLimit-Bucket": "abcd1234",
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "3",
        "X-RateLimit-Reset-After": "4.57",
    }

    def test_window_is_read(self) -> None:
        read = bucket_headers_of(httpx.Response(200, headers=self.HEADERS))
        assert read == BucketHeaders("abcd1234", limit=10, remaining=3, reset_after=4.57)

    @pytest.mark.parametrize("missing", HEADERS)
    def test_nothing_is_read_when_a_header_is_missing_or_no_number(self, missing: str) -> None:
        incomplete = {name: value for name, value in self.HEADERS.items() if name != missing}
        assert bucket_headers_of(httpx.Response(200, headers=incomplete)) is None
        if missing != "X-RateLimit-Bucket":
            assert bucket_headers_of(httpx.Response(200, headers=incomplete | {missing: "many"})) is None


def test_answer_of_another_shape_is_refused_with_the_place() -> None:
    with pytest.raises(UnexpectedAnswer, match=r"\$\.id"):
        decode(msgspec.json.encode({"id": 1, "username": "u"}), User)
    with pytest.raises(UnexpectedAnswer):
        decode(b"<html>", User)
