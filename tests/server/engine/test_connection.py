"""What the connection of a user makes of what the gateway hands over together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.engine.connection import split_at_beginnings


@given(st.lists(st.sampled_from(["READY", "RESUMED", "MESSAGE_CREATE"]), min_size=1, max_size=8))
def test_what_begins_a_session_is_told_before_what_comes_with_it(names: list[str]) -> None:
    dispatches = [Dispatch(name, Raw(b"{}"), number, "s1", "") for number, name in enumerate(names)]
    groups = list(split_at_beginnings(dispatches))
    assert [dispatch for group in groups for dispatch in group] == dispatches
    assert all(groups)
    assert not any(dispatch.type in {"READY", "RESUMED"} for group in groups for dispatch in group[1:])
    assert all(group[0].type in {"READY", "RESUMED"} for group in groups[1:])
