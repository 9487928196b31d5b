"""The people of the simulated world and the places where they talk, all derived from one seed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from mjproxy_simulator.model.bots import MIDJOURNEY_ID, NIJI_ID
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.model.snowflakes import snowflake

_NAMES = ("alice", "bruno", "chiyo", "dario", "elif", "farid", "greta", "hana", "ivan", "juno", "kofi", "lena")
_FIRST_DAY_MS = 1_609_459_200_000  # 2021-01-01: everybody joined in the three years that follow.
_THREE_YEARS_MS = 3 * 365 * 86_400_000


class Profile(IntEnum):
    """How the bot ends a job.

    Up to 2025 it deleted the progress message and posted the result without a reference; in 2026 it answers the
    progress message, which stays.
    """

    OF_2023 = 2023
    OF_2026 = 2026


@dataclass(frozen=True, slots=True)
class User:
    """A user of Discord, a person or a bot."""

    id: int
    username: str
    global_name: str | None = None
    discriminator: str = "0"
    avatar: str | None = None
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A text channel of a guild, or, without a guild, the private channel of a user and the bot `partner_id`."""

    id: int
    guild_id: int | None
    owner_id: int
    partner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One user with a token, a guild, a text channel in it, and a private channel with each of the two bots."""

    user: User
    token: str
    guild_id: int
    channel_id: int
    private_channel_id: int
    niji_channel_id: int
    profile: Profile

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The places where the account may talk: its guild's channel, and the private ones."""
        return (Channel(self.channel_id, self.guild_id, self.user.id), *self.private_channels)

    @property
    def private_channels(self) -> tuple[Channel, ...]:
        """The private channels: that with the Midjourney bot, and that with the Niji bot."""
        return (
            Channel(self.private_channel_id, None, self.user.id, MIDJOURNEY_ID),
            Channel(self.niji_channel_id, None, self.user.id, NIJI_ID),
        )

    def private_channel_with(self, bot_id: int) -> int:
        """Return the private channel in which a bot writes to the user."""
        return self.niji_channel_id if bot_id == NIJI_ID else self.private_channel_id


def derive_account(seed: Seed, number: int, profile: Profile) -> Account:
    """Return the account with this number; the same one for the same seed, forever."""

    def identifier(label: str) -> int:
        joined = _FIRST_DAY_MS + seed.integer(label, number, bits=64) % _THREE_YEARS_MS
        return snowflake(joined, seed.integer(label, number, "low", bits=22))

    username = _username(number)
    return Account(
        user=User(identifier("user"), username, username.capitalize()),
        token=f"sim.{username}.{seed.hex('token', number)}",
        guild_id=identifier("guild"),
        channel_id=identifier("channel"),
        private_channel_id=identifier("private channel"),
        niji_channel_id=identifier("niji channel"),
        profile=profile,
    )


def derive_stranger(seed: Seed) -> User:
    """Return the person without an account here who draws in other people's channels."""
    return User(snowflake(_FIRST_DAY_MS, seed.integer("stranger", bits=22)), "stranger", "A Stranger")


def _username(number: int) -> str:
    turn, place = divmod(number, len(_NAMES))
    return _NAMES[place] if turn == 0 else f"{_NAMES[place]}{turn + 1}"


class Directory:
    """Who exists: accounts by token, user and channel, and the users without an account."""

    def __init__(self, accounts: Iterable[Account], others: Iterable[User]) -> None:
        self._accounts: dict[int, Account] = {}
        self._by_token: dict[str, int] = {}
        self._channels: dict[int, Channel] = {}
        self._users = {user.id: user for user in others}
        for account in accounts:
            self.add(account)

    def add(self, account: Account) -> None:
        """Let an account exist."""
        self._accounts[account.user.id] = account
        self._by_token[account.token] = account.user.id
        self._users[account.user.id] = account.user
        self._channels |= {channel.id: channel for channel in account.channels}

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order of their numbers."""
        return tuple(self._accounts.values())

    def by_token(self, token: str) -> Account | None:
        """Return the account that a token opens."""
        user_id = self._by_token.get(token)
        return None if user_id is None else self._accounts[user_id]

    def by_user(self, user_id: int) -> Account | None:
        """Return a user's account; the bots and strangers have none."""
        return self._accounts.get(user_id)

    def find(self, identifier: str) -> Account | None:
        """Return the account whose user id or channel id this is, in decimal digits."""
        if not identifier.isdecimal():
            return None
        channel = self._channels.get(int(identifier))
        return self._accounts.get(int(identifier) if channel is None else channel.owner_id)

    def user(self, user_id: int) -> User | None:
        """Return a user, with an account or without."""
        return self._users.get(user_id)

    def name(self, user_id: int) -> str:
        """Return a user's name."""
        person = self.user(user_id)
        return person.username if person else "someone"

    def channel(self, channel_id: int) -> Channel | None:
        """Return a channel of any account."""
        return self._channels.get(channel_id)

    def set_profile(self, user_id: int, profile: Profile) -> None:
        """Let the bot end the account's coming jobs as `profile` says; until the simulator stops."""
        self._accounts[user_id] = replace(self._accounts[user_id], profile=profile)
