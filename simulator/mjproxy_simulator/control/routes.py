"""The control API, under `/control`: what a test may look at, set and break. It is apart from the simulated Discord.

Whoever reaches the address may use it; the simulator listens on the loopback only, unless it is told otherwise.
"""

from collections.abc import Iterable
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.control.answers import tell_error
from mjproxy_simulator.rest.errors import JsonResponse


class Routes(Protocol):
    """A part of the API."""

    def routes(self) -> list[BaseRoute]:
        """Return its routes."""


def control_api(parts: Iterable[Routes]) -> Starlette:
    """Return the API as an application of its own, with errors in a form of its own."""
    routes = [Route("/health", _health), *(route for part in parts for route in part.routes())]
    return Starlette(routes=routes, exception_handlers={HTTPException: tell_error})


async def _health(request: Request) -> Response:  # noqa: ARG001
    """Say that the simulator is there."""
    return JsonResponse({"status": "ok"})
