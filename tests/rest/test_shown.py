"""What a shim's workers share: each reads what any of them has noted, within one history."""

import os
import subprocess
import sys

import pytest

from mjproxy_rest.shown import SharedRevisions, shared_memory

HISTORY = "the-history"
WORKERS = 3


@pytest.fixture
def workers() -> list[SharedRevisions]:
    descriptor = shared_memory(WORKERS)
    try:
        return [SharedRevisions(descriptor, number) for number in range(WORKERS)]
    finally:
        os.close(descriptor)


def test_nothing_has_been_shown_at_first(workers: list[SharedRevisions]) -> None:
    assert [worker.newest(HISTORY) for worker in workers] == [0] * WORKERS
    assert [worker.newest_of(HISTORY, "1") for worker in workers] == [0] * WORKERS


def test_every_worker_reads_the_highest_that_any_has_noted(workers: list[SharedRevisions]) -> None:
    for revision, worker in zip((7, 9, 8), workers, strict=True):
        worker.note(HISTORY, "1", revision)
    assert [worker.newest_of(HISTORY, "1") for worker in workers] == [9] * WORKERS
    assert [worker.newest(HISTORY) for worker in workers] == [9] * WORKERS


def test_a_task_has_its_own_revision_and_all_together_have_theirs(workers: list[SharedRevisions]) -> None:
    workers[0].note(HISTORY, "1", 7)
    workers[0].note(HISTORY, "2", 5)
    assert [workers[1].newest_of(HISTORY, task_id) for task_id in ("1", "2", "3")] == [7, 5, 0]
    assert workers[1].newest(HISTORY) == 7


def test_what_is_older_changes_nothing(workers: list[SharedRevisions]) -> None:
    workers[0].note(HISTORY, "1", 7)
    workers[0].note(HISTORY, "1", 6)
    assert workers[1].newest_of(HISTORY, "1") == workers[1].newest(HISTORY) == 7


def test_another_history_counts_for_nothing_and_begins_anew(workers: list[SharedRevisions]) -> None:
    workers[0].note(HISTORY, "1", 900)
    assert workers[1].newest("another") == workers[1].newest_of("another", "1") == 0
    workers[0].note("another", "1", 3)
    assert workers[1].newest("another") == workers[1].newest_of("another", "1") == 3
    assert workers[1].newest(HISTORY) == 0


def test_what_is_shown_of_a_history_that_is_not_known_yet_changes_nothing(workers: list[SharedRevisions]) -> None:
    workers[0].note(HISTORY, "1", 7)
    workers[0].note("", "1", 9)
    assert workers[1].newest_of(HISTORY, "1") == workers[1].newest(HISTORY) == 7
    assert workers[1].newest_of("", "1") == 0


def test_the_largest_revision_leaves_the_history_as_it_is(workers: list[SharedRevisions]) -> None:
    workers[0].note(HISTORY, "1", 2**40 - 1)
    assert workers[1].newest_of(HISTORY, "1") == 2**40 - 1


def test_processes_agree_on_the_cells() -> None:
    """Each of them hashes texts in its own way."""
    descriptor = shared_memory(2)
    program = (
        "import sys; from mjproxy_rest import shown; shown.SharedRevisions(int(sys.argv[1]), 1).note('h', '17', 5)"
    )
    subprocess.run([sys.executable, "-c", program, str(descriptor)], pass_fds=[descriptor], check=True)
    mine = SharedRevisions(descriptor, 0)
    os.close(descriptor)
    assert (mine.newest_of("h", "17"), mine.newest_of("h", "18"), mine.newest("h")) == (5, 0, 5)
