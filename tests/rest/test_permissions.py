from mjproxy_rest.permissions import GRANT_SECONDS, RENEWAL_SECONDS, Permissions


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_grant_is_for_one_key_and_one_task() -> None:
    permissions = Permissions(Clock())
    permissions.grant("ann", ["1"])
    assert permissions.allows("ann", "1")
    assert not permissions.allows("bob", "1")
    assert not permissions.allows("ann", "2")
    assert not permissions.allows("", "1")


def test_a_grant_ends_after_a_minute_unless_it_is_renewed() -> None:
    clock = Clock()
    permissions = Permissions(clock)
    permissions.grant("ann", ["1", "2"])
    clock.now += GRANT_SECONDS - 1
    permissions.grant("ann", ["1"])
    clock.now += 1
    assert permissions.allows("ann", "1")
    assert not permissions.allows("ann", "2")


def test_a_grant_is_fresh_for_half_its_time() -> None:
    clock = Clock()
    permissions = Permissions(clock)
    permissions.grant("ann", ["1"])
    assert permissions.is_fresh("ann", "1")
    assert permissions.fresh("ann", ["2", "1"]) == ["1"]
    assert permissions.fresh("bob", ["1"]) == []
    clock.now += RENEWAL_SECONDS
    assert not permissions.is_fresh("ann", "1")
    assert permissions.fresh("ann", ["1"]) == []
    assert permissions.allows("ann", "1")


def test_a_grant_that_is_revoked_is_gone_for_this_key_and_task() -> None:
    permissions = Permissions(Clock())
    permissions.grant("ann", ["1", "2"])
    permissions.grant("bob", ["1"])
    permissions.revoke("ann", ["1", "3"])
    assert not permissions.allows("ann", "1")
    assert permissions.allows("ann", "2")
    assert permissions.allows("bob", "1")


def test_what_has_ended_or_is_too_much_is_forgotten() -> None:
    clock = Clock()
    permissions = Permissions(clock, limit=2)
    permissions.grant("ann", ["1", "2", "3"])
    assert [permissions.allows("ann", task_id) for task_id in ("1", "2", "3")] == [False, True, True]
    clock.now += GRANT_SECONDS
    permissions.grant("ann", ["4"])
    assert len(permissions) == 1


def test_keys_are_not_kept() -> None:
    permissions = Permissions(Clock())
    permissions.grant("the-secret-key", ["1"])
    assert "the-secret-key" not in repr(vars(permissions))
