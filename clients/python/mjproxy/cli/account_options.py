"""The options that say what an account shall have."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mjproxy.settings import AccountFields
from mjproxy.terms import Mode, WhenHeld

if TYPE_CHECKING:
    from collections.abc import Callable

_VARIABLE: Final = "MJPROXY_USER_TOKEN"

_FIELDS = (
    click.option("--guild", "guild_id", metavar="ID", help='The Discord server; "" for a direct channel with the bot.'),
    click.option("--user-agent", help="The browser user agent that the account was made with."),
    click.option("--enable/--disable", default=None, help="Whether it takes new tasks."),
    click.option("--core-size", type=click.IntRange(min=1), help="How many of its jobs may run at once."),
    click.option("--queue-size", type=click.IntRange(min=0), help="How many of its tasks may wait."),
    click.option("--timeout-minutes", type=click.IntRange(min=1), help="When a silent job is given up."),
    click.option("--interval", "interval_seconds", type=float, help="Seconds between two interactions, at least."),
    click.option("--remark", help="A free text, which filters can ask for."),
    click.option("--weight", type=click.IntRange(min=1), help="Its share where accounts are chosen by weight."),
    click.option("--mode", type=click.Choice(Mode.words()), help="The mode of tasks that name none."),
    click.option("--remix-auto-submit/--no-remix-auto-submit", default=None, help="Go on with remixes unasked."),
    click.option("--mj-bot-channel", "mj_bot_channel_id", metavar="ID", help="Its direct channel with Midjourney."),
    click.option("--niji-bot-channel", "niji_bot_channel_id", metavar="ID", help="Its direct channel with Niji."),
    click.option("--when-held", type=click.Choice(WhenHeld.words()), help="What waiting tasks do when it is held."),
    click.option("--failure-retries", type=click.IntRange(0, 10), help="Tries after a fault of Midjourney's."),
    click.option("--press-appeal/--no-press-appeal", default=None, help="Press Appeal when the bot offers it."),
    click.option(
        "--fallback-mode",
        "fallback_modes",
        multiple=True,
        type=click.Choice(Mode.words()),
        help="A mode to go on in when hours are used up; repeatable.",
    ),
)


def field_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each of `AccountFields`; what is given reaches it as its argument `fields`."""

    @functools.wraps(command)
    def with_fields(**arguments: object) -> None:
        given = {name: arguments.pop(name) for name in AccountFields.__annotations__}
        fields: AccountFields = {name: value for name, value in given.items() if value not in {None, ()}}  # type: ignore[assignment]
        command(fields=fields, **arguments)

    return functools.reduce(lambda decorated, option: option(decorated), reversed(_FIELDS), with_fields)


def token_option(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the option that names a token's file; the token reaches it as its argument `user_token`."""

    @click.option(
        "--token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file that holds the token of the Discord user.",
    )
    @functools.wraps(command)
    def with_token(*, token_file: Path | None, **arguments: object) -> None:
        command(user_token=token_file and token_file.read_text(encoding="utf-8").strip(), **arguments)

    return with_token


def given_or_asked(user_token: str | None) -> str:
    """The token that was given, by the option or by MJPROXY_USER_TOKEN; asks for it where it was not."""
    token = user_token or os.environ.get(_VARIABLE)
    return token or str(click.prompt("Token of the Discord user", hide_input=True, err=True))
