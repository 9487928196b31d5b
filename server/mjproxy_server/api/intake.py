"""Whether calls are taken: while the server drains, it begins nothing new, and answers what others need to go on."""

from typing import Final

from mjproxy_server.api.interceptors import OPEN_TO_ALL, Metadata
from mjproxy_server.model.errors import Unavailable

ANSWERED_TO_THE_END: Final = (
    *OPEN_TO_ALL,
    "/mjproxy.v1.TaskService/GetTask",
    "/mjproxy.v1.TaskService/ListTasks",
    "/mjproxy.v1.DeliveryService/ReportDeliveries",
)
"""Calls that cost little and help: to ask what became of a task, and to tell what became of a callback."""


class Intake:
    """Lets calls through until it is closed."""

    def __init__(self) -> None:
        self._closed = False

    def close(self) -> None:
        """Refuses what comes from now on; what was let through goes on."""
        self._closed = True

    def check(self, method_name: str, metadata: Metadata) -> None:  # noqa: ARG002 - as every check
        """Lets the call through.

        Raises:
            Unavailable: The server drains, and the call is none of those that are answered to the end.
        """
        if self._closed and not method_name.startswith(ANSWERED_TO_THE_END):
            raise Unavailable("The server is stopping; call another one, or this one again in a moment.")
