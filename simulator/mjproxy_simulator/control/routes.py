"""The control API, under `/control`: what a test may look at, set and break. It is apart from the simulated Discord.

Whoever reaches the address may use it; the simulator listens on the loopback only, unless it is told otherwise.
"""

from http import HTTPStatus
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.control.strikes import Strikes
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.faults import AnyFault, ArmedFault, FaultBoard, Posted
from mjproxy_simulator.model.accounts import Account, Directory, Profile
from mjproxy_simulator.model.applications import MIDJOURNEY
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store

_T = TypeVar("_T")


class _SpeedBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    speed: float = Field(gt=0)


class _AccountBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    profile: Profile


_SPEED: Final = TypeAdapter(_SpeedBody)
_ACCOUNT: Final = TypeAdapter(_AccountBody)
_FAULT: Final[TypeAdapter[AnyFault]] = TypeAdapter(AnyFault)


class Control:
    """The control API."""

    def __init__(self, *, store: Store, directory: Directory, bot: Bot, faults: FaultBoard, strikes: Strikes) -> None:
        self._store = store
        self._directory = directory
        self._bot = bot
        self._faults = faults
        self._strikes = strikes

    def app(self) -> Starlette:
        """Return the API as an application of its own, with errors in a form of its own."""
        routes = [
            Route("/health", self.health),
            Route("/accounts", self.accounts),
            Route("/accounts/{account}", self.change_account, methods=["PATCH"]),
            Route("/ledger", self.ledger),
            Route("/jobs", self.jobs),
            Route("/jobs/{job_id}", self.job),
            Route("/speed", self.speed),
            Route("/speed", self.set_speed, methods=["POST"]),
            Route("/reset", self.reset, methods=["POST"]),
            Route("/faults", self.armed_faults),
            Route("/faults", self.post_fault, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/faults/{fault_id:int}", self.disarm_fault, methods=["DELETE"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _tell_error})

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Say that the simulator is there."""
        return JsonResponse({"status": "ok"})

    async def accounts(self, request: Request) -> Response:  # noqa: ARG002
        """Return the accounts with all that a client needs to use them."""
        return JsonResponse([_account_form(account) for account in self._directory.accounts])

    async def change_account(self, request: Request) -> Response:
        """Change how the bot ends an account's coming jobs, until the simulator stops."""
        account = self._account(request.path_params["account"])
        body = await _read(request, _ACCOUNT)
        self._directory.set_profile(account.user.id, body.profile)
        return JsonResponse(_account_form(self._account(str(account.user.id))))

    async def ledger(self, request: Request) -> Response:  # noqa: ARG002
        """Return every interaction that was received, oldest first."""
        return Response(f"[{','.join(self._store.entries())}]", media_type="application/json")

    async def jobs(self, request: Request) -> Response:  # noqa: ARG002
        """Return all jobs, oldest first."""
        return JsonResponse([_job_form(job) for job in self._store.jobs()])

    async def job(self, request: Request) -> Response:
        """Return one job."""
        job = self._store.job(request.path_params["job_id"])
        if job is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "no such job")
        return JsonResponse(_job_form(job))

    async def speed(self, request: Request) -> Response:  # noqa: ARG002
        """Return how many times faster than in life jobs run."""
        return JsonResponse({"speed": self._bot.speed})

    async def set_speed(self, request: Request) -> Response:
        """Let jobs run faster or slower from now on."""
        self._bot.speed = (await _read(request, _SPEED)).speed
        return await self.speed(request)

    async def reset(self, request: Request) -> Response:  # noqa: ARG002
        """Forget jobs, messages, the ledger and the faults; sessions stay."""
        self._bot.forget()
        self._faults.clear()
        self._store.reset()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def armed_faults(self, request: Request) -> Response:  # noqa: ARG002
        """Return the faults that are armed."""
        return JsonResponse([_fault_form(posted) for posted in self._faults.armed()])

    async def post_fault(self, request: Request) -> Response:
        """Arm a fault (201), or let it happen at once (204)."""
        fault = await _read(request, _FAULT)
        account = None if fault.account is None else self._account(fault.account)
        if isinstance(fault, ArmedFault):
            posted = self._faults.arm(fault, None if account is None else account.user.id)
            return JsonResponse(_fault_form(posted), HTTPStatus.CREATED)
        for each in self._directory.accounts if account is None else (account,):
            self._strikes.strike(fault, each)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def clear_faults(self, request: Request) -> Response:  # noqa: ARG002
        """Take all faults down."""
        self._faults.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def disarm_fault(self, request: Request) -> Response:
        """Take one fault down."""
        if not self._faults.disarm(request.path_params["fault_id"]):
            raise HTTPException(HTTPStatus.NOT_FOUND, "no such fault, or it has used itself up")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _account(self, identifier: str) -> Account:
        account = self._directory.find(identifier)
        if account is None:
            raise HTTPException(
                HTTPStatus.NOT_FOUND, f"no account {identifier}: give a user_id or channel_id from /control/accounts"
            )
        return account


async def _read(request: Request, form: TypeAdapter[_T]) -> _T:
    try:
        return form.validate_json(await request.body())
    except ValidationError as error:
        complaints = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise HTTPException(HTTPStatus.BAD_REQUEST, "; ".join(complaints)) from None


def _tell_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if not isinstance(error, HTTPException):
        raise error
    return JsonResponse({"error": error.detail}, error.status_code, headers=error.headers)


def _account_form(account: Account) -> Json:
    return {
        "guild_id": str(account.guild_id),
        "channel_id": str(account.channel_id),
        "private_channel_id": str(account.private_channel_id),
        "user_token": account.token,
        "user_id": str(account.user.id),
        "username": account.user.username,
        "bot": str(MIDJOURNEY.id),
        "profile": int(account.profile),
    }


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


def _fault_form(posted: Posted) -> Json:
    return {"id": posted.id, "left": posted.left, **posted.fault.model_dump()}
