"""Runs the shim: puts its parts together, serves, and closes in order."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook
from starlette.types import ASGIApp

from mjproxy.channel import open_channel
from mjproxy_rest.accounts import AccountService
from mjproxy_rest.app import create_app
from mjproxy_rest.bodies import BodyReader
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.callbacks.message import Encode
from mjproxy_rest.callbacks.outbox import Outbox
from mjproxy_rest.callbacks.poster import open_poster
from mjproxy_rest.callbacks.sender import Sender
from mjproxy_rest.calls import Services
from mjproxy_rest.cdn import Cdn, open_http
from mjproxy_rest.feed import Feed
from mjproxy_rest.listening import announcement
from mjproxy_rest.live import LiveTasks
from mjproxy_rest.part import RestSettings, Settings
from mjproxy_rest.permissions import Permissions
from mjproxy_rest.picture_folder import PictureFolder
from mjproxy_rest.picture_links import ImageUrl, OwnLinks, as_given, behind_mirror
from mjproxy_rest.picture_store import PictureStore
from mjproxy_rest.pictures import Pictures
from mjproxy_rest.service import TaskService
from mjproxy_rest.shown import Shown
from mjproxy_rest.tasks import encode
from mjproxy_rest.upstream import CHANNEL_OPTIONS, Upstream

# Longer than the pause between two polls of a client, so that it need not connect anew for each.
_KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Duty:
    """What is different for each of several workers; by default, it is that of one who is alone.

    Attributes:
        shown: What all workers have shown; None if there are no others.
        delivers: Whether callbacks are posted, too.
        heard_within: For how many seconds its watch may keep it from taking connections, as long as it has not begun.
    """

    shown: Shown | None = None
    delivers: bool = True
    heard_within: float = 0.0


_ALONE: Final = Duty()


async def serve(settings: Settings, listener: socket.socket, ready: Callable[[str], None], duty: Duty = _ALONE) -> None:
    """Serves until cancelled, then closes.

    Args:
        settings: How to serve.
        listener: Where; closed when it takes no more connections.
        ready: Called once, as soon as it answers.
        duty: What it does for the shim.

    Raises:
        OSError: The folder for pictures cannot be used.
    """
    store = _picture_store(settings.rest.image_store)
    service_key = _plain(settings.service_key) or ""
    async with (
        open_channel(settings.grpc_target, options=CHANNEL_OPTIONS) as channel,
        open_http(_plain(settings.discord.proxy)) as http,
        asyncio.TaskGroup() as tasks,
    ):
        links = OwnLinks(settings.rest.public_url or "", time.time)
        image_url = _image_url(settings.rest, links)
        encoded = partial(encode, image_url=image_url)
        upstream = Upstream(channel, settings.translate.timeout_seconds)
        cache = TaskCache(encode=encoded, shown=duty.shown)
        pass_on = links.image_url if settings.rest.images == "proxy" else None
        feed = Feed(lambda: upstream.watch(service_key), cache, time.monotonic, pass_on)
        submitting = tasks.create_task(upstream.run())
        feeding = tasks.create_task(feed.run())
        await feed.begun(duty.heard_within)
        outbox = Outbox(channel, service_key)
        delivering = [tasks.create_task(_deliver(settings, outbox, encoded))] if duty.delivers else []
        service = TaskService(upstream, cache, Permissions(time.monotonic), lambda: feed.silence)
        live = LiveTasks(upstream, cache, encoded)
        pictures = Pictures(upstream, service_key, links, Cdn(http, settings.discord.cdn), store=store, now=time.time)
        bodies = BodyReader(settings.rest.max_body_mb)
        services = Services(service, AccountService(upstream), bodies, live, pictures, image_url)
        app = create_app(services, _new_request_id)

        def close() -> None:
            live.close()
            for task in delivering:
                task.cancel()

        try:
            await _serve_http(uvicorn_config(app, settings.drain_seconds), listener, ready, close)
        finally:
            feeding.cancel()
            submitting.cancel()
            await asyncio.gather(*delivering, return_exceptions=True)


async def _deliver(settings: Settings, outbox: Outbox, encode_task: Encode) -> None:
    """Delivers callbacks until it is cancelled, and those that are under way then."""
    secret = _plain(settings.callbacks.secret)
    signer = Webhook(secret) if secret else None
    async with open_poster(settings.hook_addresses(), encode=encode_task, signer=signer, now=time.time) as poster:
        await Sender(outbox, poster, time.monotonic, settings.drain_seconds).run()


def _new_request_id() -> str:
    """Makes an id that is no secret, in a sixth of the time that a UUID takes; every request needs one."""
    return f"{random.getrandbits(128):032x}"


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _picture_store(place: str | None) -> PictureStore | None:
    if not place:
        return None
    if "://" not in place:
        return PictureFolder(Path(place))
    from mjproxy_rest.picture_bucket import PictureBucket  # noqa: PLC0415 - its library is optional

    return PictureBucket(place)


def _image_url(settings: RestSettings, links: OwnLinks) -> ImageUrl:
    if settings.images == "proxy":
        return links.image_url
    return behind_mirror(settings.image_base) if settings.image_base else as_given


async def _serve_http(
    config: uvicorn.Config, listener: socket.socket, ready: Callable[[str], None], close: Callable[[], None]
) -> None:
    """Serves until cancelled; then closes what else runs, and lets the requests under way end meanwhile."""
    server = _Server(config, lambda: ready(announcement(listener)))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        close()
        await serving


def uvicorn_config(app: ASGIApp, drain_seconds: int) -> uvicorn.Config:
    """Returns how the shim is served, for whatever application."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )


class _Server(uvicorn.Server):
    """Uvicorn, but it says when it answers, and leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
