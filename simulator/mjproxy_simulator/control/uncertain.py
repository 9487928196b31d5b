"""What is uncertain about the real ones: how it is played, and how it is to be played from now on."""

from typing import Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.control.answers import read
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.uncertain import Switches, Uncertain

_UNCERTAIN: Final = TypeAdapter(Uncertain)


class UncertainRoutes:
    """The routes about what is uncertain.

    Args:
        switches: How it is played.
    """

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/uncertain", self.show),
            Route("/uncertain", self.change, methods=["PATCH"]),
            Route("/uncertain", self.reset, methods=["DELETE"]),
        ]

    async def show(self, request: Request) -> Response:  # noqa: ARG002
        """Return how every point is played."""
        return JsonResponse(self._switches.now.model_dump())

    async def change(self, request: Request) -> Response:
        """Play some points in another way from now on, until it is changed again or the simulator stops."""
        self._switches.change(await read(request, _UNCERTAIN))
        return await self.show(request)

    async def reset(self, request: Request) -> Response:
        """Play every point as the settings say."""
        self._switches.reset()
        return await self.show(request)
