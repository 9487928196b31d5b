"""Scenarios are told to the sessions of an account."""

from functools import partial
from http import HTTPStatus
from typing import Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.agenda import Cue
from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.control.answers import find_account, read
from mjproxy_simulator.control.scenarios import Scenario, cast
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store

_SCENARIO: Final = TypeAdapter(Scenario)


class ReplayRoutes:
    """The route that takes scenarios.

    Args:
        directory: Knows whom they can be told to.
        store: Knows what the account has sent last.
        snowflakes: Gives ids to what happens in them.
        bot: Has the clock by which they are told.
        messenger: Tells them.
    """

    def __init__(
        self, directory: Directory, store: Store, snowflakes: Snowflakes, bot: Bot, messenger: Messenger
    ) -> None:
        self._directory = directory
        self._store = store
        self._snowflakes = snowflakes
        self._bot = bot
        self._messenger = messenger

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/accounts/{account}/replay", self.replay, methods=["POST"])]

    async def replay(self, request: Request) -> Response:
        """Begin to tell a scenario (202); return how many events it has, and which ids stand for its placeholders."""
        account = find_account(self._directory, request.path_params["account"])
        scenario = await read(request, _SCENARIO)
        told = cast(scenario, account, self._store.newest_nonce(account.user.id), self._snowflakes.next)
        for due, event, data in told.events:
            act = partial(self._messenger.relay, account.user.id, event, data)
            self._bot.enter(due, Cue(scenario.name, act))
        answer = {"name": scenario.name, "events": len(told.events), "ids": told.ids}
        return JsonResponse(answer, HTTPStatus.ACCEPTED)
