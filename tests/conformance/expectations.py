"""What a client answered against what a case expects. Pure: data in, complaints out.

An expectation is a part of the answer: fields that it does not name may have any value. Answers are in the JSON form
of protobuf, which leaves out what has its default value and writes 64-bit numbers as strings. So an empty expected
value (0, "", false, []) also matches a field that is absent. A text that begins with `~` is a regular expression for
the whole value, one that begins with `>` a number that must be less.
"""

import re
from collections.abc import Iterator, Mapping, Sequence


def complaints(expected: object, actual: object, path: str = "") -> Iterator[str]:
    """Tells each difference in a sentence; none when the answer is as expected."""
    match expected:
        case Mapping():
            yield from _of_fields(expected, actual if isinstance(actual, Mapping) else {}, path)
        case [_, *_]:
            yield from _of_items(expected, actual if isinstance(actual, list) else [], path)
        case _:
            if not _agree(expected, actual):
                yield f"{path or 'it'} is {actual!r}, not {expected!r}"


def _of_fields(expected: Mapping[str, object], actual: Mapping[str, object], path: str) -> Iterator[str]:
    for name, value in expected.items():
        yield from complaints(value, actual.get(name), f"{path}.{name}".lstrip("."))


def _of_items(expected: Sequence[object], actual: Sequence[object], path: str) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{path or 'it'} has {len(actual)} items, not {len(expected)}"
        return
    for index, (wanted, got) in enumerate(zip(expected, actual, strict=True)):
        yield from complaints(wanted, got, f"{path}.{index}".lstrip("."))


def _agree(expected: object, actual: object) -> bool:
    if isinstance(expected, str) and expected.startswith("~"):
        return re.fullmatch(expected[1:], str(actual), re.DOTALL) is not None
    if isinstance(expected, str) and expected.startswith(">"):
        return int(str(actual or 0)) > int(expected[1:])
    if not expected:
        return not actual
    return bool(expected == actual)
