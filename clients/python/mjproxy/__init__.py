"""The Python client of mjproxy: `AsyncClient`, its tasks and its errors, over the generated `mjproxy.v1`.

The names below are loaded when they are first used: whoever imports only `mjproxy.v1` does not load the client.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mjproxy.channel import Tls
    from mjproxy.client import AsyncClient, AsyncTask
    from mjproxy.errors import MjproxyError
    from mjproxy.terms import Action, Bot, Mode, Status

__all__ = ["Action", "AsyncClient", "AsyncTask", "Bot", "MjproxyError", "Mode", "Status", "Tls"]

_HOMES = {
    "Action": "mjproxy.terms",
    "AsyncClient": "mjproxy.client",
    "AsyncTask": "mjproxy.client",
    "Bot": "mjproxy.terms",
    "MjproxyError": "mjproxy.errors",
    "Mode": "mjproxy.terms",
    "Status": "mjproxy.terms",
    "Tls": "mjproxy.channel",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
