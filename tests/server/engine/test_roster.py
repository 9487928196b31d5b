"""Accounts of the configuration and of the API as one list: the last change of each field wins."""

from collections.abc import Callable
from dataclasses import replace

from mjproxy_server.engine.roster import left, roster
from mjproxy_server.model.account import Account, AccountRecord, AccountSync

MakeAccount = Callable[..., Account]


def test_configured_accounts_are_there_without_being_stored(make_account: MakeAccount) -> None:
    configured = make_account("11")
    assert roster([configured], []) == [AccountRecord(account=configured, base=configured)]


def test_an_account_that_was_made_through_the_api_is_there_without_being_configured(make_account: MakeAccount) -> None:
    made = AccountRecord(account=make_account("22"))
    assert roster([], [made]) == [made]
    assert not left([made], [made])


def test_what_was_changed_through_the_api_stays_changed(make_account: MakeAccount) -> None:
    configured = make_account("11", core_size=3)
    kept = AccountRecord(account=replace(configured, enable=False), base=configured)
    assert roster([configured], [kept])[0].account == replace(configured, enable=False)


def test_what_was_changed_in_the_file_since_wins_field_by_field(make_account: MakeAccount) -> None:
    before = make_account("11", core_size=3, remark="old", user_token="old")
    kept = AccountRecord(account=replace(before, core_size=5, remark="api", enable=False), base=before)
    now = replace(before, core_size=7, user_token="new")
    (record,) = roster([now], [kept])
    assert record.account == replace(now, core_size=7, remark="api", enable=False, user_token="new")
    assert record.base == now


def test_an_account_that_left_the_configuration_is_gone(make_account: MakeAccount) -> None:
    kept = AccountRecord(account=make_account("11"), base=make_account("11"))
    assert roster([], [kept]) == []
    assert left([], [kept]) == [kept]


def test_an_account_that_came_into_the_configuration_is_the_configurations(make_account: MakeAccount) -> None:
    made = AccountRecord(account=make_account("11", core_size=9), sync=AccountSync(at=5), held_reason="blocked")
    configured = make_account("11", core_size=2)
    (record,) = roster([configured], [made])
    assert record == AccountRecord(account=configured, base=configured, sync=made.sync, held_reason="blocked")


def test_a_hold_is_lifted_by_a_change_in_the_file_and_by_nothing_less(make_account: MakeAccount) -> None:
    before = make_account("11", user_token="old")
    kept = AccountRecord(account=before, base=before, held_reason="[Blocked]")
    assert roster([before], [kept])[0].held_reason == "[Blocked]"
    assert roster([replace(before, user_token="new")], [kept])[0].held_reason == ""
