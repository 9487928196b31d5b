"""Messages of a channel: posting, history, reactions and acknowledgement.

Source: https://discord.com/developers/docs/resources/message and /resources/channel.
"""

from collections import OrderedDict
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.discord.forms import MessageForms, user
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.model.accounts import Account
from mjproxy_simulator.model.messages import Message
from mjproxy_simulator.model.snowflakes import LARGEST_ID, Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import MessageBody, read_body
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.rest.uploads import Uploads
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_ENVELOPE: Final = "\u2709"
_REMEMBERED_NONCES: Final = 1000


class Messages:
    """The routes below `/channels/{channel}/messages`."""

    def __init__(
        self,
        *,
        desk: Desk,
        store: Store,
        forms: MessageForms,
        messenger: Messenger,
        uploads: Uploads,
        snowflakes: Snowflakes,
        bot: Bot,
        switches: Switches,
    ) -> None:
        self._desk = desk
        self._store = store
        self._forms = forms
        self._messenger = messenger
        self._uploads = uploads
        self._snowflakes = snowflakes
        self._bot = bot
        self._switches = switches
        self._posted: OrderedDict[tuple[int, str | None], dict[str, object]] = OrderedDict()

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        messages = "/channels/{channel_id:int}/messages"
        one = messages + "/{message_id:int}"
        return [
            self._desk.route(messages, self.history),
            self._desk.route(messages, self.create, ["POST"]),
            self._desk.route(one + "/ack", self.acknowledge, ["POST"]),
            self._desk.route(one, self.one),
            self._desk.route(one, self.delete, ["DELETE"]),
            self._desk.route(one + "/reactions/{emoji}/@me", self.react, ["PUT"]),
            self._desk.route(one + "/reactions/{emoji}/@me", self.take_reaction_back, ["DELETE"]),
            self._desk.route(one + "/reactions/{emoji}", self.reactions),
        ]

    async def history(self, request: Request, account: Account) -> Response:
        """Return messages of a channel, newest first: the last ones, or those before, after or around one."""
        channel = self._desk.channel(account, request.path_params["channel_id"])
        limit = _number(request, "limit", 50, 1, 100)
        found = self._find(channel.id, limit, request)
        return JsonResponse([self._form(message) for message in found])

    async def create(self, request: Request, account: Account) -> Response:
        """Post a message of the user's own."""
        channel = self._desk.channel(account, request.path_params["channel_id"])
        body = await read_body(request, MessageBody)
        if not body.content and not body.attachments:
            raise errors.empty_message()
        if body.enforce_nonce and (earlier := self._posted.get((channel.id, body.nonce))):
            return JsonResponse(earlier)
        attachments = await self._uploads.attach(body.attachments)
        message = Message(
            id=self._snowflakes.next(),
            channel_id=channel.id,
            author_id=account.user.id,
            content=body.content,
            attachments=attachments,
        )
        self._messenger.post(message, body.nonce)
        form = self._form(message)
        if body.nonce is not None:
            form["nonce"] = body.nonce
            self._remember((channel.id, body.nonce), form)
        return JsonResponse(form)

    async def one(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Refuse to return a single message, as to every user: they read the history."""
        raise errors.only_bots()

    async def delete(self, request: Request, account: Account) -> Response:
        """Delete a message of the user's own, or, in the user's own guild, of anybody."""
        message = self._message(request, account)
        if message.channel_id == account.private_channel_id and message.author_id != account.user.id:
            raise errors.not_your_message()
        self._messenger.delete(message)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def react(self, request: Request, account: Account) -> Response:
        """Put a reaction on a message."""
        message = self._message(request, account)
        emoji = request.path_params["emoji"]
        if self._store.add_reaction(message.id, emoji, account.user.id):
            self._messenger.tell_reaction("MESSAGE_REACTION_ADD", message, emoji, account.user.id)
            if emoji.startswith(_ENVELOPE) and self._heeds_envelopes(message.channel_id, account):
                self._bot.give_seed(message.id, account.user.id)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def take_reaction_back(self, request: Request, account: Account) -> Response:
        """Take the user's own reaction off a message."""
        message = self._message(request, account)
        emoji = request.path_params["emoji"]
        if self._store.remove_reaction(message.id, emoji, account.user.id):
            self._messenger.tell_reaction("MESSAGE_REACTION_REMOVE", message, emoji, account.user.id)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def reactions(self, request: Request, account: Account) -> Response:
        """Return who has put an emoji on a message: the user or nobody."""
        message = self._message(request, account)
        has_reacted = account.user.id in self._store.reactions(message.id, request.path_params["emoji"])
        return JsonResponse([user(account.user)] if has_reacted else [])

    async def acknowledge(self, request: Request, account: Account) -> Response:
        """Take note that a message was read."""
        self._message(request, account)
        return JsonResponse({"token": None})

    def _heeds_envelopes(self, channel_id: int, account: Account) -> bool:
        return self._switches.now.seed_envelope == "anywhere" or channel_id != account.channel_id

    def _message(self, request: Request, account: Account) -> Message:
        channel = self._desk.channel(account, request.path_params["channel_id"])
        message = self._store.message(request.path_params["message_id"])
        if message is None or message.channel_id != channel.id:
            raise errors.unknown_message()
        return message

    def _remember(self, key: tuple[int, str], form: dict[str, object]) -> None:
        """Keep what a nonce stood for, for a client that asks not to post it twice."""
        self._posted[key] = form
        if len(self._posted) > _REMEMBERED_NONCES:
            self._posted.popitem(last=False)

    def _find(self, channel_id: int, limit: int, request: Request) -> list[Message]:
        bounds = {name for name in ("before", "after", "around") if name in request.query_params}
        if len(bounds) > 1:
            raise errors.invalid_form(("before",), "BASE_TYPE_BAD", "Only one of before, after and around is allowed.")
        bound = bounds.pop() if bounds else "before"
        place = _number(request, bound, LARGEST_ID, 0, LARGEST_ID)
        if bound == "after":
            return self._store.messages_after(channel_id, place, limit)
        if bound == "before":
            return self._store.messages_before(channel_id, place, limit)
        older = self._store.messages_before(channel_id, place + 1, limit - limit // 2)
        return self._store.messages_after(channel_id, place, limit // 2) + older

    def _form(self, message: Message) -> dict[str, object]:
        referenced = None if message.reference is None else self._store.message(message.reference)
        return self._forms.message(message, referenced)


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not low <= int(text) <= high:
        raise errors.invalid_form((name,), "NUMBER_TYPE_RANGE", f"int value should be between {low} and {high}.")
    return int(text)
