"""What there is to look at: the ledger, jobs, messages, channels and sessions."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.control.answers import asked_account, asked_number, asked_whole_number, bad_request, not_found
from mjproxy_simulator.discord.forms import Json, MessageForms
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.session import Session
from mjproxy_simulator.model.accounts import Channel, Directory
from mjproxy_simulator.model.jobs import Job, Status
from mjproxy_simulator.model.messages import Message
from mjproxy_simulator.pictures.metadata import pictures_of
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store

_MESSAGES: Final = 100
_SINCE_EVER: Final = 0.0


class RecordRoutes:
    """Routes about what has happened and what is there.

    Args:
        store: Has the ledger, the jobs and the messages.
        directory: Has the channels.
        lobby: Has the sessions.
        forms: Writes messages.
    """

    def __init__(self, store: Store, directory: Directory, lobby: Lobby, forms: MessageForms) -> None:
        self._store = store
        self._directory = directory
        self._lobby = lobby
        self._forms = forms

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/ledger", self.ledger),
            Route("/jobs", self.jobs),
            Route("/jobs/{job_id}", self.job),
            Route("/jobs/{job_id}/pictures", self.pictures),
            Route("/messages", self.messages),
            Route("/messages/{message_id:int}", self.message),
            Route("/channels", self.channels),
            Route("/sessions", self.sessions),
        ]

    async def ledger(self, request: Request) -> Response:
        """Return every interaction that was received, oldest first: of an account, since a Unix time."""
        account = asked_account(self._directory, request)
        since = asked_number(request, "since", _SINCE_EVER)
        entries = self._store.entries(None if account is None else str(account.user.id), since)
        return Response(f"[{','.join(entries)}]", media_type="application/json")

    async def jobs(self, request: Request) -> Response:
        """Return all jobs, oldest first: in the channels of an account, with a status."""
        account = asked_account(self._directory, request)
        channels = None if account is None else {channel.id for channel in account.channels}
        status = _asked_status(request)
        found = (
            job
            for job in self._store.jobs()
            if (channels is None or job.channel_id in channels) and status in {None, job.status}
        )
        return JsonResponse([_job_form(job) for job in found])

    async def job(self, request: Request) -> Response:
        """Return one job."""
        return JsonResponse(_job_form(self._job(request)))

    async def pictures(self, request: Request) -> Response:
        """Return what the pictures of a job say about themselves; nothing is drawn for it."""
        return JsonResponse(pictures_of(self._job(request)))

    async def messages(self, request: Request) -> Response:
        """Return the newest messages, ephemeral ones too, newest first: of a channel, or of an account's channels."""
        account = asked_account(self._directory, request)
        channels = None if account is None else [channel.id for channel in account.channels]
        if channel := asked_whole_number(request, "channel", 0):
            channels = [channel]
        limit = asked_whole_number(request, "limit", _MESSAGES)
        return JsonResponse([self._message_form(each) for each in self._store.newest_messages(channels, limit)])

    async def message(self, request: Request) -> Response:
        """Return one message."""
        message = self._store.message(request.path_params["message_id"])
        if message is None:
            raise not_found("no such message, or it was deleted")
        return JsonResponse(self._message_form(message))

    async def channels(self, request: Request) -> Response:
        """Return the channels: of all accounts, or of one."""
        account = asked_account(self._directory, request)
        accounts = self._directory.accounts if account is None else (account,)
        return JsonResponse([self._channel_form(channel) for each in accounts for channel in each.channels])

    async def sessions(self, request: Request) -> Response:
        """Return the gateway sessions that can be used or resumed: of all users, or of one."""
        account = asked_account(self._directory, request)
        return JsonResponse(
            [
                _session_form(session)
                for session in self._lobby.sessions()
                if account is None or session.user_id == account.user.id
            ]
        )

    def _job(self, request: Request) -> Job:
        job = self._store.job(request.path_params["job_id"])
        if job is None:
            raise not_found("no such job")
        return job

    def _message_form(self, message: Message) -> Json:
        if self._directory.channel(message.channel_id) is None:
            return {"id": str(message.id), "channel_id": str(message.channel_id), "content": message.content}
        return self._forms.message(message)

    def _channel_form(self, channel: Channel) -> Json:
        last = self._store.last_message_id(channel.id)
        return {
            "id": str(channel.id),
            "guild_id": None if channel.guild_id is None else str(channel.guild_id),
            "owner_id": str(channel.owner_id),
            "last_message_id": None if last is None else str(last),
        }


def _session_form(session: Session) -> Json:
    return {
        "id": session.id,
        "user_id": str(session.user_id),
        "sequence": session.sequence,
        "connected": session.attached,
        "kept_events": session.kept_events,
    }


def _asked_status(request: Request) -> Status | None:
    text = request.query_params.get("status")
    try:
        return None if text is None else Status(text)
    except ValueError:
        raise bad_request(f"status: {text!r} is not known; known are {', '.join(Status)}") from None


def _job_form(job: Job) -> Json:
    identifiers = {"channel_id": job.channel_id, "user_id": job.user_id, "interaction_id": job.invocation.id}
    messages = {"source_id": job.source_id, "progress_id": job.progress_id, "final_id": job.final_id}
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "prompt": job.prompt,
        "seed": job.seed,
        "parent": job.parent,
        "index": job.index,
        "profile": int(job.profile),
        **{name: None if value is None else str(value) for name, value in (identifiers | messages).items()},
    }
