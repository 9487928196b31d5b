"""What the simulator keeps: messages, attachments, jobs, uploads and the ledger, in one SQLite file.

Every change is committed before anybody hears of it, so that a killed simulator comes back with everything it ever
said. `synchronous=NORMAL` is enough for that: in WAL mode a commit survives the death of the process, and only the
loss of power can take the last ones. The file is locked while it is open, so that two simulators cannot play the same
jobs.

Records are kept as JSON beside the few columns that are searched, since nothing else ever asks for a part of one. The
messages and jobs that were used last are also kept in memory: each step of a job begins by asking for them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import orjson
from pydantic import TypeAdapter

from mjproxy_simulator.model.entries import Entry
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import Attachment, Drawing, Message
from mjproxy_simulator.model.snowflakes import LARGEST_ID
from mjproxy_simulator.recent import Recent

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages
    (id INTEGER PRIMARY KEY, channel_id INTEGER, ephemeral INTEGER, record TEXT) STRICT;
CREATE INDEX IF NOT EXISTS messages_of_channel ON messages (channel_id, id) WHERE NOT ephemeral;
CREATE TABLE IF NOT EXISTS attachments (id INTEGER PRIMARY KEY, channel_id INTEGER, record TEXT) STRICT;
CREATE TABLE IF NOT EXISTS jobs
    (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, over INTEGER, record TEXT) STRICT;
CREATE INDEX IF NOT EXISTS jobs_at_work ON jobs (number) WHERE NOT over;
CREATE INDEX IF NOT EXISTS jobs_of_message ON jobs (json_extract(record, '$.progress_id'), number);
CREATE TABLE IF NOT EXISTS uploads (name TEXT PRIMARY KEY, channel_id INTEGER, ticket TEXT) STRICT;
CREATE TABLE IF NOT EXISTS ledger (number INTEGER PRIMARY KEY, record TEXT) STRICT;
CREATE TABLE IF NOT EXISTS members (user_id INTEGER PRIMARY KEY, record TEXT) STRICT;
CREATE TABLE IF NOT EXISTS reactions
    (message_id INTEGER, emoji TEXT, user_id INTEGER, PRIMARY KEY (message_id, emoji, user_id)) STRICT;
CREATE TABLE IF NOT EXISTS population (id INTEGER PRIMARY KEY, accounts INTEGER) STRICT;
"""
_MESSAGE: Final = TypeAdapter(Message)
_ATTACHMENT: Final = TypeAdapter(Attachment)
_JOB: Final = TypeAdapter(Job)
_MEMBER: Final = TypeAdapter(Member)

_RECENT: Final = 8192  # As many as 5,000 jobs at work need, and some 30 MB.
_PAGES_OF_A_CHECKPOINT: Final = 8192  # Rare ones: each waits for the disk, and everybody waits for it.


class StoreInUseError(OSError):
    """Another process has the data folder open."""


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: sqlite3.OperationalError) -> OSError:
    return OSError(f"{path} cannot be used ({error}); make its folder writable, or choose another one")


