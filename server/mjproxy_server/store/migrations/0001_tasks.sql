CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('history_id', lower(hex(randomblob(16))));

-- The body is the whole task in MessagePack; the columns beside it repeat what queries ask for.
-- AUTOINCREMENT remembers the largest id in sqlite_sequence, so that an id does not return after its task expired.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    caller TEXT NOT NULL,
    account_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    state TEXT NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    finished_at INTEGER NOT NULL,
    once TEXT NOT NULL,
    body BLOB NOT NULL
);

-- What may be made once only, such as the upscale of one picture, is claimed here; two at the same time cannot both win.
CREATE UNIQUE INDEX tasks_once ON tasks (once) WHERE once <> '';

-- An index entry ends with the row's id, so each of these gives its tasks in the order of pages.
-- What most tasks lack is not indexed where it is lacking: that costs nothing to write, and would find nearly all.
CREATE INDEX tasks_by_account ON tasks (account_id);
CREATE INDEX tasks_by_caller ON tasks (caller) WHERE caller <> '';
CREATE INDEX tasks_by_parent ON tasks (parent_id) WHERE parent_id <> '';
CREATE INDEX tasks_by_state ON tasks (state) WHERE state <> '';

-- finished_at is 0 until the end: one index counts an account's queue, finds what is unfinished, and what may expire.
CREATE INDEX tasks_by_end ON tasks (finished_at, account_id, status);

-- The log. AUTOINCREMENT remembers the newest number when all revisions are compacted away.
-- The body is the task as it became, or as it last was if the revision removed it.
CREATE TABLE revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- The first answers to request ids; the body is the tasks as they were first stored.
CREATE TABLE requests (
    caller TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    queue_position INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    existed INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (caller, request_id)
);

CREATE INDEX requests_by_age ON requests (at_ms);
