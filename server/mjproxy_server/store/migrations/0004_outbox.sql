-- What is not delivered of the tasks that have a hook; the body is the entry in MessagePack, the columns repeat what
-- queries ask for. A task that has nothing to deliver has no row, and none outlives its task.
CREATE TABLE outbox (
    task INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    newest INTEGER NOT NULL,
    due_at INTEGER,
    leased INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- due_at is NULL of what has failed for good. The first due row of each host is found by stepping from host to host.
CREATE INDEX outbox_by_host ON outbox (host, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_time ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_leased ON outbox (host, due_at) WHERE leased;
CREATE INDEX outbox_failed ON outbox (task) WHERE due_at IS NULL;
