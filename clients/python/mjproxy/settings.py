"""The optional settings of submissions and accounts, as keywords with their types, and the messages made of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypedDict

from mjproxy.terms import Bot, Level, Mode, WhenHeld
from mjproxy.v1 import account_pb2, task_pb2
from mjproxy.v1.account_pb2 import AccountSettings, BotSettings
from mjproxy.v1.task_service_pb2 import AccountFilter, SubmitOptions

if TYPE_CHECKING:
    from collections.abc import Sequence


class SubmitSettings(TypedDict, total=False):
    """What every submission takes.

    Attributes:
        state: The caller's own text, at most 4096 characters; comes back with the task.
        notify_hook: A URL to which the server posts each change of the task.
        request_id: A UUID. A repeat with the same one, within 24 hours, gets the first answer and draws nothing. By
            default a new one is made.
    """

    state: str
    notify_hook: str
    request_id: str


class NewTaskSettings(SubmitSettings, total=False):
    """What a submission takes that follows up on no other task.

    Attributes:
        mode: "fast", "relax" or "turbo"; by default what the prompt says, else the account's.
        bot: "midjourney" or "niji"; by default Midjourney.
        account_id: The account to work on it; by default the server chooses.
    """

    mode: str
    bot: str
    account_id: str


class AccountFields(TypedDict, total=False):
    """What can be set of an account; what is not given is as the server has it.

    Attributes:
        guild_id: The Discord server; "" for a direct channel with the bot.
        user_agent: The browser user agent that the account was made with.
        enable: Whether it takes new tasks. To enable it also lifts a hold.
        core_size: How many of its jobs may run at once.
        queue_size: How many of its tasks may wait.
        timeout_minutes: Minutes without a sign of life after which a job is given up.
        interval_seconds: The least time between two interactions.
        remark: A free text, which filters can ask for.
        weight: The relative share where accounts are chosen by weight.
        mode: The mode of tasks that name none.
        remix_auto_submit: Submit remixes without asking the caller.
        mj_bot_channel_id: The direct channel with the Midjourney bot.
        niji_bot_channel_id: The direct channel with the Niji bot.
        when_held: "wait" or "move": what becomes of its waiting tasks when its owner has to act.
        failure_retries: How often a task is tried again that failed by Midjourney's own fault, 0 to 10.
        press_appeal: Press Appeal, once for a task, when the bot offers it.
        fallback_modes: The modes to go on in, in this order, when hours are used up.
    """

    guild_id: str
    user_agent: str
    enable: bool
    core_size: int
    queue_size: int
    timeout_minutes: int
    interval_seconds: float
    remark: str
    weight: int
    mode: str
    remix_auto_submit: bool
    mj_bot_channel_id: str
    niji_bot_channel_id: str
    when_held: str
    failure_retries: int
    press_appeal: bool
    fallback_modes: Sequence[str]


class BotFields(TypedDict, total=False):
    """What can be set at a bot; what is not given stays as it is.

    Attributes:
        version: One of the account's `sync.versions`.
        remix: Whether Remix is on.
        stylize: "low", "medium", "high" or "very_high".
        variation: "low" or "high".
        mode: The mode of prompts that name none.
    """

    version: str
    remix: bool
    stylize: str
    variation: str
    mode: str


def follow_up_options(settings: SubmitSettings) -> SubmitOptions:
    """The options of a submission, with a request id of its own if it was given none."""
    options = SubmitOptions(state=settings.get("state", ""), notify_hook=settings.get("notify_hook", ""))
    options.request_id = settings.get("request_id") or str(uuid.uuid4())
    return options


def new_task_options(settings: NewTaskSettings) -> SubmitOptions:
    """The same with what only a new task takes.

    Raises:
        ValueError: Mode or bot are none.
    """
    options = follow_up_options(settings)
    options.mode = _mode(settings.get("mode"))
    options.bot_type = bot_number(settings.get("bot"))
    if account_id := settings.get("account_id"):
        options.account_filter.CopyFrom(AccountFilter(account_id=account_id))
    return options


def bot_number(word: str | None) -> task_pb2.BotType.ValueType:
    """The number of a bot; unspecified for None.

    Raises:
        ValueError: There is no such bot.
    """
    return Bot.parse(word).number if word else task_pb2.BOT_TYPE_UNSPECIFIED


def account_settings(fields: AccountFields) -> AccountSettings:
    """The message of what was given.

    Raises:
        ValueError: A mode or `when_held` is none.
    """
    words = {"mode", "when_held", "fallback_modes"}
    message = AccountSettings(**{name: value for name, value in fields.items() if name not in words})  # type: ignore[arg-type]
    message.mode = _mode(fields.get("mode"))
    message.fallback_modes.extend(Mode.parse(word).number for word in fields.get("fallback_modes", ()))
    if word := fields.get("when_held"):
        message.when_held = WhenHeld.parse(word).number
    return message


def bot_settings(fields: BotFields) -> BotSettings:
    """The message of what was given.

    Raises:
        ValueError: A mode or a level is none.
    """
    return BotSettings(
        version=fields.get("version"),
        remix=fields.get("remix"),
        stylize=_level(fields.get("stylize")),
        variation=_level(fields.get("variation")),
        mode=_mode(fields.get("mode")),
    )


def _mode(word: str | None) -> task_pb2.Mode.ValueType:
    return Mode.parse(word).number if word else task_pb2.MODE_UNSPECIFIED


def _level(word: str | None) -> account_pb2.SettingLevel.ValueType:
    return Level.parse(word).number if word else account_pb2.SETTING_LEVEL_UNSPECIFIED
