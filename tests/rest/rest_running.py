"""Runs the shim itself, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from mjproxy_rest.part import Settings, serve
from mjproxy_rest.upstream import Upstream
from tests.rest.rest_rules import check


@asynccontextmanager
async def running_shim(
    grpc_target: str, service_key: str | None = None, rest: Mapping[str, object] | None = None, **settings: object
) -> AsyncIterator[httpx.AsyncClient]:
    """Runs the shim for so long; yields a client of it, which checks that each answer follows the rules.

    It runs in this process, unless `rest` asks for several workers.
    """
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    places = {"rest_listen": "127.0.0.1:0", "grpc_target": grpc_target, "service_key": service_key}
    table = {"rest": {"workers": 1, **(rest or {})}}
    serving = asyncio.create_task(serve(Settings.model_validate(places | table | settings), announced.set_result))
    try:
        both: list[asyncio.Future[Any]] = [announced, serving]
        await asyncio.wait(both, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        address = announced.result().removeprefix("rest=")
        async with httpx.AsyncClient(
            base_url=address, trust_env=False, timeout=20, event_hooks={"response": [check]}
        ) as client:
            yield client
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def submitting(upstream: Upstream) -> AsyncIterator[Upstream]:
    """Has it send what is submitted, for so long."""
    sending = asyncio.create_task(upstream.run())
    yield upstream
    sending.cancel()
    await asyncio.wait([sending])
