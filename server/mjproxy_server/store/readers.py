"""The read connections: a few, each with a thread, so that reading neither waits for the writer nor blocks the loop."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store.errors import unavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Readers:
    """Runs queries, each in a transaction of its own, which sees one state of the database.

    Args:
        connections: The connections to read from; they stay the caller's to close.
    """

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for connection in connections:
            self._idle.put(connection)
        self._threads = ThreadPoolExecutor(max_workers=len(connections), thread_name_prefix="store-reader")
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Returns what the query returns.

        Raises:
            Unavailable: The disk failed, or the store is closed.
        """
        if self._closed:
            raise Unavailable("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, query)

    async def close(self) -> None:
        """Refuses further queries and waits for those that run."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            connection.execute("BEGIN")
            return query(connection)
        except sqlite3.Error as error:
            logger.exception("A read failed")
            raise unavailable(error) from error
        finally:
            connection.rollback()
            self._idle.put(connection)
