"""How the shim reaches its server."""

import pytest

from mjproxy.channel import open_channel
from mjproxy.v1.delivery_service_pb2 import DeliveryResult
from mjproxy_rest.callbacks.outbox import Outbox
from mjproxy_rest.upstream import CHANNEL_OPTIONS
from tests.rest.rest_outbox import ScriptedOutbox


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with ScriptedOutbox.serve() as outbox:
        another_machine = f"dns:///127.0.0.1:{outbox.port}"  # As far as the channel can tell by looking at it.
        async with open_channel(another_machine, options=CHANNEL_OPTIONS) as channel:
            await Outbox(channel, "").report([DeliveryResult(lease_id="unknown")])
