"""Accounts: who there is, more of them, and how the bot treats each."""

from http import HTTPStatus
from typing import Final

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.members import Members
from mjproxy_simulator.control.answers import Body, find_account, read
from mjproxy_simulator.control.members import MemberChanges, member_form
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.model.accounts import Account, Directory, Profile, derive_account
from mjproxy_simulator.model.applications import MIDJOURNEY
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store


class _NewAccounts(Body):
    count: int = Field(default=1, ge=1, le=1000)
    profile: Profile | None = None


class _Changes(MemberChanges):
    profile: Profile | None = None


_NEW: Final = TypeAdapter(_NewAccounts)
_CHANGES: Final = TypeAdapter(_Changes)


class AccountRoutes:
    """Routes about accounts.

    Args:
        directory: Has them.
        store: Keeps how many were made.
        seed: Gives new ones their ids and tokens.
        profile: That of new accounts, unless it is said otherwise.
        members: Knows how the bots treat the users.
    """

    def __init__(self, directory: Directory, store: Store, seed: Seed, profile: Profile, members: Members) -> None:
        self._members = members
        self._directory = directory
        self._store = store
        self._seed = seed
        self._profile = profile

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/accounts", self.list),
            Route("/accounts", self.create, methods=["POST"]),
            Route("/accounts/{account}", self.show),
            Route("/accounts/{account}", self.change, methods=["PATCH"]),
        ]

    async def list(self, request: Request) -> Response:  # noqa: ARG002
        """Return the accounts with all that a client needs to use them."""
        return JsonResponse([self._form(account) for account in self._directory.accounts])

    async def create(self, request: Request) -> Response:
        """Make accounts; they are there again after a restart."""
        body = await read(request, _NEW)
        first = len(self._directory.accounts)
        made = [
            derive_account(self._seed, number, body.profile or self._profile)
            for number in range(first, first + body.count)
        ]
        self._store.set_account_count(first + body.count)
        for account in made:
            self._directory.add(account)
        return JsonResponse([self._form(account) for account in made], HTTPStatus.CREATED)

    async def show(self, request: Request) -> Response:
        """Return one account."""
        return JsonResponse(self._form(find_account(self._directory, request.path_params["account"])))

    async def change(self, request: Request) -> Response:
        """Change how the bot treats an account: the profile of its coming jobs until the simulator stops, and more."""
        account = find_account(self._directory, request.path_params["account"])
        body = await read(request, _CHANGES)
        if body.profile is not None:
            self._directory.set_profile(account.user.id, body.profile)
        if body.model_fields_set - {"profile"}:
            self._members.keep(body.apply(self._members.of(account.user.id)))
        return JsonResponse(self._form(find_account(self._directory, str(account.user.id))))

    def _form(self, account: Account) -> Json:
        return {
            "guild_id": str(account.guild_id),
            "channel_id": str(account.channel_id),
            "private_channel_id": str(account.private_channel_id),
            "niji_channel_id": str(account.niji_channel_id),
            "user_token": account.token,
            "user_id": str(account.user.id),
            "username": account.user.username,
            "bot": str(MIDJOURNEY.id),
            "profile": int(account.profile),
            **member_form(self._members.of(account.user.id)),
        }
