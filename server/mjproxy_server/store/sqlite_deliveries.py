"""The outbox of callbacks in SQLite; what the methods promise is said at `deliveries.DeliveryStore`."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from mjproxy_server.model import outbox
from mjproxy_server.model.errors import NothingToDeliver
from mjproxy_server.model.outbox import Change, Entry, Report
from mjproxy_server.model.task import Task
from mjproxy_server.store import outbox_rows, rows
from mjproxy_server.store.deliveries import (
    MOST_PER_HOST,
    Deliveries,
    Delivery,
    DeliveryListing,
    DeliveryQuery,
    Record,
)
from mjproxy_server.store.readers import Readers
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Writer


class SqliteDeliveries:
    """The outbox of callbacks in SQLite.

    Args:
        readers: Reads it.
        writer: Writes it.
        now: The clock, in Unix milliseconds.
    """

    def __init__(self, readers: Readers, writer: Writer, now: Callable[[], int]) -> None:
        self._readers = readers
        self._writer = writer
        self._now = now

    async def lease(self, most: int) -> Deliveries:
        """Leases what is due; the writer is left alone when nothing is."""
        ...
