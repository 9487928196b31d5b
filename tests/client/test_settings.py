import uuid

import click
import pytest

from mjproxy.cli.accounts import set_
from mjproxy.settings import (
    AccountFields,
    BotFields,
    account_settings,
    bot_settings,
    follow_up_options,
    new_task_options,
)
from mjproxy.v1 import account_pb2, task_pb2
from mjproxy.v1.account_pb2 import AccountSettings, BotSettings


def test_each_field_of_the_contract_can_be_given() -> None:
    assert {*AccountFields.__annotations__, "channel_id"} == set(AccountSettings.DESCRIPTOR.fields_by_name)
    assert set(BotFields.__annotations__) == set(BotSettings.DESCRIPTOR.fields_by_name)


def test_each_field_has_an_option_of_the_command_line() -> None:
    options = {option.name for option in set_.params if isinstance(option, click.Option)}
    assert set(AccountFields.__annotations__) <= options


def test_words_become_numbers() -> None:
    settings = account_settings(
        {"mode": "relax", "when_held": "move", "fallback_modes": ["turbo", "relax"], "enable": False, "core_size": 2}
    )
    assert (settings.mode, settings.when_held) == (task_pb2.MODE_RELAX, account_pb2.WHEN_HELD_MOVE)
    assert list(settings.fallback_modes) == [task_pb2.MODE_TURBO, task_pb2.MODE_RELAX]
    assert (settings.HasField("enable"), settings.enable, settings.core_size) == (True, False, 2)
    assert not settings.HasField("queue_size")
    wanted = bot_settings({"remix": False, "stylize": "very_high", "mode": "fast"})
    assert (wanted.HasField("remix"), wanted.HasField("version")) == (True, False)
    assert (wanted.stylize, wanted.mode) == (account_pb2.SETTING_LEVEL_VERY_HIGH, task_pb2.MODE_FAST)


def test_words_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="when_held: 'later' is none of wait, move"):
        account_settings({"when_held": "later"})
    with pytest.raises(ValueError, match="level: 'loud' is none of low, medium, high, very_high"):
        bot_settings({"stylize": "loud"})


def test_each_submission_has_a_request_id_of_its_own_unless_told() -> None:
    first, second = follow_up_options({}).request_id, follow_up_options({"request_id": ""}).request_id
    assert uuid.UUID(first) != uuid.UUID(second)
    assert follow_up_options({"request_id": "mine"}).request_id == "mine"


def test_new_tasks_name_their_account() -> None:
    options = new_task_options({"account_id": "17", "bot": "niji", "mode": "turbo", "state": "mine"})
    assert (options.account_filter.account_id, options.state) == ("17", "mine")
    assert (options.bot_type, options.mode) == (task_pb2.BOT_TYPE_NIJI, task_pb2.MODE_TURBO)
    assert not new_task_options({}).HasField("account_filter")
