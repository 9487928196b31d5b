-- Where the gateway sessions can be resumed; the owner is a digest of the user's token.
CREATE TABLE gateway_sessions (
    owner BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    resume_url TEXT NOT NULL,
    sequence INTEGER
) WITHOUT ROWID;
