"""What outlives the process: tasks and all that belongs to them, accounts, gateway sessions, unknown messages, images.

`interface` says what a store does; `sqlite` does it in one file. The engine knows the interface only.
"""

from mjproxy_server.store.errors import StoreCorrupt, StoreError, StoreInaccessible, StoreLocked, StoreTooNew
from mjproxy_server.store.ids import drawn_at
from mjproxy_server.store.images import Images
from mjproxy_server.store.interface import (
    Admission,
    Capacity,
    Listener,
    Listing,
    Revision,
    Store,
    Submission,
    TaskQuery,
)
from mjproxy_server.store.sqlite import SqliteStore, open_store

__all__ = [
    "Admission",
    "Capacity",
    "Images",
    "Listener",
    "Listing",
    "Revision",
    "SqliteStore",
    "Store",
    "StoreCorrupt",
    "StoreError",
    "StoreInaccessible",
    "StoreLocked",
    "StoreTooNew",
    "Submission",
    "TaskQuery",
    "drawn_at",
    "open_store",
]
