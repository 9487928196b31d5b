import os

import orjson
import pytest

from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import TaskChange
from mjproxy.watch import Position
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.shown import SharedRevisions, shared_memory
from mjproxy_rest.tasks import encode
from tests.rest.rest_server import HISTORY, running

HERE = Position(0, HISTORY)


def at(revision: int) -> Position:
    return Position(revision, HISTORY)


def change(revision: int, task: Task) -> TaskChange:
    return TaskChange(revision=revision, task=task)


def removal(revision: int, task_id: str) -> TaskChange:
    return TaskChange(revision=revision, removed_task_id=task_id)


def progress(body: bytes | None) -> str:
    assert body is not None
    return str(orjson.loads(body)["progress"])


@pytest.fixture
def cache() -> TaskCache:
    """A cache whose watch is up."""
    cache = TaskCache()
    cache.reset(HERE)
    return cache


def hold(cache: TaskCache, task: Task, revision: int) -> None:
    with cache.asking([task.id]) as ask:
        cache.settle(ask, [task], revision)


def test_a_miss_keeps_the_change_that_came_while_it_asked(cache: TaskCache) -> None:
    with cache.asking(["1"]) as ask:
        cache.apply([change(2, running("1", 20))], at(2))
        shown = cache.settle(ask, [running("1", 10)], 1)
    assert progress(shown["1"]) == "20%"
    assert progress(cache.get("1")) == "20%"


def test_a_task_that_nobody_reads_is_not_kept(cache: TaskCache) -> None:
    cache.apply([change(1, running("1"))], at(1))
    assert cache.get("1") is None
    assert cache.size == 0


def test_a_submitted_task_is_readable_at_once(cache: TaskCache) -> None:
    with cache.asking() as ask:
        cache.settle(ask, [running("1")], 1)
    assert progress(cache.get("1")) == "0%"


def test_a_submitted_task_that_the_watch_has_passed_is_asked_for(cache: TaskCache) -> None:
    with cache.asking() as ask:
        cache.apply([change(1, running("1")), change(2, running("1", 50))], at(2))
        cache.settle(ask, [running("1")], 1)
    assert cache.get("1") is None


def test_a_list_that_another_overtook_is_not_kept(cache: TaskCache) -> None:
    with cache.asking() as slow, cache.asking() as fast:
        cache.settle(fast, [running("2")], 4)
        cache.settle(slow, [running("1", 30)], 3)
    assert cache.get("2") is not None
    assert cache.get("1") is None


def test_a_miss_that_a_list_overtook_is_not_kept(cache: TaskCache) -> None:
    with cache.asking(["1"]) as miss, cache.asking() as listing, cache.asking() as newest:
        cache.settle(newest, [running("2")], 7)
        cache.settle(listing, [running("1", 60)], 6)
        cache.settle(miss, [running("1", 40)], 4)
    assert cache.get("1") is None


def test_a_change_goes_on_from_what_is_held(cache: TaskCache) -> None:
    hold(cache, running("1", 10), 5)
    cache.apply([change(4, running("1", 5))], at(4))
    assert progress(cache.get("1")) == "10%"
    cache.apply([change(6, running("1", 60))], at(6))
    assert progress(cache.get("1")) == "60%"


def test_the_same_bytes_are_served_until_the_task_changes(cache: TaskCache) -> None:
    hold(cache, running("1"), 1)
    first = cache.get("1")
    cache.apply([], at(9))
    with cache.asking() as ask:
        listed = cache.settle(ask, [running("1")], 9)
    assert cache.get("1") is first
    assert listed["1"] is first


def test_a_removed_task_is_gone_for_those_who_ask_just_now_too(cache: TaskCache) -> None:
    hold(cache, running("1"), 1)
    with cache.asking(["1"]) as ask:
        cache.apply([removal(2, "1")], at(2))
        assert cache.settle(ask, [running("1")], 1) == {}
    assert cache.get("1") is None


def test_what_is_as_new_as_what_another_worker_has_shown_is_served_though_the_watch_lags() -> None:
    descriptor = shared_memory(2)
    mine, other = (TaskCache(shown=SharedRevisions(descriptor, number)) for number in (0, 1))
    os.close(descriptor)
    for cache in (mine, other):
        cache.reset(HERE)
        hold(cache, running("1", 10), 5)
    assert progress(mine.get("1")) == "10%"
    hold(other, running("1", 20), 6)
    assert mine.get("1") is None
    mine.apply([change(6, running("1", 20))], at(6))
    assert progress(mine.get("1")) == "20%"


def test_nothing_is_served_while_the_watch_is_down(cache: TaskCache) -> None:
    hold(cache, running("1"), 1)
    cache.interrupt()
    assert cache.get("1") is None
    cache.apply([], at(1))
    assert cache.get("1") is not None


