"""Values that a case gives names to: `$task` stands for what was kept as "task"."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"\$([a-z_]+)")


def filled_in(template: object, values: Mapping[str, str]) -> object:
    """Returns the template with each `$name` in its texts replaced.

    Raises:
        KeyError: Nothing has that name.
    """
    match template:
        case str():
            return _NAME.sub(lambda found: values[found[1]], template)
        case Mapping():
            return {name: filled_in(value, values) for name, value in template.items()}
        case list():
            return [filled_in(value, values) for value in template]
        case _:
            return template


def found_at(path: str, answer: object) -> str:
    """Returns what an answer has at a path like "tasks.0.id".

    Raises:
        LookupError: It has nothing there.
    """
    for step in path.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else dict(answer)[step]  # type: ignore[call-overload]
    return str(answer)
