-- The newest messages of the bots that were not understood; the JSON has nothing private in it.
CREATE TABLE unknown_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    json TEXT NOT NULL
);

INSERT INTO meta (key, value) VALUES ('unknown_messages_seen', '0');
