"""All parts of the simulator, put together."""

import asyncio
import random
import secrets
import time
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from mjproxy_simulator.bot.agenda import PacedClock
from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.bot.performer import Performer
from mjproxy_simulator.bot.requests import Planner
from mjproxy_simulator.cdn.gallery import Gallery
from mjproxy_simulator.cdn.routes import Cdn
from mjproxy_simulator.control.routes import Control
from mjproxy_simulator.control.strikes import Strikes
from mjproxy_simulator.discord.forms import MessageForms
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.faults import FaultBoard
from mjproxy_simulator.gateway.endpoint import Gateway
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.ready import Greeter
from mjproxy_simulator.model.accounts import Directory, derive_account, derive_stranger
from mjproxy_simulator.model.applications import APPLICATIONS
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.checks import InteractionChecks
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import DiscordError
from mjproxy_simulator.rest.interactions import Interactions
from mjproxy_simulator.rest.messages import Messages
from mjproxy_simulator.rest.people import People
from mjproxy_simulator.rest.uploads import Uploads
from mjproxy_simulator.settings import SimulatorSection
from mjproxy_simulator.store import Store

_API_VERSIONS: Final = (9, 10)


class Simulator:
    """A simulated Discord with the bot in it, as one ASGI application.

    It is an asynchronous context manager: jobs run as long as it is open.

    Args:
        section: Who lives in it, and by which rules.
        folder: Where it keeps its things; made if it is missing.
        speed: How many times faster than in life jobs run.

    Raises:
        StoreInUseError: Another simulator has the folder open.
    """

    def __init__(self, section: SimulatorSection, folder: Path, speed: float) -> None:
        uploads = folder / "uploads"
        uploads.mkdir(parents=True, exist_ok=True)
        seed, limits = Seed(section.seed), section.limits
        stranger = derive_stranger(seed)
        accounts = [derive_account(seed, number, section.profile) for number in range(section.accounts)]
        directory = Directory(accounts, (stranger, *(each.user for each in APPLICATIONS)))
        self._store = store = Store(folder / "simulator.sqlite3")
        self._gallery = Gallery(store, uploads)
        snowflakes = Snowflakes(time.time, store.last_id())
        self.links = links = Links(seed.digest("links"), time.time)
        forms = MessageForms(directory, links)
        faults = FaultBoard(random.Random())  # noqa: S311 -- the dice of tests
        lobby = Lobby(directory, limits, faults, lambda: secrets.token_hex(16), time.monotonic)
        messenger = Messenger(store, lobby, forms, directory, time.time)
        self._bot = bot = Bot(
            store=store,
            messenger=messenger,
            planner=Planner(seed, store.job, links.resolves),
            performer=Performer(store, messenger, directory, snowflakes),
            snowflakes=snowflakes,
            clock=PacedClock(time.monotonic, speed),
            now=time.time,
            concurrency=section.concurrency,
        )
        desk = Desk(directory, limits, time.monotonic)
        file_uploads = Uploads(
            desk=desk, store=store, links=links, snowflakes=snowflakes, limits=limits, folder=uploads
        )
        interactions = Interactions(
            desk=desk,
            checks=InteractionChecks(desk, store, snowflakes),
            bot=bot,
            store=store,
            lobby=lobby,
            faults=faults,
            limits=limits,
            now=time.time,
        )
        rest = _rest(
            interactions,
            Messages(
                desk=desk,
                store=store,
                forms=forms,
                messenger=messenger,
                uploads=file_uploads,
                snowflakes=snowflakes,
            ),
            file_uploads,
            People(desk, store, links),
        )
        greeter = Greeter(lambda: links.gateway_url, store.last_message_id)
        strikes = Strikes(lobby, bot, stranger, snowflakes)
        control = Control(store=store, directory=directory, bot=bot, faults=faults, strikes=strikes)
        self.app = Starlette(
            routes=[
                *Gateway(lobby, greeter, time.monotonic).routes(),
                *(Mount(f"/api/v{version}", rest) for version in _API_VERSIONS),
                *Cdn(store, links, self._gallery).routes(),
                *file_uploads.host_routes(),
                Mount("/control", control.app()),
            ]
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.enter_context(self._store)
            stack.enter_context(self._gallery)
            self._bot.restore()
            playing = asyncio.create_task(self._bot.run(), name="bot")
            stack.push_async_callback(_cancel, playing)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()


def _rest(interactions: Interactions, messages: Messages, uploads: Uploads, people: People) -> Starlette:
    """Return the REST API as an application of its own, with errors in Discord's form."""
    routes = [*interactions.routes(), *messages.routes(), *uploads.routes(), *people.routes()]
    return Starlette(routes=routes, exception_handlers={DiscordError: _tell_error, HTTPException: _tell_error})


def _tell_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    match error:
        case DiscordError():
            return error.response()
        case HTTPException(status_code=HTTPStatus.METHOD_NOT_ALLOWED):
            return errors.method_not_allowed().response()
        case HTTPException():
            return errors.no_such_route().response()
    raise error


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
