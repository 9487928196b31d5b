"""Ids of tasks: 16 decimal digits, of which the larger is the newer.

An id is the microsecond it was drawn in, or one more than the one before if the clock has not moved on since or went
back. So ids are ordered as they were drawn, and tell when that was.
"""

_PER_MILLISECOND = 1000
_DIGITS = 16
_NO_KEY = -1


class IdSource:
    """Draws ids, none twice.

    Args:
        last: The largest id ever stored, as a number; 0 if there is none.
    """

    def __init__(self, last: int) -> None:
        self._last = last

    def draw(self, now_ms: int) -> int:
        """Returns an id, as a number, that is larger than all before."""
        self._last = max(now_ms * _PER_MILLISECOND, self._last + 1)
        return self._last


def text_of(key: int) -> str:
    """Returns the id as it is shown."""
    return f"{key:0{_DIGITS}d}"


def key_of(task_id: str) -> int:
    """Returns the id as the number it is stored as; for what is no id, a number that no task has."""
    is_id = len(task_id) == _DIGITS and task_id.isascii() and task_id.isdecimal()
    return int(task_id) if is_id else _NO_KEY


def first_key_at(at_ms: int) -> int:
    """Returns the least id, as a number, that is drawn at or after the time in Unix milliseconds."""
    return at_ms * _PER_MILLISECOND


def drawn_at(task_id: str) -> int:
    """Returns when the id was drawn, in Unix milliseconds. It never goes back from one id to the next.

    A `submitted_at` that is taken from here makes lists by time of submission exact.
    """
    return int(task_id) // _PER_MILLISECOND
