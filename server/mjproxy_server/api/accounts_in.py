"""From the requests of AccountService to the domain's accounts. What is wrong with a field is refused by its name."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from mjproxy.v1 import account_service_pb2 as pb
from mjproxy_server.api.accounts_out import LEVELS, WHEN_HELD
from mjproxy_server.api.tasks_out import BOTS, MODES
from mjproxy_server.engine.syncing import BotSettings
from mjproxy_server.model.account import BOUNDS, Account
from mjproxy_server.model.errors import InvalidField
from mjproxy_server.model.vocabulary import Bot, Level, Mode, WhenHeld
from mjproxy_server.store.accounts import CreationId

LONGEST_TEXT: Final = 1024
LONGEST_SNOWFLAKE: Final = 20

_MODES: Final[Mapping[int, Mode]] = {number: word for word, number in MODES.items()}
_LEVELS: Final[Mapping[int, Level]] = {number: word for word, number in LEVELS.items()}
_CONFIGURABLE_BOTS: Final[Mapping[int, Bot]] = {BOTS[bot]: bot for bot in (Bot.MIDJOURNEY, Bot.NIJI)}
_WHEN_HELD: Final[Mapping[int, WhenHeld]] = {number: word for word, number in WHEN_HELD.items()}

Word = TypeVar("Word")
Reader = Callable[[Message, str, Account], object]
"""Reads a field: of the `AccountSettings`, by its name; what the last argument has stands for what is not given."""


def creation_id(request: pb.CreateAccountRequest) -> CreationId | None:
    """Returns by what a repeat of the request is known; None if it has no request id.

    Raises:
        InvalidField: The request id is no UUID.
    """
    if not request.request_id:
        return None
    try:
        UUID(request.request_id)
    except ValueError:
        raise InvalidField("request_id", "expected a UUID") from None
    return CreationId(request.request_id, hashlib.sha256(request.SerializeToString(deterministic=True)).digest())


def new_account(request: pb.CreateAccountRequest, defaults: Account) -> Account:
    """Returns the account to make; what is not given is as the defaults have it.

    Raises:
        InvalidField: A field is missing or wrong.
    """
    if not request.settings.channel_id:
        raise InvalidField("settings.channel_id", "must not be empty; give the channel's id")
    account = _with(defaults, request.settings, _READERS, defaults)
    return dataclasses.replace(account, user_token=_token(request.user_token))


def change(request: pb.UpdateAccountRequest, defaults: Account) -> Callable[[Account], Account]:
    """Returns what makes the changed account. A field that is named but empty is cleared.

    What cannot be empty then becomes as the defaults have it; 0 is refused where it cannot be told from "not given".

    Raises:
        InvalidField: A field or the mask is wrong.
    """
    names = tuple(request.update_mask.paths)
    has_token = request.HasField("user_token")
    _check_mask(names, may_be_empty=has_token)
    token = {"user_token": _token(request.user_token)} if has_token else {}
    _refuse_zeros(request.settings, names)
    cleared = dataclasses.replace(
        defaults, guild_id="", mj_bot_channel_id="", niji_bot_channel_id="", mode=None, fallback_modes=()
    )
    read = _with(cleared, request.settings, names, cleared)
    changed: dict[str, object] = {name: getattr(read, name) for name in names} | token
    return lambda account: dataclasses.replace(account, **changed)  # type: ignore[arg-type] # The fields' own values.


def bot(request: pb.SyncAccountRequest | pb.ChangeBotSettingsRequest) -> Bot:
    """Returns the bot that is meant.

    Raises:
        InvalidField: It is one that has no settings.
    """
    if not request.bot_type:
        return Bot.MIDJOURNEY
    if request.bot_type not in _CONFIGURABLE_BOTS:
        raise InvalidField("bot_type", "expected Midjourney or Niji")
    return _CONFIGURABLE_BOTS[request.bot_type]


def bot_settings(request: pb.ChangeBotSettingsRequest) -> BotSettings:
    """Returns what shall hold at the bot.

    Raises:
        InvalidField: A value is unknown, or there is none.
    """
    settings = request.settings
    wanted = BotSettings(
        version=settings.version if settings.HasField("version") else None,
        remix=settings.remix if settings.HasField("remix") else None,
        stylize=_known(_LEVELS, settings.stylize, "settings.stylize"),
        variation=_known(_LEVELS, settings.variation, "settings.variation"),
        mode=_known(_MODES, settings.mode, "settings.mode"),
    )
    if wanted == BotSettings():
        raise InvalidField("settings", "must not be empty; say what to change")
    return wanted


def restores(request: pb.UpdateAccountRequest) -> bool:
    """Tells whether the operator wants the account to work again, whatever keeps it from that."""
    return "enable" in request.update_mask.paths and request.settings.enable


def _with(account: Account, settings: Message, names: Iterable[str], defaults: Account) -> Account:
    read = {name: _READERS[name](settings, name, defaults) for name in names}
    return dataclasses.replace(account, **read)  # type: ignore[arg-type] # Each reader is its field's own.


def _check_mask(names: tuple[str, ...], *, may_be_empty: bool) -> None:
    if not names and not may_be_empty:
        raise InvalidField("update_mask", "must not be empty; name the fields to change, or give a new user_token")
    for name in names:
        if name == "user_token":
            raise InvalidField("update_mask", "user_token is no setting and needs no mask; leave it out of it")
        if name == "channel_id":
            raise InvalidField("update_mask", "channel_id is the account's id and stays; create another account")
        if name not in _READERS:
            raise InvalidField("update_mask", f"unknown field {name!r}; expected some of {', '.join(sorted(_READERS))}")


def _refuse_zeros(settings: Message, names: Iterable[str]) -> None:
    for name in names:
        if name in BOUNDS and not _has_presence(settings, name) and not getattr(settings, name):
            raise _out_of_bounds(name, 0)


def _has_presence(settings: Message, name: str) -> bool:
    return settings.DESCRIPTOR.fields_by_name[name].has_presence


def _out_of_bounds(name: str, value: float) -> InvalidField:
    least, most = BOUNDS[name]
    return InvalidField(f"settings.{name}", f"expected {least} to {most}, got {value}")


def _token(token: str) -> str:
    """The error must not repeat what was given."""
    if not token.strip() or not token.isascii() or any(character.isspace() for character in token):
        raise InvalidField("user_token", "expected the token of a Discord user, without white space")
    return token


def _text(settings: Message, name: str, _: Account) -> str:
    text: str = getattr(settings, name)
    if len(text) > LONGEST_TEXT:
        raise InvalidField(f"settings.{name}", f"at most {LONGEST_TEXT} characters, got {len(text)}")
    return text


def _header(settings: Message, name: str, defaults: Account) -> str:
    text = _text(settings, name, defaults)
    if not text.isascii() or not text.isprintable():
        raise InvalidField(f"settings.{name}", "expected printable ASCII characters, as a browser sends them")
    return text or str(getattr(defaults, name))


def _snowflake(settings: Message, name: str, defaults: Account) -> str:
    text: str = getattr(settings, name) or getattr(defaults, name)
    if text and not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_SNOWFLAKE):
        raise InvalidField(f"settings.{name}", f"expected a Discord id of at most {LONGEST_SNOWFLAKE} digits")
    return text


def _number(settings: Message, name: str, defaults: Account) -> float:
    """0 means that it is not given, where it can be told from 0 by nothing else."""
    given = settings.HasField(name) if _has_presence(settings, name) else bool(getattr(settings, name))
    value: float = getattr(settings if given else defaults, name)
    least, most = BOUNDS[name]
    if not least <= value <= most:  # Nor is NaN between them.
        raise _out_of_bounds(name, value)
    return value


def _switch(settings: Message, name: str, defaults: Account) -> bool:
    return bool(getattr(settings if settings.HasField(name) else defaults, name))


def _word(words: Mapping[int, Word]) -> Reader:
    def read(settings: Message, name: str, defaults: Account) -> object:
        return _known(words, getattr(settings, name), f"settings.{name}") or getattr(defaults, name)

    return read


def _modes(settings: Message, name: str, defaults: Account) -> tuple[Mode, ...]:
    """None given means that none is given, not that there are to be none: only an update can tell these apart."""
    numbers: Sequence[int] = getattr(settings, name)
    modes = tuple(mode for number in numbers if (mode := _known(_MODES, number, f"settings.{name}")))
    if len(set(modes)) < len(numbers):
        raise InvalidField(f"settings.{name}", "expected each mode once at the most, and none that is unspecified")
    return modes or defaults.fallback_modes


def _known(words: Mapping[int, Word], number: int, field: str) -> Word | None:
    """Returns the word of a number; None if it is unspecified."""
    if number and number not in words:
        raise InvalidField(field, f"unknown value {number}")
    return words[number] if number else None


_READERS: Final[Mapping[str, Reader]] = {
    "guild_id": _snowflake,
    "channel_id": _snowflake,
    "user_agent": _header,
    "enable": _switch,
    "core_size": _number,
    "queue_size": _number,
    "timeout_minutes": _number,
    "interval_seconds": _number,
    "remark": _text,
    "weight": _number,
    "mode": _word(_MODES),
    "remix_auto_submit": _switch,
    "mj_bot_channel_id": _snowflake,
    "niji_bot_channel_id": _snowflake,
    "when_held": _word(_WHEN_HELD),
    "failure_retries": _number,
    "press_appeal": _switch,
    "fallback_modes": _modes,
}
