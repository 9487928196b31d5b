"""POST /interactions: commands, buttons and forms on their way to the bot.

An interaction is taken, with its entry in the ledger and the record of its job in one transaction, before it is
answered; and it is answered before any event of it is told. Clients rely on that order: 204, INTERACTION_CREATE,
INTERACTION_SUCCESS, and then the bot's message with the nonce. Source:
https://docs.discord.food/interactions/receiving-and-responding and observation (June 2026).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mjproxy_simulator.bot.answers import Answer, OpenDialog, decided
from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.bot.requests import Request as BotRequest
from mjproxy_simulator.bot.requests import kind_of
from mjproxy_simulator.discord import forms
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.faults import BotSilent, FaultBoard, InteractionLostAnswer, InteractionStatus
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.http_faults import CutResponse, told_to_fail
from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Account
from mjproxy_simulator.model.applications import MIDJOURNEY, application
from mjproxy_simulator.model.dialogs import Dialog, Modal
from mjproxy_simulator.model.entries import Entry
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import AnyInteraction, interaction, read_json
from mjproxy_simulator.rest.checks import InteractionChecks
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import DiscordError
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_DID_NOT_RESPOND: Final = 2


@dataclass(frozen=True, slots=True)
class _Taken:
    """An interaction that was taken; `answer` is what the bot decided, None if it stays silent."""

    session_id: str | None
    request: BotRequest
    answer: Answer | None


class Interactions:
    """Takes interactions.

    Args:
        desk: Counts them.
        checks: Tells whether one can be meant for a bot.
        bot: Decides about them.
        store: Has the ledger.
        lobby: Carries their events.
        faults: What is made to go wrong.
        limits: How long the bot may take to answer.
        switches: How what is uncertain is played.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        checks: InteractionChecks,
        bot: Bot,
        store: Store,
        lobby: Lobby,
        faults: FaultBoard,
        limits: Limits,
        switches: Switches,
        now: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._checks = checks
        self._bot = bot
        self._store = store
        self._lobby = lobby
        self._faults = faults
        self._limits = limits
        self._switches = switches
        self._now = now

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [self._desk.route("/interactions", self.create, ["POST"], admits=False)]

    async def create(self, request: Request, account: Account) -> Response:
        """Take an interaction, or refuse it; either way it is in the ledger."""
        entry = Entry(time=self._now(), user_id=str(account.user.id))
        try:
            body = interaction(await read_json(request))
            entry = _described(entry, body)
            await self._desk.admit(request, account)
            told = self._desk.spend_interaction(account, body.channel_id)
            taken = await self._take(account, body)
        except DiscordError as error:
            self._store.add_entry(replace(entry, status=error.status or None, refused=error.message))
            raise
        lost = self._faults.take(InteractionLostAnswer, account.user.id)
        status = HTTPStatus.NO_CONTENT if lost is None else lost.status
        taken = self._decide(taken, replace(entry, kind=kind_of(taken.request), status=status))
        response = _answer(status, BackgroundTask(self._deliver, taken))
        response.headers.update(told)
        return response

    async def _take(self, account: Account, body: AnyInteraction) -> _Taken:
        if fault := self._faults.take(InteractionStatus, account.user.id):
            raise _told_to_fail(fault)
        return _Taken(body.session_id, await self._checks.request(account, body), answer=None)

    def _decide(self, taken: _Taken, entry: Entry) -> _Taken:
        """Let the bot decide, and write down what it decided."""
        request = taken.request
        if self._faults.take(BotSilent, request.invocation.user_id):
            self._store.add_entry(replace(entry, refused="the bot was told to be silent"))
            return taken
        with self._store.transaction():
            answer = self._bot.accept(request)
            self._store.add_entry(decided(entry, answer))
        return replace(taken, answer=answer)

    async def _deliver(self, taken: _Taken) -> None:
        """Tell the events of an interaction that was answered."""
        self._tell(taken, "INTERACTION_CREATE")
        if taken.answer is None:
            await asyncio.sleep(self._limits.interaction_deadline)
            reason: Json = {"reason_code": _DID_NOT_RESPOND} if self._switches.now.failure_reason else {}
            self._tell(taken, "INTERACTION_FAILURE", reason)
            return
        await asyncio.sleep(self._limits.bot_latency)
        if isinstance(taken.answer, OpenDialog):
            self._open(taken, taken.answer.dialog)
            return
        if self._switches.now.success_event == "before_message":
            self._tell(taken, "INTERACTION_SUCCESS")
            thought = self._bot.answer(taken.request, taken.answer)
        else:
            thought = self._bot.answer(taken.request, taken.answer)
            self._tell(taken, "INTERACTION_SUCCESS")
        if thought:
            await asyncio.sleep(self._limits.bot_latency)
            self._bot.say(thought)

    def _open(self, taken: _Taken, dialog: Dialog) -> None:
        success = self._switches.now.form_success
        if success == "before":
            self._tell(taken, "INTERACTION_SUCCESS")
        self._put_before(taken, dialog)
        if success == "after":
            self._tell(taken, "INTERACTION_SUCCESS")

    def _put_before(self, taken: _Taken, dialog: Dialog) -> None:
        owner = application(taken.request.application_id) or MIDJOURNEY
        place: Json = {"channel_id": str(taken.request.channel_id), "application": forms.application_form(owner)}
        if isinstance(dialog, Modal):
            self._tell(taken, "INTERACTION_MODAL_CREATE", place | forms.modal(dialog))
        else:
            self._tell(taken, "INTERACTION_IFRAME_MODAL_CREATE", place | forms.frame(dialog))

    def _tell(self, taken: _Taken, event: str, more: Json | None = None) -> None:
        invocation = taken.request.invocation
        data = {"id": str(invocation.id), "nonce": taken.request.nonce} | (more or {})
        self._lobby.whisper(invocation.user_id, taken.session_id, event, data)


def _described(entry: Entry, body: AnyInteraction) -> Entry:
    prompt = body.data.text("prompt") if body.type == 2 else None
    if body.type == 5:
        prompt = next(iter(body.data.fields().values()), None)
    return replace(
        entry,
        guild_id=None if body.guild_id is None else str(body.guild_id),
        channel_id=str(body.channel_id),
        type=body.type,
        kind=body.data.name if body.type == 2 else None,
        nonce=body.nonce,
        custom_id=None if body.type == 2 else body.data.custom_id,
        prompt=prompt,
    )


def _told_to_fail(fault: InteractionStatus) -> DiscordError:
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        return errors.rate_limited(fault.retry_after, 1, "interactions")
    return told_to_fail(fault.status, fault.code, fault.message)


def _answer(status: int | None, delivery: BackgroundTask) -> Response:
    """Return the answer to an interaction that was taken; the events follow it."""
    if status is None:
        return CutResponse(background=delivery)
    if status == HTTPStatus.NO_CONTENT:
        return Response(status_code=status, background=delivery)
    response = DiscordError(status, 0, f"{status}: {HTTPStatus(status).phrase}").response()
    response.background = delivery
    return response
