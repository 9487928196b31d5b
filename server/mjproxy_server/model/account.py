"""The account: one Discord channel that a user token can draw in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from mjproxy_server.model.vocabulary import Bot, Level, Mode, WhenHeld

DEFAULT_USER_AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36"
)

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "core_size": (1, 100),
    "queue_size": (0, 100_000),
    "timeout_minutes": (1, 1440),
    "interval_seconds": (0, 3600),
    "weight": (1, 1000),
    "failure_retries": (0, 10),
}
"""The least and the greatest value of an account's numbers, wherever they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is configured.

    Attributes:
        guild_id: The Discord server; "" for a direct channel with the bot.
        channel_id: The channel, and the account's id.
        user_token: Discord's token of the user. Never shown.
        user_agent: The browser user agent that Discord is shown.
        enable: Whether it takes new tasks.
        core_size: How many of its jobs may run at once.
        queue_size: How many of its tasks may wait.
        timeout_minutes: A job is given up after this many minutes without a sign of life.
        interval_seconds: The least time between two interactions.
        remark: A free text, which filters can ask for.
        weight: The relative share with the rule "weight".
        mode: The mode of tasks that name none; None for the service's default.
        remix_auto_submit: Submit remixes without asking the caller.
        mj_bot_channel_id: The direct channel with the Midjourney bot; "" to have it found.
        niji_bot_channel_id: The direct channel with the Niji bot; "" to have it found.
        when_held: What becomes of its waiting tasks when its owner has to act.
        failure_retries: How often a task is tried again that failed by what Midjourney calls its own fault.
        press_appeal: Have a refused prompt judged once more, where the bot offers that.
        fallback_modes: In which modes prompts go on, in this order, when the hours of theirs are used up.
    """

    guild_id: str
    channel_id: str
    user_token: str = field(repr=False)
    user_agent: str
    enable: bool = True
    core_size: int = 3
    queue_size: int = 10
    timeout_minutes: int = 5
    interval_seconds: float = 1.2
    remark: str = ""
    weight: int = 1
    mode: Mode | None = None
    remix_auto_submit: bool = False
    mj_bot_channel_id: str = ""
    niji_bot_channel_id: str = ""
    when_held: WhenHeld = WhenHeld.WAIT
    failure_retries: int = 0
    press_appeal: bool = False
    fallback_modes: tuple[Mode, ...] = ()

    @property
    def id(self) -> str:
        """The account's id: its channel id."""
        return self.channel_id


PLAIN_ACCOUNT: Final = Account(guild_id="", channel_id="", user_token="", user_agent=DEFAULT_USER_AGENT)
"""What an account has where nobody says anything else."""


class AccountFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which accounts may work on a task. What is "" or empty or None lets everything through.

    Attributes:
        account_id: The account's id must be this.
        modes: The account's own mode, if it has one, must be among these.
        remark: The account's remark must be this.
        remix: Whether the bot's Remix mode is on, as the last sync told it.
    """

    account_id: str = ""
    modes: tuple[Mode, ...] = ()
    remark: str = ""
    remix: bool | None = None


ANY_ACCOUNT: Final = AccountFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSync:
    """What the bot told of an account; None and "" where it did not.

    Attributes:
        at: When, in Unix milliseconds.
        plan: The subscription, as the bot words it.
        fast_hours_left: Fast hours left.
        mode: The mode of prompts that name none.
        stealth: Whether results are hidden from the public.
        remix: Whether Remix is on.
        version: The model version, as the bot words it.
        versions: The model versions that can be chosen.
        stylize: How strongly pictures are stylized.
        variation: How far variations depart.
        running_jobs: Jobs that run, whoever started them.
        queued_jobs: Jobs that wait, whoever started them.
    """

    at: int
    plan: str = ""
    fast_hours_left: float | None = None
    mode: Mode | None = None
    stealth: bool | None = None
    remix: bool | None = None
    version: str = ""
    versions: tuple[str, ...] = ()
    stylize: Level | None = None
    variation: Level | None = None
    running_jobs: int = 0
    queued_jobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """All that is kept of an account.

    Attributes:
        account: The account as it is.
        base: The account as the configuration had it when this was written; None if it was made through the API.
        sync: What the Midjourney bot told of it; None before the first sync.
        held_reason: Why the account's owner has to act; "" if nothing is the matter.
        niji_sync: What the Niji bot told of it; None before the first sync, and where the guild does not have that bot.
        held_since: When the bot or Discord began to hold it, in Unix milliseconds; 0 if neither does.
    """

    account: Account
    base: Account | None = None
    sync: AccountSync | None = None
    held_reason: str = ""
    niji_sync: AccountSync | None = None
    held_since: int = 0

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

    @property
    def syncs(self) -> dict[Bot, AccountSync]:
        """What each of the bots told that were asked."""
        told = {Bot.MIDJOURNEY: self.sync, Bot.NIJI: self.niji_sync}
        return {bot: sync for bot, sync in told.items() if sync}
