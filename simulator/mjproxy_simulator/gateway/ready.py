"""What a user account is told when its session begins: READY and READY_SUPPLEMENTAL.

Source: https://docs.discord.food/gateway/gateway-events#ready, and what user-account libraries with strict parsing
insist on: lists are never null, and every user that is named anywhere is in `users`. There is no `auth_token`, which
some clients would take for a new token.
"""

from collections.abc import Callable

from mjproxy_simulator.discord.forms import Json, guild, member, own_user, user
from mjproxy_simulator.gateway.session import Session
from mjproxy_simulator.model.accounts import Account, Channel
from mjproxy_simulator.model.applications import APPLICATIONS


class Greeter:
    """Writes the first events of a session.

    Args:
        gateway_url: Where the session can be resumed.
        last_message_id: Gives the newest message of a channel.
    """

    def __init__(self, gateway_url: str, last_message_id: Callable[[int], int | None]) -> None:
        self._gateway_url = gateway_url
        self._last_message_id = last_message_id

    def greeting(self, account: Account, session: Session, version: int) -> list[tuple[str, Json]]:
        """Return the events with which a session begins; `version` is that of the API."""
        return [("READY", self._ready(account, session) | {"v": version}), ("READY_SUPPLEMENTAL", _supplement(account))]

    def _ready(self, account: Account, session: Session) -> Json:
        return {
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._gateway_url,
            "user": own_user(account.user),
            "guilds": [guild(account)],
            "merged_members": [[member(account.user) | {"user_id": str(account.user.id)}]],
            "private_channels": [self._private_channel(channel) for channel in account.private_channels],
            "users": [user(account.user), *(user(each.user) for each in APPLICATIONS)],
            "relationships": [],
            "sessions": [_session_form(session)],
            "read_state": {"entries": [], "partial": False, "version": 0},
            "user_guild_settings": {"entries": [], "partial": False, "version": 0},
            "user_settings_proto": "",
            "consents": {"personalization": {"consented": False}},
            "connected_accounts": [],
            "guild_experiments": [],
            "experiments": [],
            "country_code": "US",
            "geo_ordered_rtc_regions": [],
            "analytics_token": "",
            "auth_session_id_hash": "",
            "api_code_version": 1,
            "tutorial": None,
            "_trace": ['["gateway-simulated",{"micros":0.0}]'],
        }

    def _private_channel(self, channel: Channel) -> Json:
        last = self._last_message_id(channel.id)
        return {
            "id": str(channel.id),
            "type": 1,
            "recipient_ids": [str(channel.partner_id)],
            "last_message_id": None if last is None else str(last),
            "flags": 0,
            "is_spam": False,
        }


def member_chunk(account: Account, guild_id: int, nonce: str | None) -> Json | None:
    """Return the members of a guild, None when it is not the account's."""
    if guild_id != account.guild_id:
        return None
    people = (account.user, *(each.user for each in APPLICATIONS))
    chunk: Json = {
        "guild_id": str(guild_id),
        "members": [member(person) | {"user": user(person)} for person in people],
        "chunk_index": 0,
        "chunk_count": 1,
    }
    return chunk if nonce is None else chunk | {"nonce": nonce}


def _supplement(account: Account) -> Json:
    return {
        "guilds": [{"id": str(account.guild_id), "voice_states": [], "embedded_activities": []}],
        "merged_members": [[]],
        "merged_presences": {"guilds": [[]], "friends": []},
        "lazy_private_channels": [],
        "disclose": [],
    }


def _session_form(session: Session) -> Json:
    return {
        "session_id": session.id,
        "status": "online",
        "activities": [],
        "client_info": {"version": 0, "os": "other", "client": "web"},
    }
