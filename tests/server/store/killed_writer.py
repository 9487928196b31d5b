"""A process that submits and records until it is killed, and says so after each answer: `task id, revision`."""

import asyncio
import sys
import time
from pathlib import Path

from mjproxy_server.store import SqliteStore, open_store
from tests.server.store.store_samples import failed, submission


async def _work(store: SqliteStore) -> None:
    while True:
        admission = await store.submit(submission(notify_hook="https://host.example"))
        print(admission.task.id, admission.revision, flush=True)  # noqa: T201 - it is read by the test
        await store.record(admission.task.id, failed(admission.task.submitted_at))


async def main() -> None:
    store = await open_store(Path(sys.argv[1]), now=lambda: time.time_ns() // 1_000_000)
    await asyncio.gather(*(_work(store) for _ in range(16)))


asyncio.run(main())
