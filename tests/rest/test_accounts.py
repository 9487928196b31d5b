"""Accounts: what is told of them, and what never is."""

import httpx
import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1.account_pb2 import CONNECTION_PHASE_READY, Account, AccountHealth, AccountSettings
from mjproxy_rest.accounts import encode
from tests.rest.openapi_checks import conforms
from tests.rest.rest_server import ScriptedServer


def account(account_id: str) -> Account:
    settings = AccountSettings(
        guild_id="1",
        channel_id=account_id,
        user_agent="Mozilla/5.0",
        enable=True,
        core_size=3,
        queue_size=10,
        timeout_minutes=5,
        remark="studio",
    )
    health = AccountHealth(phase=CONNECTION_PHASE_READY)
    return Account(id=account_id, settings=settings, health=health, running=1, waiting=2)


def test_an_account_is_encoded_without_its_token() -> None:
    assert orjson.loads(encode(account("1118138338562560102"))) == {
        "id": "1118138338562560102",
        "guildId": "1",
        "channelId": "1118138338562560102",
        "userToken": None,
        "userAgent": "Mozilla/5.0",
        "enable": True,
        "coreSize": 3,
        "queueSize": 10,
        "timeoutMinutes": 5,
        "properties": {
            "remark": "studio",
            "connected": True,
            "held": None,
            "restingUntil": None,
            "lastError": None,
            "running": 1,
            "waiting": 2,
        },
    }


def test_an_account_that_does_not_work_says_why() -> None:
    troubled = account("1")
    troubled.health.CopyFrom(
        AccountHealth(held_reason="Blocked", resting_until=Timestamp(seconds=1_700_000_000), last_error="4004")
    )
    properties = orjson.loads(encode(troubled))["properties"]
    told = {key: properties[key] for key in ("connected", "held", "restingUntil", "lastError")}
    assert told == {"connected": False, "held": "Blocked", "restingUntil": 1_700_000_000_000, "lastError": "4004"}


@pytest.mark.parametrize("prefix", ["/mj", "/mj-fast/mj", "/mj-turbo/mj", "/mj-relax/mj"])
async def test_accounts_are_listed_all_and_fetched_one_by_one(
    prefix: str, server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    server.accounts += [account(str(number)) for number in range(1, 6)]
    listed = await shim.get(f"{prefix}/account/list")
    assert [entry["id"] for entry in listed.json()] == ["1", "2", "3", "4", "5"]
    conforms(listed)
    assert (await shim.get(f"{prefix}/account/3/fetch")).json() == listed.json()[2]


async def test_an_unknown_account_is_null(shim: httpx.AsyncClient) -> None:
    answer = await shim.get("/mj/account/404/fetch")
    assert (answer.status_code, answer.content) == (200, b"null")