class Store:
    """The simulator's memory. All calls are quick and made from the event loop.

    Args:
        path: The database file; its folder must exist.

    Raises:
        StoreInUseError: Another process has it open.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._db = _opened(path)
        self._messages: Recent[int, Message] = Recent(_RECENT)
        self._jobs: Recent[str, Job] = Recent(_RECENT)
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._db.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise _unusable(path, error) from None
            raise StoreInUseError(f"{path} is in use by another simulator; stop it or choose another folder") from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_OF_A_CHECKPOINT}")
        with self.transaction():
            for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
                self._db.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes made inside together, or none of them if it raises; inside another one, with that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._forget_recent()
            raise
        self._db.execute("COMMIT")

    def reset(self) -> None:
        """Forget everything but the number of the last job, so that no UUID comes twice."""
        with self.transaction():
            for table in ("messages", "attachments", "reactions", "jobs", "uploads", "ledger", "members"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 -- names from the line above
            self._forget_recent()

    def last_id(self) -> int:
        """Return the greatest id of a message or attachment, 0 if there is none."""
        query = (
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM attachments), 0))"
        )
        (last,) = self._db.execute(query).fetchone()
        return int(last)

    def _forget_recent(self) -> None:
        self._messages.clear()
        self._jobs.clear()

    # Messages and their attachments

    def put_message(self, message: Message) -> None:
        """Keep a message, new or changed, and whatever is attached to it."""
        self._db.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            (message.id, message.channel_id, message.ephemeral, _record(message)),
        )
        self._messages.put(message.id, message)
        for attachment in message.attachments:
            self.put_attachment(message.channel_id, attachment)

    def put_attachment(self, channel_id: int, attachment: Attachment) -> None:
        """Keep an attachment; it outlives the message that it came with, as it does on the real CDN."""
        self._db.execute(
            "INSERT OR REPLACE INTO attachments VALUES (?, ?, ?)",
            (attachment.id, channel_id, _record(attachment)),
        )

    def message(self, message_id: int) -> Message | None:
        """Return a message, ephemeral ones included."""
        if recent := self._messages.get(message_id):
            return recent
        if message_id > LARGEST_ID:
            return None
        row = self._db.execute("SELECT record FROM messages WHERE id = ?", (message_id,)).fetchone()
        return None if row is None else _MESSAGE.validate_json(row[0])

    def delete_message(self, message_id: int) -> None:
        """Forget a message."""
        self._messages.drop(message_id)
        self._db.execute("DELETE FROM messages WHERE id = ?", (message_id,))

    def add_reaction(self, message_id: int, emoji: str, user_id: int) -> bool:
        """Keep a reaction; return False when it was there."""
        row = (message_id, emoji, user_id)
        return self._db.execute("INSERT OR IGNORE INTO reactions VALUES (?, ?, ?)", row).rowcount > 0

    def remove_reaction(self, message_id: int, emoji: str, user_id: int) -> bool:
        """Forget a reaction; return False when there was none."""
        query = "DELETE FROM reactions WHERE message_id = ? AND emoji = ? AND user_id = ?"
        return self._db.execute(query, (message_id, emoji, user_id)).rowcount > 0

    def reactions(self, message_id: int, emoji: str) -> set[int]:
        """Return the users who have put an emoji on a message."""
        query = "SELECT user_id FROM reactions WHERE message_id = ? AND emoji = ?"
        return {user_id for (user_id,) in self._db.execute(query, (message_id, emoji))}

    def messages_before(self, channel_id: int, before: int, limit: int) -> list[Message]:
        """Return the `limit` messages next below the id `before`, newest first, without ephemeral ones."""
        return self._history("id < ? ORDER BY id DESC", channel_id, before, limit)

    def messages_after(self, channel_id: int, after: int, limit: int) -> list[Message]:
        """Return the `limit` messages next above the id `after`, newest first, without ephemeral ones."""
        return self._history("id > ? ORDER BY id ASC", channel_id, after, limit)[::-1]

    def _history(self, bound: str, channel_id: int, message_id: int, limit: int) -> list[Message]:
        query = f"SELECT record FROM messages WHERE channel_id = ? AND NOT ephemeral AND {bound} LIMIT ?"  # noqa: S608
        rows = self._db.execute(query, (channel_id, message_id, limit))
        return [_MESSAGE.validate_json(record) for (record,) in rows]

    def newest_messages(self, channel_ids: Sequence[int] | None, limit: int) -> list[Message]:
        """Return the newest messages of some channels, None for all, ephemeral ones included, newest first."""
        marks = "" if channel_ids is None else f"WHERE channel_id IN ({','.join('?' * len(channel_ids))})"
        query = f"SELECT record FROM messages {marks} ORDER BY id DESC LIMIT ?"  # noqa: S608 -- only question marks
        return [_MESSAGE.validate_json(record) for (record,) in self._db.execute(query, (*(channel_ids or ()), limit))]

    def last_message_id(self, channel_id: int) -> int | None:
        """Return the id of a channel's newest message, without ephemeral ones."""
        newest = self.messages_before(channel_id, LARGEST_ID, 1)
        return newest[0].id if newest else None

    def attachment(self, channel_id: int, attachment_id: int) -> Attachment | None:
        """Return an attachment of a channel."""
        if max(channel_id, attachment_id) > LARGEST_ID:
            return None
        row = self._db.execute(
            "SELECT record FROM attachments WHERE id = ? AND channel_id = ?", (attachment_id, channel_id)
        ).fetchone()
        return None if row is None else _ATTACHMENT.validate_json(row[0])

    # Jobs

    def next_job_number(self) -> int:
        """Return the number that the next job will have."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def put_job(self, job: Job) -> None:
        """Keep a job, new or changed."""
        self._db.execute(
            "INSERT INTO jobs VALUES (?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET over = excluded.over, record = excluded.record",
            (job.number, job.id, job.status.over, _record(job)),
        )
        self._jobs.put(job.id, job)

    def job(self, job_id: str) -> Job | None:
        """Return a job."""
        if recent := self._jobs.get(job_id):
            return recent
        row = self._db.execute("SELECT record FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else _JOB.validate_json(row[0])

    def jobs(self) -> list[Job]:
        """Return all jobs, oldest first."""
        return [_JOB.validate_json(record) for (record,) in self._db.execute("SELECT record FROM jobs ORDER BY number")]

    def unfinished_jobs(self) -> list[Job]:
        """Return the jobs that wait or run, oldest first."""
        rows = self._db.execute("SELECT record FROM jobs WHERE NOT over ORDER BY number")
        return [_JOB.validate_json(record) for (record,) in rows]

    def image_urls(self) -> list[str]:
        """Return the URLs of all images that were ever given to a job, each once."""
        query = "SELECT DISTINCT value FROM jobs, json_each(jobs.record, '$.images')"
        return [url for (url,) in self._db.execute(query)]

    def job_of_message(self, message_id: int) -> Job | None:
        """Return the newest job whose progress or result a message shows, or is attached to it."""
        message = self.message(message_id)
        for attachment in () if message is None else message.attachments:
            if isinstance(attachment.source, Drawing):
                return self.job(attachment.source.job_id)
        query = "SELECT record FROM jobs WHERE json_extract(record, '$.progress_id') = ? ORDER BY number DESC LIMIT 1"
        row = self._db.execute(query, (message_id,)).fetchone()
        return None if row is None else _JOB.validate_json(row[0])

    # Members

    def member(self, user_id: int) -> Member | None:
        """Return what the bots know of a user."""
        row = self._db.execute("SELECT record FROM members WHERE user_id = ?", (user_id,)).fetchone()
        return None if row is None else _MEMBER.validate_json(row[0])

    def put_member(self, member: Member) -> None:
        """Keep what the bots know of a user."""
        self._db.execute("INSERT OR REPLACE INTO members VALUES (?, ?)", (member.user_id, _record(member)))

    # Uploads

    def add_upload(self, name: str, channel_id: int, ticket: str) -> None:
        """Open a slot into which one file may be put by who has the ticket."""
        self._db.execute("INSERT INTO uploads VALUES (?, ?, ?)", (name, channel_id, ticket))

    def upload_ticket(self, name: str) -> str | None:
        """Return the ticket of a slot."""
        row = self._db.execute("SELECT ticket FROM uploads WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def upload_channel(self, name: str) -> int | None:
        """Return the channel in which a slot was opened."""
        row = self._db.execute("SELECT channel_id FROM uploads WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def remove_upload(self, name: str) -> None:
        """Close a slot."""
        self._db.execute("DELETE FROM uploads WHERE name = ?", (name,))

    # Ledger

    def add_entry(self, entry: Entry) -> None:
        """Write an interaction down."""
        self._db.execute("INSERT INTO ledger (record) VALUES (?)", (_record(entry),))

    def entries(self, user_id: str | None = None, since: float = 0.0) -> Sequence[str]:
        """Return the ledger as JSON objects, oldest first: of a user, from after a Unix time."""
        of_user = "(?1 IS NULL OR json_extract(record, '$.user_id') = ?1)"
        query = f"SELECT record FROM ledger WHERE {of_user} AND json_extract(record, '$.time') > ?2 ORDER BY number"  # noqa: S608
        return [record for (record,) in self._db.execute(query, (user_id, since))]

    def newest_nonce(self, user_id: int) -> str | None:
        """Return the nonce of a user's newest interaction that had one."""
        query = (
            "SELECT json_extract(record, '$.nonce') AS nonce FROM ledger "
            "WHERE json_extract(record, '$.user_id') = ? AND nonce IS NOT NULL ORDER BY number DESC LIMIT 1"
        )
        row = self._db.execute(query, (str(user_id),)).fetchone()
        return None if row is None else str(row[0])

    # Accounts

    def account_count(self) -> int:
        """Return how many accounts there were when some were made last, 0 if none ever were."""
        row = self._db.execute("SELECT accounts FROM population").fetchone()
        return 0 if row is None else int(row[0])

    def set_account_count(self, count: int) -> None:
        """Keep how many accounts there are."""
        self._db.execute("INSERT OR REPLACE INTO population VALUES (1, ?)", (count,))


def _record(record: Message | Attachment | Job | Member | Entry) -> str:
    return orjson.dumps(record).decode()
