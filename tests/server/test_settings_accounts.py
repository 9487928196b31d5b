"""The sections `[account_defaults]` and `[[accounts]]`, and how accounts are chosen."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mjproxy_server.engine.choice import ChoiceRule
from mjproxy_server.model.account import BOUNDS, PLAIN_ACCOUNT
from mjproxy_server.model.vocabulary import Mode, WhenHeld
from mjproxy_server.settings import Settings

ACCOUNT = {"guild_id": "1", "channel_id": "2", "user_token": "t"}


def test_the_defaults_of_the_file_are_those_of_the_domain() -> None:
    assert Settings.model_validate({}).account_defaults.account() == PLAIN_ACCOUNT


def test_the_fallback_modes_have_an_order_and_each_is_named_once() -> None:
    section = ACCOUNT | {"fallback_modes": ["turbo", "relax"], "failure_retries": 2, "press_appeal": True}
    (account,) = Settings.model_validate({"accounts": [section]}).pool()
    assert account.fallback_modes == (Mode.TURBO, Mode.RELAX)
    assert (account.failure_retries, account.press_appeal) == (2, True)
    with pytest.raises(ValidationError, match="mode relax is given more than once"):
        Settings.model_validate({"account_defaults": {"fallback_modes": ["relax", "relax"]}})


def test_what_an_account_leaves_out_is_as_the_defaults_have_it() -> None:
    defaults = {"core_size": 7, "mode": "relax", "when_held": "move", "mj_bot_channel_id": "9"}
    settings = Settings.model_validate({"account_defaults": defaults, "accounts": [ACCOUNT | {"core_size": 5}]})
    (account,) = settings.pool()
    assert (account.core_size, account.mode, account.when_held) == (5, Mode.RELAX, WhenHeld.MOVE)
    assert settings.account_defaults.account().mj_bot_channel_id == account.mj_bot_channel_id == "9"


def test_the_bots_are_asked_about_accounts_unless_that_is_switched_off() -> None:
    assert Settings.model_validate({}).account_sync
    assert not Settings.model_validate({"account_sync": False}).account_sync


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("beyond", [-1, 1])
def test_numbers_have_the_bounds_of_the_domain(name: str, beyond: int) -> None:
    bound = BOUNDS[name][beyond > 0]
    Settings.model_validate({"account_defaults": {name: bound}})
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({"account_defaults": {name: bound + beyond}})


@pytest.mark.parametrize("rule", ["best_wait_idle", "round_robin", "random", "weight"])
def test_accounts_are_chosen_by_the_rule_that_is_named(rule: str) -> None:
    assert Settings.model_validate({"account_choice": rule}).account_choice is ChoiceRule(rule)
    assert Settings.model_validate({}).account_choice is ChoiceRule.BEST_WAIT_IDLE
