"""Bells, and what they were rung for."""

from mjproxy_server.engine.bell import NamedBell


def test_a_bell_tells_what_was_named_since_a_ring() -> None:
    bell = NamedBell()
    assert bell.named_since(-1) == []
    bell.ring_for("one")
    bell.ring_for("two")
    seen = bell.rings
    assert bell.named_since(seen) == []
    bell.ring()
    bell.ring_for("one")
    assert bell.named_since(seen) == ["one"]
    assert sorted(bell.named_since(-1)) == ["one", "two"]


async def test_whoever_waits_is_woken_for_any_name() -> None:
    bell = NamedBell()
    bell.ring_for("one")
    assert await bell.wait(0) == 1
