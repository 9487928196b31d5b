"""Faults: which kinds there are, which are armed, and new ones."""

from http import HTTPStatus
from typing import Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.notices import NOTICES
from mjproxy_simulator.control.answers import DONE, find_account, not_found, read
from mjproxy_simulator.control.strikes import Strikes
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.faults import AnyFault, ArmedFault, FaultBoard, Posted
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.rest.errors import JsonResponse

_FAULT: Final[TypeAdapter[AnyFault]] = TypeAdapter(AnyFault)


class FaultRoutes:
    """Routes about faults.

    Args:
        directory: Knows whom they can hit.
        faults: Has those that are armed.
        strikes: Lets those happen that happen at once.
    """

    def __init__(self, directory: Directory, faults: FaultBoard, strikes: Strikes) -> None:
        self._directory = directory
        self._faults = faults
        self._strikes = strikes

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/faults", self.armed),
            Route("/faults", self.post, methods=["POST"]),
            Route("/faults", self.clear, methods=["DELETE"]),
            Route("/faults/kinds", self.kinds),
            Route("/faults/{fault_id:int}", self.disarm, methods=["DELETE"]),
            Route("/notices", self.notices),
        ]

    async def armed(self, request: Request) -> Response:  # noqa: ARG002
        """Return the faults that are armed."""
        return JsonResponse([_form(posted) for posted in self._faults.armed()])

    async def kinds(self, request: Request) -> Response:  # noqa: ARG002
        """Return a JSON schema of all faults."""
        return JsonResponse(_FAULT.json_schema())

    async def notices(self, request: Request) -> Response:  # noqa: ARG002
        """Return the names of the notices that the bot can give."""
        return JsonResponse(list(NOTICES))

    async def post(self, request: Request) -> Response:
        """Arm a fault (201), or let it happen at once (204)."""
        fault = await read(request, _FAULT)
        account = None if fault.account is None else find_account(self._directory, fault.account)
        if isinstance(fault, ArmedFault):
            posted = self._faults.arm(fault, None if account is None else account.user.id)
            return JsonResponse(_form(posted), HTTPStatus.CREATED)
        for each in self._directory.accounts if account is None else (account,):
            self._strikes.strike(fault, each)
        return Response(status_code=DONE)

    async def clear(self, request: Request) -> Response:  # noqa: ARG002
        """Take all faults down."""
        self._faults.clear()
        return Response(status_code=DONE)

    async def disarm(self, request: Request) -> Response:
        """Take one fault down."""
        if not self._faults.disarm(request.path_params["fault_id"]):
            raise not_found("no such fault, or it has used itself up")
        return Response(status_code=DONE)


def _form(posted: Posted) -> Json:
    return {"id": posted.id, "left": posted.left, **posted.fault.model_dump()}
