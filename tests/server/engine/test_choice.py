"""Which account works on a task."""

import random
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mjproxy_server.engine.choice import ChoiceRule, Chooser, Load, candidates
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.vocabulary import Mode

MakeAccount = Callable[..., Account]


def ids(loads: Iterable[Load]) -> list[str]:
    return [load.account.id for load in loads]


def choosing(rule: ChoiceRule, loads: Iterable[Load], seed: int = 1) -> Chooser:
    """Returns a chooser that knows the accounts."""
    chooser = Chooser(rule, random.Random(seed))
    for load in loads:
        chooser.note(load)
    return chooser


def chosen_next(chooser: Chooser) -> str:
    """Returns the best account for any task, once it has had its turn."""
    best = next(chooser.order(AccountFilter()))
    chooser.take_turn(best)
    return best.account.id


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


def test_an_account_that_is_held_is_never_chosen(make_account: MakeAccount) -> None:
    held = Load(make_account("11"), ready=False, running=0, waiting=0, held=True)
    assert not candidates([held], AccountFilter())


@pytest.mark.parametrize("rule", [ChoiceRule.BEST_WAIT_IDLE, ChoiceRule.ROUND_ROBIN])
def test_equally_good_accounts_take_turns(make_account: MakeAccount, rule: ChoiceRule) -> None:
    loads = [Load(make_account(each), ready=True, running=0, waiting=0) for each in ("11", "22", "33")]
    chooser = choosing(rule, loads)
    assert [chosen_next(chooser) for _ in range(6)] == ["11", "22", "33"] * 2


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


LOADS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(1, 9),
        st.none() | st.sampled_from(Mode),
        st.booleans(),
        st.integers(0, 5),
        st.none() | st.booleans(),
    ),
    max_size=6,
).map(
    lambda drawn: [
        Load(
            _account(str(number), 3, enable=enable, weight=weight, mode=mode),
            ready=ready,
            running=running,
            waiting=0,
            remix=remix,
        )
        for number, (enable, weight, mode, ready, running, remix) in enumerate(drawn)
    ]
)
FILTERS = st.builds(
    AccountFilter,
    account_id=st.sampled_from(["", "0", "1"]),
    modes=st.lists(st.sampled_from(Mode), max_size=2).map(tuple),
    remix=st.none() | st.booleans(),
)


@given(rule=st.sampled_from(ChoiceRule), loads=LOADS, wanted=FILTERS, seed=st.integers(0, 9))
def test_every_rule_orders_exactly_the_enabled_accounts_that_match(
    rule: ChoiceRule, loads: list[Load], wanted: AccountFilter, seed: int
) -> None:
    ordered = list(choosing(rule, loads, seed).order(wanted))
    matching = [
        load
        for load in loads
        if load.account.enable
        and wanted.account_id in {"", load.account.id}
        and (not wanted.modes or load.account.mode in {None, *wanted.modes})
        and (wanted.remix is None or load.remix == wanted.remix)
    ]
    assert sorted(ids(ordered)) == sorted(ids(matching))
    assert [load.ready for load in ordered] == sorted((load.ready for load in ordered), reverse=True)


@given(steps=st.lists(LOADS | st.sampled_from("0123"), max_size=8), wanted=FILTERS)
def test_an_order_that_is_kept_is_what_sorting_anew_gives(steps: list[list[Load] | str], wanted: AccountFilter) -> None:
    chooser = Chooser(ChoiceRule.BEST_WAIT_IDLE, random.Random(1))
    known: dict[str, Load] = {}
    for step in steps:
        if isinstance(step, str):
            chooser.forget(step)
            known.pop(step, None)
        else:
            for load in step:
                chooser.note(load)
            known |= {load.account.id: load for load in step}
        ordered = list(chooser.order(wanted))
        assert all(known[load.account.id] == load for load in ordered)
        assert sorted(ids(ordered)) == sorted(ids(candidates(known.values(), wanted)))
        assert _busyness(ordered) == _busyness(candidates(known.values(), wanted))


def _busyness(loads: Iterable[Load]) -> list[tuple[bool, int]]:
    return [(load.ready, load.running) for load in loads]


def test_an_order_tells_of_accounts_as_they_are_by_then(make_account: MakeAccount) -> None:
    loads = [Load(make_account(each), ready=True, running=0, waiting=0) for each in ("11", "22", "33")]
    chooser = choosing(ChoiceRule.BEST_WAIT_IDLE, loads)
    order = chooser.order(AccountFilter())
    assert next(order).account.id == "11"
    chooser.forget("22")
    chooser.note(replace(loads[2], waiting=5))
    assert [(load.account.id, load.waiting) for load in order] == [("33", 5)]


@given(count=st.integers(1, 6), rounds=st.integers(1, 4))
def test_in_a_round_each_account_has_one_turn(count: int, rounds: int) -> None:
    loads = [Load(_account(str(number), 3), ready=True, running=0, waiting=0) for number in range(count)]
    chooser = choosing(ChoiceRule.ROUND_ROBIN, loads)
    for _ in range(rounds):
        chosen = [chosen_next(chooser) for _ in loads]
        assert sorted(chosen) == sorted(ids(loads))


@pytest.mark.parametrize(
    ("rule", "shares"), [(ChoiceRule.WEIGHT, [0.1, 0.3, 0.6]), (ChoiceRule.RANDOM, [1 / 3, 1 / 3, 1 / 3])]
)
def test_by_chance_accounts_have_their_shares(rule: ChoiceRule, shares: list[float]) -> None:
    weights = [1, 3, 6]
    loads = [
        Load(_account(str(number), 3, weight=weight), ready=True, running=0, waiting=0)
        for number, weight in enumerate(weights)
    ]
    chooser = choosing(rule, loads, seed=7)
    chosen = Counter(chosen_next(chooser) for _ in range(6000))
    assert [chosen[load.account.id] / 6000 for load in loads] == pytest.approx(shares, abs=0.03)


def _account(channel_id: str, core_size: int, **settings: object) -> Account:
    known: dict[str, object] = {"guild_id": "1", "user_token": "t", "user_agent": "a", "core_size": core_size}
    return Account(channel_id=channel_id, **known | settings)  # type: ignore[arg-type]
