"""Who one is, with whom one talks, which commands there are, and where the gateway is.

Source: https://docs.discord.food/interactions/application-commands and /resources/user.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.discord import forms
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.model.accounts import Account, Channel
from mjproxy_simulator.model.applications import APPLICATIONS, MIDJOURNEY, Application, application
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import RecipientsBody, read_body
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_INDEX_VERSION: Final = max(command.version for owner in APPLICATIONS for command in owner.commands)


class People:
    """Routes about the user, its private channels, and the bots it can call.

    Args:
        desk: Admits requests.
        store: Knows the newest messages.
        links: Knows where the gateway is.
        bots: Those whose commands are listed.
        switches: How what is uncertain is played.
    """

    def __init__(
        self, desk: Desk, store: Store, links: Links, bots: tuple[Application, ...], switches: Switches
    ) -> None:
        self._desk = desk
        self._store = store
        self._links = links
        self._bots = bots
        self._switches = switches

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        route = self._desk.route
        return [
            Route("/gateway", self.gateway),
            route("/gateway/bot", self.gateway_of_bots),
            route("/users/@me", self.me),
            route("/users/@me/channels", self.private_channels),
            route("/users/@me/channels", self.open_private_channel, ["POST"]),
            route("/users/@me/application-command-index", self.commands),
            route("/guilds/{guild_id:int}/application-command-index", self.commands_of_guild),
            route("/channels/{channel_id:int}/application-command-index", self.commands_of_channel),
            route("/applications/{application_id:int}/application-command-index", self.commands_of_application),
            route("/channels/{channel_id:int}/application-commands/search", self.search_commands),
        ]

    async def gateway(self, request: Request) -> Response:  # noqa: ARG002
        """Return the address of the gateway, to anybody."""
        return JsonResponse({"url": self._links.gateway_url})

    async def gateway_of_bots(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Return the address of the gateway with the limits of sessions, which are those of every bot."""
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return JsonResponse({"url": self._links.gateway_url, "shards": 1, "session_start_limit": limit})

    async def me(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Return the user whose token it is."""
        return JsonResponse(forms.own_user(account.user))

    async def private_channels(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Return the private channels: those with the bots."""
        return JsonResponse([self._private_channel(channel) for channel in account.private_channels])

    async def open_private_channel(self, request: Request, account: Account) -> Response:
        """Return the private channel with a bot; with others there is none."""
        body = await read_body(request, RecipientsBody)
        for channel in account.private_channels:
            if body.recipients == (channel.partner_id,):
                return JsonResponse(self._private_channel(channel))
        raise errors.unknown_user()

    async def commands(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Return the commands that can be called anywhere."""
        backwards = self._switches.now.command_order == "midjourney_last"
        return JsonResponse(forms.command_index(self._bots, _INDEX_VERSION, backwards=backwards))

    async def commands_of_guild(self, request: Request, account: Account) -> Response:
        """Return the commands that can be called in a guild."""
        if request.path_params["guild_id"] != account.guild_id:
            raise errors.unknown_guild()
        return await self.commands(request, account)

    async def commands_of_channel(self, request: Request, account: Account) -> Response:
        """Return the commands that can be called in a channel."""
        self._desk.channel(account, request.path_params["channel_id"])
        return await self.commands(request, account)

    async def commands_of_application(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Return the commands of one bot."""
        owner = application(request.path_params["application_id"])
        if owner is None:
            raise errors.unknown_application()
        return JsonResponse(forms.command_index((owner,), _INDEX_VERSION))

    async def search_commands(self, request: Request, account: Account) -> Response:
        """Return the commands whose names begin with what was typed; the older way to find one."""
        self._desk.channel(account, request.path_params["channel_id"])
        query = request.query_params
        found = [
            forms.command(command, owner)
            for owner in self._asked(query.get("application_id"))
            for command in owner.commands
            if command.name.startswith(query.get("query", "")) and str(int(command.type)) == query.get("type", "1")
        ]
        limit = query.get("limit", "10")
        applications = [forms.application_form(each) for each in self._bots]
        return JsonResponse(
            {
                "applications": applications if query.get("include_applications") == "true" else [],
                "application_commands": found[: int(limit) if limit.isdecimal() else 10],
                "cursor": {"previous": None, "next": None, "repaired": False},
            }
        )

    def _private_channel(self, channel: Channel) -> Json:
        partner = application(channel.partner_id or 0) or MIDJOURNEY
        return forms.private_channel(channel, partner.user, self._store.last_message_id(channel.id))

    def _asked(self, application_id: str | None) -> tuple[Application, ...]:
        return tuple(each for each in self._bots if application_id in {None, str(each.id)})
