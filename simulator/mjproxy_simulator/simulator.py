"""All parts of the simulator, put together."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from mjproxy_simulator.bot.agenda import PacedClock
from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.bot.commands import Commands
from mjproxy_simulator.bot.dialogs import Dialogs
from mjproxy_simulator.bot.gate import Gate
from mjproxy_simulator.bot.jobs import JobMaker
from mjproxy_simulator.bot.members import Members
from mjproxy_simulator.bot.performer import Performer
from mjproxy_simulator.bot.planner import Planner
from mjproxy_simulator.bot.presser import Presser
from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.cdn.archive import Archive
from mjproxy_simulator.cdn.gallery import Gallery
from mjproxy_simulator.cdn.routes import Cdn
from mjproxy_simulator.control.accounts import AccountRoutes
from mjproxy_simulator.control.fault_routes import FaultRoutes
from mjproxy_simulator.control.pace import PaceRoutes
from mjproxy_simulator.control.records import RecordRoutes
from mjproxy_simulator.control.replays import ReplayRoutes
from mjproxy_simulator.control.routes import control_api
from mjproxy_simulator.control.strikes import Strikes
from mjproxy_simulator.control.uncertain import UncertainRoutes
from mjproxy_simulator.discord.forms import MessageForms
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.faults import FaultBoard
from mjproxy_simulator.gateway.endpoint import Gateway
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.ready import Greeter
from mjproxy_simulator.http_faults import FaultyHosts, HttpFaults, Owners
from mjproxy_simulator.model.accounts import Directory, derive_account, derive_stranger
from mjproxy_simulator.model.applications import APPLICATIONS, BY_NAME
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import CommandFile
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.checks import InteractionChecks
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import DiscordError
from mjproxy_simulator.rest.frames import Frames
from mjproxy_simulator.rest.interactions import Interactions
from mjproxy_simulator.rest.messages import Messages
from mjproxy_simulator.rest.people import People
from mjproxy_simulator.rest.rate_limits import RateLimits
from mjproxy_simulator.rest.uploads import Uploads
from mjproxy_simulator.settings import SimulatorSection
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_API_VERSIONS: Final = (9, 10)


class Simulator:
    """A simulated Discord with the bot in it, as one ASGI application.

    It is an asynchronous context manager: jobs run as long as it is open.

    Args:
        section: Who lives in it, and by which rules.
        folder: Where it keeps its things; made if it is missing.
        speed: How many times faster than in life jobs run.
        base_url: Where it is reached; links lead there.

    Raises:
        StoreInUseError: Another simulator has the folder open.
    """

    def __init__(self, section: SimulatorSection, folder: Path, speed: float, base_url: str) -> None:
        uploads = folder / "uploads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # What people wrote and uploaded is theirs.
        uploads.mkdir(exist_ok=True)
        self._parts = _Parts(section, Store(folder / "simulator.sqlite3"), uploads, speed, base_url)
        self.app = self._parts.app

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.enter_context(self._parts.store)
            stack.enter_context(self._parts.gallery)
            self._parts.bot.restore()
            # A group, so that a bot which fails ends the simulator rather than leaving one that never answers.
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(tasks.create_task(self._parts.bot.run(), name="bot").cancel)
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._open.__aexit__(kind, error, traceback)


class _Parts:
    """Every part once, made from the ones that it needs."""

    def __init__(self, section: SimulatorSection, store: Store, uploads: Path, speed: float, base_url: str) -> None:
        self.section = section
        self.store = store
        self.upload_folder = uploads
        self.limits = section.limits
        self.seed = Seed(section.seed)
        self.stranger = derive_stranger(self.seed)
        self.clock = PacedClock(time.monotonic, speed)
        self.links = Links(self.seed.digest("links"), base_url, time.time)
        self.snowflakes = Snowflakes(time.time, store.last_id())
        self.faults = FaultBoard(self.seed.random("faults"))
        self.switches = Switches(section.uncertain)

    @cached_property
    def directory(self) -> Directory:
        numbers = range(max(self.section.accounts, self.store.account_count()))
        accounts = [derive_account(self.seed, number, self.section.profile) for number in numbers]
        return Directory(accounts, (self.stranger, *(each.user for each in APPLICATIONS)))

    @cached_property
    def forms(self) -> MessageForms:
        return MessageForms(self.directory, self.links, self.faults, self.switches)

    @cached_property
    def lobby(self) -> Lobby:
        return Lobby(self.directory, self.limits, self.faults, lambda: secrets.token_hex(16), time.monotonic)

    @cached_property
    def messenger(self) -> Messenger:
        return Messenger(
            store=self.store,
            publisher=self.lobby,
            forms=self.forms,
            directory=self.directory,
            switches=self.switches,
            now=time.time,
        )

    @cached_property
    def bot(self) -> Bot:
        return Bot(
            store=self.store,
            messenger=self.messenger,
            planner=self.planner,
            performer=Performer(
                store=self.store,
                messenger=self.messenger,
                directory=self.directory,
                members=self.members,
                snowflakes=self.snowflakes,
                place=self.links.own,
                switches=self.switches,
            ),
            members=self.members,
            queue=self.queue,
            dialogs=self.dialogs,
            snowflakes=self.snowflakes,
            clock=self.clock,
            faults=self.faults,
            switches=self.switches,
        )

    @cached_property
    def planner(self) -> Planner:
        jobs = JobMaker(self.seed, self.store.job, self.is_image, self.switches)
        commands = Commands(
            jobs=jobs,
            queue=self.queue,
            find_job=self.store.job,
            job_of_message=self.store.job_of_message,
            username=self.directory.name,
            link=self.link,
            now=time.time,
        )
        return Planner(
            members=self.members,
            jobs=jobs,
            commands=commands,
            presser=Presser(
                jobs=jobs,
                commands=commands,
                find_message=self.store.message,
                job_of_message=self.store.job_of_message,
                seed=self.seed,
                switches=self.switches,
            ),
            gate=Gate(self.queue),
            next_number=self.store.next_job_number,
            now=time.time,
        )

    @cached_property
    def members(self) -> Members:
        section = self.section
        return Members(self.store, lambda user_id: Member(user_id, section.plan, section.concurrency, section.queue))

    @cached_property
    def queue(self) -> Queue:
        return Queue(lambda user_id, mode: self.members.of(user_id).slots(mode))

    @cached_property
    def dialogs(self) -> Dialogs:
        return Dialogs(time.monotonic)

    def link(self, file: CommandFile) -> str:
        """Write a link to a file that came with a command."""
        return self.links.ephemeral_attachment(file.owner_id, file.attachment.id, file.attachment.filename)

    def is_image(self, url: str) -> bool:
        """Return whether an image can be had from a URL; the mirror has those of jobs that are done."""
        mirrored = self.links.mirrored(url)
        if mirrored is None:
            return self.links.resolves(url)
        job = self.store.job(mirrored[0])
        return job is not None and mirrored[1] < job.picture_count

    @cached_property
    def gallery(self) -> Gallery:
        return Gallery(self.archive)

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.store, self.links.own, self.upload_folder)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.directory, RateLimits(self.limits, time.monotonic), self.http_faults)

    @cached_property
    def http_faults(self) -> HttpFaults:
        return HttpFaults(self.faults)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(
            desk=self.desk,
            store=self.store,
            links=self.links,
            snowflakes=self.snowflakes,
            limits=self.limits,
            folder=self.upload_folder,
        )

    @cached_property
    def interactions(self) -> Interactions:
        return Interactions(
            desk=self.desk,
            checks=self.checks,
            bot=self.bot,
            store=self.store,
            lobby=self.lobby,
            faults=self.faults,
            limits=self.limits,
            switches=self.switches,
            now=time.time,
        )

    @cached_property
    def checks(self) -> InteractionChecks:
        return InteractionChecks(
            desk=self.desk,
            store=self.store,
            uploads=self.uploads,
            dialogs=self.dialogs,
            snowflakes=self.snowflakes,
            switches=self.switches,
        )

    @cached_property
    def frames(self) -> Frames:
        return Frames(
            bot=self.bot,
            store=self.store,
            folder=self.upload_folder,
            picture=self.links.mirror,
            switches=self.switches,
            now=time.time,
        )

    @cached_property
    def messages(self) -> Messages:
        return Messages(
            desk=self.desk,
            store=self.store,
            forms=self.forms,
            messenger=self.messenger,
            uploads=self.uploads,
            snowflakes=self.snowflakes,
            bot=self.bot,
            switches=self.switches,
        )

    @cached_property
    def rest(self) -> Starlette:
        """The REST API as an application of its own, with errors in Discord's form."""
        bots = tuple(BY_NAME[name] for name in self.section.bots)
        people = People(self.desk, self.store, self.links, bots, self.switches)
        parts = (self.interactions, self.messages, self.uploads, people)
        return Starlette(
            routes=[route for part in parts for route in part.routes()],
            exception_handlers={DiscordError: _tell_error, HTTPException: _tell_error},
        )

    @cached_property
    def control(self) -> Starlette:
        strikes = Strikes(self.lobby, self.bot, self.stranger, self.snowflakes)
        return control_api(
            (
                AccountRoutes(self.directory, self.store, self.seed, self.section.profile, self.members),
                RecordRoutes(self.store, self.directory, self.lobby, self.forms),
                UncertainRoutes(self.switches),
                PaceRoutes(self.bot, self.store, self.faults, self.seed),
                FaultRoutes(self.directory, self.faults, strikes),
                ReplayRoutes(self.directory, self.store, self.snowflakes, self.bot, self.messenger),
            )
        )

    @cached_property
    def app(self) -> Starlette:
        """All hosts of Discord under one address, and the control API beside them."""
        greeter = Greeter(self.links.gateway_url, self.store.last_message_id)
        return Starlette(
            routes=[
                *Gateway(self.lobby, greeter, time.monotonic).routes(),
                *(Mount(f"/api/v{version}", self.rest) for version in _API_VERSIONS),
                Mount("/api", Starlette(exception_handlers={HTTPException: _tell_error})),
                *Cdn(self.store, self.links, self.archive, self.gallery).routes(),
                *self.uploads.host_routes(),
                *self.frames.routes(),
                Mount("/control", self.control),
            ],
            middleware=[
                Middleware(
                    FaultyHosts,
                    faults=self.http_faults,
                    owner=Owners(self.directory, self.store).owner,
                    spared=("/api/", "/control/"),
                )
            ],
        )


def _tell_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    match error:
        case DiscordError():
            return error.response()
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            return errors.method_not_allowed().response()
        case HTTPException():
            return errors.no_such_route().response()
    raise error
