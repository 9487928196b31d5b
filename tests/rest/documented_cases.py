"""What the documentation of this API shows, as data: the files in `documented/`, one for each document.

A case has a request, the state that it needs (in words that `documented_world` knows), and the answer that stands in
the document. Of an object, the keys that the document shows are compared; there may be more. In place of what differs
from one time to the next stands

- `$name`: a name that the state gives, in requests as well;
- `<word>`: anything of this kind, see `KINDS`;
- `/pattern/`: a text that the regular expression matches from end to end.

Where documents contradict each other or themselves, `differs` says what this service answers instead, and why.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any, Final

import msgspec

Json = Any
Names = Mapping[str, str]

_FOLDER: Final = Path(__file__).parent / "documented"


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent."""

    path: str
    method: str = "POST"
    headers: dict[str, str] = {}
    body: Json = None


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What the document shows."""

    json: Json
    status: int = 200


class Difference(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in the answer of this service instead."""

    ours: Json
    because: str


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One request with its answer.

    Attributes:
        section: Where it stands in the document.
        given: The state that it needs; "" for none in particular.
        differs: The keys of the answer in which this service differs from the document.
        ends_as: What the submitted task is, once it has ended.
    """

    name: str
    section: str
    request: Request
    answer: Answer
    given: str = ""
    differs: dict[str, Difference] = {}
    ends_as: Json = None

    def expected(self) -> Json:
        """Returns the answer that this service gives."""
        if not self.differs:
            return self.answer.json
        return self.answer.json | {key: difference.ours for key, difference in self.differs.items()}


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    document: str
    cases: list[Case]


def documented_cases() -> Iterator[tuple[str, Case]]:
    """Yields each case with a name that is its own."""
    for file in sorted(_FOLDER.glob("*.yaml")):
        for case in msgspec.yaml.decode(file.read_bytes(), type=_Document).cases:
            yield f"{file.stem}: {case.section}: {case.name}", case


def filled(value: Json, names: Names) -> Json:
    """Returns the value with its names filled in.

    Raises:
        KeyError: The state does not give this name.
    """
    match value:
        case str():
            return Template(value).substitute(names) if "$" in value else value
        case list():
            return [filled(item, names) for item in value]
        case dict():
            return {key: filled(item, names) for key, item in value.items()}
    return value


def _is_text_of(pattern: str) -> Callable[[Json], bool]:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_button(value: Json) -> bool:
    types = {"customId": str, "emoji": str, "label": str, "type": int, "style": int}
    return isinstance(value, dict) and {key: type(item) for key, item in value.items()} == types


_UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

KINDS: Final[Mapping[str, Callable[[Json], bool]]] = {
    "<id>": _is_text_of(r"\d{16}"),
    "<snowflake>": _is_text_of(r"\d{17,20}"),
    "<time>": lambda value: type(value) is int and value > 1_600_000_000_000,
    "<progress>": _is_text_of(r"\d\d?%"),
    "<image url>": _is_text_of(r"https?://\S+/attachments/\d+/\d+/\S+\.(png|webp)(\?\S*)?"),
    "<text>": _is_text_of(".+"),
    "<refusal>": lambda value: type(value) is int and value in {3, 4, 9},
    "<object>": lambda value: isinstance(value, dict),
    "<button>": _is_button,
    "<buttons>": lambda value: isinstance(value, list) and all(map(_is_button, value)),
}


def mismatches(expected: Json, actual: Json, place: str) -> Iterator[str]:
    """Yields a line for each place where the value is not what is expected."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, item in expected.items():
            yield from mismatches(item, actual.get(key, f"(no {key})"), f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (item, found) in enumerate(zip(expected, actual, strict=True)):
            yield from mismatches(item, found, f"{place}[{number}]")
    elif not _is_as(expected, actual):
        yield f"{place} is {actual!r} instead of {expected!r}"


def _is_as(expected: Json, actual: Json) -> bool:
    if not isinstance(expected, str):
        return type(expected) is type(actual) and bool(expected == actual)
    if kind := KINDS.get(expected):
        return kind(actual)
    if len(expected) > 1 and expected[0] == expected[-1] == "/":
        return _is_text_of(expected[1:-1].replace("<uuid>", _UUID))(actual)
    return bool(expected == actual)
