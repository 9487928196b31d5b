"""Requests for a part of a file, by the rules of HTTP.

Source: RFC 9110 §14. One range is served; of several, the whole file is sent, as the standard allows.
"""

import re

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class UnsatisfiableError(ValueError):
    """The range lies beyond the end of the file."""


def parse_range(header: str | None, size: int) -> range | None:
    """Return the numbers of the bytes that are wanted; None for all of them, or for a header that cannot be read.

    Raises:
        UnsatisfiableError: There are no such bytes.
    """
    match = _RANGE.fullmatch((header or "").strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return _checked(range(max(0, size - int(last)), size))
    if last and int(last) < int(first):
        return None
    return _checked(range(int(first), min(size, int(last) + 1) if last else size))


def _checked(wanted: range) -> range:
    if not wanted:
        raise UnsatisfiableError
    return wanted
