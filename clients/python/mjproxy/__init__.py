"""The Python client of mjproxy: `Client`, `AsyncClient`, their tasks and errors, over the generated `mjproxy.v1`.

The names below are loaded when they are first used: whoever imports only `mjproxy.v1` does not load the client.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mjproxy.aio.client import AsyncClient
    from mjproxy.aio.task import AsyncTask
    from mjproxy.channel import Tls
    from mjproxy.errors import MjproxyError, NotOffered, ServerError, TaskFailed, WaitTimedOut
    from mjproxy.sync.client import Client
    from mjproxy.sync.task import Task
    from mjproxy.terms import Action, Bot, Mode, Status

__all__ = [
    "Action",
    "AsyncClient",
    "AsyncTask",
    "Bot",
    "Client",
    "MjproxyError",
    "Mode",
    "NotOffered",
    "ServerError",
    "Status",
    "Task",
    "TaskFailed",
    "Tls",
    "WaitTimedOut",
]

_HOMES = {
    "Action": "mjproxy.terms",
    "AsyncClient": "mjproxy.aio.client",
    "AsyncTask": "mjproxy.aio.task",
    "Bot": "mjproxy.terms",
    "Client": "mjproxy.sync.client",
    "MjproxyError": "mjproxy.errors",
    "Mode": "mjproxy.terms",
    "NotOffered": "mjproxy.errors",
    "ServerError": "mjproxy.errors",
    "Status": "mjproxy.terms",
    "Task": "mjproxy.sync.task",
    "TaskFailed": "mjproxy.errors",
    "Tls": "mjproxy.channel",
    "WaitTimedOut": "mjproxy.errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
