from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.entries import Entry
from mjproxy_simulator.model.jobs import Job, Kind, Status, Variant
from mjproxy_simulator.model.messages import (
    Attachment,
    Button,
    ButtonStyle,
    Drawing,
    Embed,
    Invocation,
    Message,
    MessageFlags,
    MessageType,
    Upload,
    View,
)
from mjproxy_simulator.store import Store, StoreInUseError

INVOCATION = Invocation(id=5, type=3, user_id=6, message_id=7)
DRAWING = Attachment(11, "a.webp", "image/webp", 10, Drawing("j", View.PREVIEW, 46), 512, 512)
MESSAGE = Message(
    id=12,
    channel_id=3,
    author_id=4,
    content="**a cat** ☕",
    type=MessageType.REPLY,
    edited_ms=99,
    reference=7,
    invocation=INVOCATION,
    attachments=(DRAWING, Attachment(10, "b.txt", "text/plain", 5, Upload("u/b.txt"))),
    embeds=(Embed("Title", "Text", 255, "Foot"),),
    components=((Button("id", "U1"), Button(emoji="🔄", style=ButtonStyle.LINK, url="https://example.com")),),
)
JOB = Job(
    id="j",
    number=1,
    kind=Kind.VARIATION,
    application_id=1,
    channel_id=3,
    profile=Profile.OF_2023,
    prompt="a cat",
    mode="fast, stealth",
    seed=4_294_967_295,
    aspect=(3, 2),
    invocation=INVOCATION,
    created_ms=1,
    parent="k",
    index=2,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite3") as store:
        yield store


def test_everything_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite3") as store:
        store.put_message(MESSAGE)
        store.put_job(JOB)
        store.add_upload("u/b.txt", 3, "ticket")
        store.add_entry(Entry(time=1.5, user_id="6", prompt="a cat"))
    with Store(tmp_path / "store.sqlite3") as store:
        assert store.message(12) == MESSAGE
        assert store.attachment(3, 11) == DRAWING
        assert store.attachment(4, 11) is None
        assert store.job("j") == JOB
        assert store.upload_ticket("u/b.txt") == "ticket"
        assert '"prompt":"a cat"' in store.entries()[0]
        assert store.last_id() == 12
        assert store.next_job_number() == 2


def test_records_are_the_same_from_memory_and_from_the_file(tmp_path: Path) -> None:
    job = replace(
        JOB, images=("https://example.com/a.png",), status=Status.QUEUED, progress_id=12, variant=Variant.SUBTLE
    )
    messages = (MESSAGE, replace(MESSAGE, id=13, flags=MessageFlags.EPHEMERAL | MessageFlags.LOADING))
    with Store(tmp_path / "store.sqlite3") as store:
        for message in messages:
            store.put_message(message)
        store.put_job(job)
        assert [store.message(each.id) for each in messages] == [*messages]
        assert store.job(job.id) == job
    with Store(tmp_path / "store.sqlite3") as store:
        assert [store.message(each.id) for each in messages] == [*messages]
        assert store.job(job.id) == job


def test_transaction_leaves_nothing_when_it_fails(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.put_message(MESSAGE)
            store.put_job(JOB)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.message(12) is None
    assert store.job("j") is None


def test_failed_transaction_leaves_what_there_was(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.put_message(replace(MESSAGE, content="another"))
            store.put_job(replace(JOB, beat=9))
            store.delete_message(MESSAGE.id)
            raise ZeroDivisionError

    store.put_message(MESSAGE)
    store.put_job(JOB)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.message(MESSAGE.id) == MESSAGE
    assert store.job(JOB.id) == JOB


def test_job_of_a_message_is_the_newest_that_it_shows(store: Store) -> None:
    store.put_message(Message(20, 3, 4))
    assert store.job_of_message(20) is None
    for number in (1, 2, 3):
        store.put_job(replace(JOB, id=str(number), number=number, progress_id=20 if number < 3 else 21))
    assert store.job_of_message(20) == store.job("2")
    store.put_message(replace(MESSAGE, id=22, attachments=(replace(DRAWING, source=Drawing("1", View.GRID)),)))
    assert store.job_of_message(22) == store.job("1")


def test_reset_forgets_everything(store: Store) -> None:
    store.put_message(MESSAGE)
    store.put_job(JOB)
    store.reset()
    assert store.message(MESSAGE.id) is None
    assert store.job(JOB.id) is None


def test_second_simulator_is_refused_on_the_same_folder(store: Store, tmp_path: Path) -> None:
    store.put_message(MESSAGE)
    with pytest.raises(StoreInUseError, match="in use by another simulator"):
        Store(tmp_path / "store.sqlite3")


def test_jobs_at_work_are_found_in_order(store: Store) -> None:
    for number, status in enumerate((Status.RUNNING, Status.FINISHED, Status.QUEUED, Status.STOPPED), 1):
        store.put_job(replace(JOB, id=str(number), number=number, status=status))
    assert [job.id for job in store.unfinished_jobs()] == ["1", "3"]
    assert len(store.jobs()) == 4


def test_number_of_a_job_never_comes_again(store: Store) -> None:
    store.put_job(replace(JOB, number=7))
    store.reset()
    assert store.jobs() == []
    assert store.next_job_number() == 8


def test_history_leaves_out_ephemeral_messages_and_other_channels(store: Store) -> None:
    store.put_message(Message(1, 3, 4))
    store.put_message(Message(2, 3, 4, flags=MessageFlags.EPHEMERAL))
    store.put_message(Message(3, 9, 4))
    store.put_message(Message(4, 3, 4))
    assert [message.id for message in store.messages_before(3, 100, 10)] == [4, 1]
    assert [message.id for message in store.messages_after(3, 1, 10)] == [4]
    assert store.last_message_id(3) == 4
    assert store.last_message_id(5) is None


def test_attachment_outlives_its_message(store: Store) -> None:
    store.put_message(MESSAGE)
    store.delete_message(MESSAGE.id)
    assert store.message(MESSAGE.id) is None
    assert store.attachment(3, 11) == DRAWING


def test_a_database_that_cannot_be_written_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="make its folder writable"):
        Store(tmp_path / "no such folder" / "simulator.sqlite3")
