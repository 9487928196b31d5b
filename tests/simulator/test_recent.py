from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mjproxy_simulator.recent import Recent

KEYS = st.integers(0, 6)
CAPACITY = 3


class Uses(RuleBasedStateMachine):
    """A memory beside a list of all that was used, the last use last."""

    def __init__(self) -> None:
        super().__init__()
        self.recent: Recent[int, str] = Recent(CAPACITY)
        self.used: list[tuple[int, str]] = []

    @rule(key=KEYS, value=st.text(min_size=1, max_size=1))
    def put(self, key: int, value: str) -> None:
        self.recent.put(key, value)
        self.used = [*self._without(key), (key, value)][-CAPACITY:]

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        value = dict(self.used).get(key)
        assert self.recent.get(key) == value
        if value is not None:
            self.used = [*self._without(key), (key, value)]

    @rule(key=KEYS)
    def drop(self, key: int) -> None:
        self.recent.drop(key)
        self.used = self._without(key)

    @rule()
    def clear(self) -> None:
        self.recent.clear()
        self.used = []

    @invariant()
    def forgets_what_was_dropped(self) -> None:
        for key in set(range(7)) - set(dict(self.used)):
            assert self.recent.get(key) is None

    def _without(self, key: int) -> list[tuple[int, str]]:
        return [each for each in self.used if each[0] != key]


TestUses = Uses.TestCase
