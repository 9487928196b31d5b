"""Histories by chance: each comes of a seed and a length alone, by which it can be lived again.

`make test` lives the same ones each time, `make soak` others each time and far more of them. With MJPROXY_SEED only
that one is lived.
"""

import os
import random
from collections.abc import Callable, Iterable

SOAK = bool(os.environ.get("MJPROXY_SOAK"))
_SOAK_TIMES = 50


def seeds(count: int) -> Iterable[int]:
    """The seeds of so many histories, or of far more in the soak test."""
    if one := os.environ.get("MJPROXY_SEED"):
        return [int(one)]
    first = random.SystemRandom().randrange(1 << 40) if SOAK else 0
    return range(first, first + count * (_SOAK_TIMES if SOAK else 1))


def live(history: Callable[[int, int], None], *, count: int, length: int) -> None:
    """Lives histories, each to its length; of one that fails, tells how to live the shortest of that seed again."""
    for seed in seeds(count):
        try:
            history(seed, length)
        except Exception as failure:
            _shorten(history, seed, length)
            failure.add_note(f"Live it again with MJPROXY_SEED={seed}")
            raise


def _shorten(history: Callable[[int, int], None], seed: int, length: int) -> None:
    """Fails as the shortest history of the seed does that fails."""
    for shorter in range(1, length):
        try:
            history(seed, shorter)
        except Exception as failure:
            failure.add_note(f"Live it again with MJPROXY_SEED={seed}; it takes {shorter} of {length} steps")
            raise