def test_what_is_held_is_recalled_while_the_watch_is_down(cache: TaskCache) -> None:
    assert cache.recall("1") is None
    hold(cache, running("1", 10), 1)
    cache.interrupt()
    assert progress(cache.recall("1")) == "10%"
    hold(cache, running("1", 20), 2)
    assert progress(cache.recall("1")) == "20%"


def test_a_list_that_another_answer_overtook_renews_what_is_held(cache: TaskCache) -> None:
    hold(cache, running("1", 10), 5)
    with cache.asking() as slow, cache.asking(["2"]) as fast:
        cache.settle(fast, [running("2")], 10)
        assert progress(cache.settle(slow, [running("1", 30)], 7)["1"]) == "30%"
    assert progress(cache.get("1")) == "30%"
    assert progress(cache.recall("1")) == "30%"


def test_what_another_watch_showed_is_not_undone(cache: TaskCache) -> None:
    hold(cache, running("1", 10), 5)
    cache.overtake([change(9, running("1", 90))], HISTORY)
    assert progress(cache.get("1")) == "90%"
    cache.apply([change(7, running("1", 70))], at(7))
    cache.overtake([change(6, running("1", 60))], HISTORY)
    assert progress(cache.get("1")) == "90%"
    with cache.asking() as ask:
        assert ask.min_revision == 9


def test_what_another_watch_showed_of_another_history_does_not_count(cache: TaskCache) -> None:
    hold(cache, running("1", 10), 5)
    cache.overtake([change(9, running("1", 90))], "another history")
    assert progress(cache.get("1")) == "10%"


def test_what_is_let_go_is_asked_for_again(cache: TaskCache) -> None:
    hold(cache, running("1"), 1)
    cache.let_go(["1", "404"])
    assert cache.get("1") is None
    assert cache.recall("1") is None
    assert cache.size == 0


def test_a_question_asks_for_what_was_shown_or_passed(cache: TaskCache) -> None:
    with cache.asking() as ask:
        assert ask.min_revision == 0
        cache.settle(ask, [running("1")], 7)
    with cache.asking() as ask:
        assert ask.min_revision == 7
    cache.apply([], at(8))
    with cache.asking() as ask:
        assert ask.min_revision == 8


def test_a_reset_forgets_and_takes_no_answer_from_before(cache: TaskCache) -> None:
    hold(cache, running("1"), 30)
    with cache.asking(["2"]) as ask:
        cache.reset(Position(3, "another history"))
        assert progress(cache.settle(ask, [running("2")], 31)["2"]) == "0%"
    assert cache.get("1") is None
    assert cache.get("2") is None
    with cache.asking() as ask:
        assert ask.min_revision == 3


def test_a_reset_within_the_history_still_asks_for_what_was_shown(cache: TaskCache) -> None:
    hold(cache, running("1"), 30)
    cache.reset(at(20))
    with cache.asking() as ask:
        assert ask.min_revision == 30


def test_an_answer_from_before_a_reset_ends_no_mark_from_after_it(cache: TaskCache) -> None:
    with cache.asking(["1"]):
        cache.reset(at(5))
        later = cache.asking(["1"])
        ask = later.__enter__()
    cache.apply([change(6, running("1", 60))], at(6))
    assert progress(cache.settle(ask, [running("1", 50)], 5)["1"]) == "60%"
    later.__exit__(None, None, None)


def test_a_mark_from_before_a_reset_keeps_nothing_after_it(cache: TaskCache) -> None:
    with cache.asking(["1"]) as ask:
        cache.settle(ask, [running("1", 90)], 9)
        cache.reset(Position(1, "another history"))
        with cache.asking(["1"]) as anew:
            assert progress(cache.settle(anew, [running("1", 10)], 1)["1"]) == "10%"


def test_the_least_recently_read_go_first() -> None:
    cache = TaskCache(capacity=2500)
    cache.reset(HERE)
    for number in range(3):
        hold(cache, running(str(number)), 1)
        cache.get("0")
    assert cache.get("0") is not None
    assert cache.get("1") is None
    assert cache.size <= 2500


def test_what_nobody_reads_is_not_made_json_of() -> None:
    made: list[int] = []

    def encoded(task: Task) -> bytes:
        made.append(task.progress)
        return encode(task)

    cache = TaskCache(encode=encoded)
    cache.reset(HERE)
    with cache.asking() as ask:
        assert cache.learn(ask, [running("1", 10)], 1) == ["1"]
    cache.apply([change(2, running("1", 20)), change(3, running("1", 30))], at(3))
    assert [progress(cache.get("1")), progress(cache.get("1")), progress(cache.recall("1"))] == ["30%"] * 3
    assert made == [30]


def test_a_task_that_was_removed_meanwhile_is_not_learnt(cache: TaskCache) -> None:
    with cache.asking(["1"]) as ask:
        cache.apply([removal(2, "1")], at(2))
        assert cache.learn(ask, [running("1", 10)], 1) == []
