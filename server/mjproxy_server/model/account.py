"""The account: one Discord channel that a user token can draw in."""

from dataclasses import dataclass, field

from mjproxy_server.model.vocabulary import Mode


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

    @property
    def id(self) -> str:
        """The account's id: its channel id."""
        return self.channel_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """Which accounts may work on a task. What is "" or empty or None lets everything through.

    Attributes:
        account_id: The account's id must be this.
        modes: The account's own mode, if it has one, must be among these.
        remark: The account's remark must be this.
    """

    account_id: str = ""
    modes: tuple[Mode, ...] = ()
    remark: str = ""
