-- The body is the account's record in MessagePack, its token included.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- The accounts that were made under request ids.
CREATE TABLE account_requests (
    request_id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    account_id TEXT NOT NULL
) WITHOUT ROWID;
