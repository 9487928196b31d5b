from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.discord.errors import RateLimited
from mjproxy_server.discord.rest.buckets import GLOBAL_LIMIT, GLOBAL_PERIOD, BucketHeaders, RateLimits
from mjproxy_server.discord.rest.routes import CREATE_MESSAGE, HISTORY, INTERACTIONS, BoundRoute

A, B = HISTORY.bind(channel_id="A"), HISTORY.bind(channel_id="B")
SEND_A = CREATE_MESSAGE.bind(channel_id="A")


def refusal(retry_after: float, *, is_global: bool = False) -> RateLimited:
    return RateLimited(0, "slow down", retry_after=retry_after, is_global=is_global)


def headers(remaining: int, reset_after: float, *, limit: int = 5, name: str = "hash") -> BucketHeaders:
    return BucketHeaders(name, limit=limit, remaining=remaining, reset_after=reset_after)


@given(st.lists(st.tuples(st.sampled_from([A, B, INTERACTIONS.bind()]), st.floats(0, 0.2)), min_size=60, max_size=200))
def test_never_more_than_fifty_in_any_second(requests: list[tuple[BoundRoute, float]]) -> None:
    limits, now, sent = RateLimits(), 0.0, []
    for route, pause in requests:
        now += pause
        while wait := limits.acquire(route, now):
            now += wait
        sent.append(now)
    for first, later in zip(sent, sent[GLOBAL_LIMIT:], strict=False):
        assert later >= first + GLOBAL_PERIOD


def test_request_goes_out_at_once_when_nothing_is_known() -> None:
    assert RateLimits().acquire(A, 0.0) == 0.0


class TestRefusals:
    def test_bucket_is_closed_for_the_time_that_discord_names(self) -> None:
        limits = RateLimits()
        limits.refuse(A, refusal(64.5), 10.0)
        assert limits.acquire(A, 10.0) == 64.5
        assert limits.acquire(A, 74.0) == 0.5
        assert limits.acquire(A, 74.5) == 0.0

    def test_other_channels_and_routes_stay_open(self) -> None:
        limits = RateLimits()
        limits.refuse(A, refusal(60.0), 0.0)
        assert limits.acquire(B, 0.0) == 0.0
        assert limits.acquire(SEND_A, 0.0) == 0.0

    def test_everything_is_closed_when_the_limit_is_global(self) -> None:
        limits = RateLimits()
        limits.refuse(A, refusal(3.0, is_global=True), 0.0)
        assert limits.acquire(B, 1.0) == 2.0
        assert limits.acquire(INTERACTIONS.bind(), 1.0) == 2.0

    @given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=10))
    def test_no_request_goes_out_before_the_latest_time_named(self, refusals: list[tuple[float, float]]) -> None:
        limits = RateLimits()
        for moment, retry_after in refusals:
            limits.refuse(A, refusal(retry_after), moment)
        opens_at = max(moment + retry_after for moment, retry_after in refusals)
        now = 0.0
        while wait := limits.acquire(A, now):
            now += wait
        assert now >= opens_at


class TestWindows:
    def test_window_that_is_spent_opens_at_its_reset(self) -> None:
        limits = RateLimits()
        limits.acquire(A, 0.0)
        limits.learn(A, headers(remaining=0, reset_after=4.0), 0.0)
        assert limits.acquire(A, 1.0) == 3.0
        assert limits.acquire(A, 4.0) == 0.0

    def test_requests_under_way_count_as_spent(self) -> None:
        limits = RateLimits()
        limits.learn(A, headers(remaining=2, reset_after=4.0), 0.0)
        assert [limits.acquire(A, 0.5) for _ in range(3)] == [0.0, 0.0, 3.5]
        limits.learn(A, headers(remaining=1, reset_after=3.0), 1.0)
        assert limits.acquire(A, 1.0) == 3.0

    def test_new_window_holds_as_much_as_the_last_and_lasts_as_long(self) -> None:
        limits = RateLimits()
        limits.learn(A, headers(remaining=0, reset_after=4.0, limit=2), 0.0)
        assert [limits.acquire(A, 5.0) for _ in range(3)] == [0.0, 0.0, 4.0]

    def test_window_refills_when_discord_tells_of_a_new_one(self) -> None:
        limits = RateLimits()
        limits.learn(A, headers(remaining=0, reset_after=4.0), 0.0)
        limits.learn(A, headers(remaining=4, reset_after=4.0), 4.0)
        assert limits.acquire(A, 4.0) == 0.0

    def test_routes_that_share_a_bucket_are_counted_together(self) -> None:
        limits = RateLimits()
        limits.learn(A, headers(remaining=3, reset_after=4.0), 0.0)
        limits.learn(SEND_A, headers(remaining=0, reset_after=4.0), 0.0)
        assert limits.acquire(A, 0.0) == 4.0

    def test_channels_are_counted_apart_within_a_bucket(self) -> None:
        limits = RateLimits()
        limits.learn(A, headers(remaining=0, reset_after=4.0), 0.0)
        assert limits.acquire(B, 0.0) == 0.0

    def test_answer_without_headers_teaches_nothing(self) -> None:
        limits = RateLimits()
        limits.learn(A, None, 0.0)
        assert limits.acquire(A, 0.0) == 0.0

    @given(limit=st.integers(1, 10), pauses=st.lists(st.floats(0, 3), min_size=1, max_size=80))
    def test_a_server_that_counts_windows_never_has_to_refuse(self, limit: int, pauses: list[float]) -> None:
        """A model of Discord's counter: fixed windows of 4 s that begin with their first request."""
        limits, now, begun, used = RateLimits(), 0.0, float("-inf"), 0
        for pause in pauses:
            now += pause
            while wait := limits.acquire(A, now):
                now += wait
            if now >= begun + 4.0:
                begun, used = now, 0
            used += 1
            assert used <= limit
            limits.learn(A, headers(limit - used, begun + 4.0 - now, limit=limit), now)
