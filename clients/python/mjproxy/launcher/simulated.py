"""Makes the simulator's accounts the server's, when no Discord account is configured."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

import httpx

from mjproxy.launcher.address import Address
from mjproxy.launcher.errors import PartFailed
from mjproxy.launcher.origins import variable

_ACCOUNT_KEYS: Final = ("guild_id", "channel_id", "user_token")


async def accounts_of(simulator: Address) -> list[dict[str, object]]:
    """Asks the simulator for its accounts.

    Raises:
        PartFailed: It does not answer as it should.
    """
    url = f"http://{simulator.from_here}/control/accounts"
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.get(url)
            response.raise_for_status()
            return [{key: account[key] for key in _ACCOUNT_KEYS} for account in response.json()]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise PartFailed("simulator", f"does not tell its accounts at {url}: {error!r}") from error


def environment(simulator: Address, accounts: Iterable[Mapping[str, object]], *, paced: bool) -> dict[str, str]:
    """The server's variables that put the simulator in Discord's place.

    Args:
        simulator: Where it listens.
        accounts: What `accounts_of` gave.
        paced: Whether the configured pace between two submissions holds; else there is none, for a simulator needs
            no sparing. It holds for the accounts that are added later, too.
    """
    unpaced = {} if paced else {variable(("account_defaults", "interval_seconds")): "0"}
    return {
        variable(("accounts",)): json.dumps(list(accounts)),
        variable(("discord",)): json.dumps(_hosts(simulator.from_here)),
        **unpaced,
    }


def _hosts(simulator: Address) -> dict[str, str | None]:
    http, websocket = f"http://{simulator}", f"ws://{simulator}"
    return {
        "server": http,
        "cdn": http,
        "gateway": websocket,
        "resume_gateway": websocket,
        "upload_server": http,
        "interaction_frame_server": http,
        "proxy": None,  # One configured for Discord does not lead to this machine.
    }
