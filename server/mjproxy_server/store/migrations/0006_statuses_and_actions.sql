-- Tasks of one status, alone and by what listings name beside it. The second one also counts an account's queue.
CREATE INDEX tasks_by_status ON tasks (status);
CREATE INDEX tasks_by_account_and_status ON tasks (account_id, status);
CREATE INDEX tasks_by_caller_and_status ON tasks (caller, status) WHERE caller <> '';

-- What is left to this one is to find what may expire.
DROP INDEX tasks_by_end;
CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at > 0;

CREATE INDEX tasks_by_action ON tasks (action);
