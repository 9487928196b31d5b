"""Which account works on a task."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.engine.choice import Load, candidates
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.vocabulary import Mode

MakeAccount = Callable[..., Account]


def ids(loads: list[Load]) -> list[str]:
    return [load.account.id for load in loads]


def test_the_idlest_account_comes_first(make_account: MakeAccount) -> None:
    busy = Load(make_account("11", core_size=4), ready=True, running=3, waiting=0)
    idle = Load(make_account("22", core_size=4), ready=True, running=1, waiting=0)
    assert ids(candidates([busy, idle], AccountFilter())) == ["22", "11"]


def test_an_account_that_is_not_connected_still_queues_but_comes_last(make_account: MakeAccount) -> None:
    away = Load(make_account("11"), ready=False, running=0, waiting=0)
    full = Load(make_account("22"), ready=True, running=3, waiting=9)
    assert ids(candidates([away, full], AccountFilter())) == ["22", "11"]


def test_a_disabled_account_is_never_chosen(make_account: MakeAccount) -> None:
    assert not candidates([Load(make_account("11", enable=False), ready=True, running=0, waiting=0)], AccountFilter())


def test_filters_choose_by_id_remark_and_mode(make_account: MakeAccount) -> None:
    loads = [
        Load(make_account("11", remark="blue"), ready=True, running=0, waiting=0),
        Load(make_account("22", mode=Mode.RELAX), ready=True, running=0, waiting=0),
    ]
    assert ids(candidates(loads, AccountFilter(account_id="22"))) == ["22"]
    assert ids(candidates(loads, AccountFilter(remark="blue"))) == ["11"]
    assert ids(candidates(loads, AccountFilter(modes=(Mode.FAST,)))) == ["11"]
    assert ids(candidates(loads, AccountFilter(modes=(Mode.RELAX,)))) == ["11", "22"]


@given(cores=st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_tasks_submitted_one_by_one_fill_every_core_before_any_waits(cores: list[int]) -> None:
    accounts = [_account(str(number), core_size) for number, core_size in enumerate(cores)]
    waiting = dict.fromkeys((each.id for each in accounts), 0)
    for _ in range(sum(cores)):
        loads = [Load(each, ready=True, running=0, waiting=waiting[each.id]) for each in accounts]
        waiting[candidates(loads, AccountFilter())[0].account.id] += 1
    assert [waiting[each.id] for each in accounts] == cores


def _account(channel_id: str, core_size: int) -> Account:
    return Account(guild_id="1", channel_id=channel_id, user_token="t", user_agent="a", core_size=core_size)
