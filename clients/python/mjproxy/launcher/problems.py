"""Words what is wrong with a configuration: one line for each problem, which never shows a secret."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from mjproxy.launcher import redaction
from mjproxy.launcher.origins import KeyPath, Origins, names, variable, written
from mjproxy.launcher.schema import SettingsSchema

_LONGEST_SHOWN: Final = 60
_UNDECODED_FIELD: Final = re.compile(r'field "(\w+)"')
_KINDS: Final = {
    dict: "a table",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}


def unknown_key(origin: str, path: KeyPath, known: Iterable[str]) -> str:
    """Says that no part reads the key, and which one may have been meant."""
    close = difflib.get_close_matches(str(path[-1]), sorted(known), n=1)
    remedy = f'did you mean "{close[0]}"?' if close else "remove it, or look for its name in mjproxy.example.toml"
    return f"{origin}: {written(path)}: unknown key; {remedy}"


def undecodable(error: SettingsError) -> str:
    """Says that an environment variable, which sets a list or a table, is no JSON."""
    field = _UNDECODED_FIELD.search(str(error))
    return f"{variable((field[1],)) if field else 'environment'}: expected JSON: {error.__cause__}"


def invalid_values(error: ValidationError, settings: type[BaseSettings], origins: Origins) -> Iterator[str]:
    """Words each problem that a part's settings found."""
    schema = SettingsSchema(settings)
    for details in error.errors(include_url=False):
        yield _worded(details, schema, origins)


def _worded(details: ErrorDetails, schema: SettingsSchema, origins: Origins) -> str:
    path = details["loc"]
    origin = origins.nearest(path) or "configuration"
    if details["type"] == "extra_forbidden":
        return unknown_key(origin, path, schema.keys_beside(path))
    where = "" if origin in names(path) else written(path)
    return ": ".join(filter(None, [origin, where, _fault(details, schema)]))


def _fault(details: ErrorDetails, schema: SettingsSchema) -> str:
    expected = schema.expected(details["loc"])
    match details["type"]:
        case "value_error" | "assertion_error":
            return str(details["ctx"]["error"])
        case "missing":
            return f"is missing; expected {expected}"
        case _ if expected:
            return f"expected {expected}, got {_shown(details, schema)}"
        case _:
            return details["msg"]


def _shown(details: ErrorDetails, schema: SettingsSchema) -> str:
    """The wrong value; only its kind when it is or may hold a secret."""
    path, value = details["loc"], details["input"]
    may_be_secret = redaction.is_secret(path) or schema.is_secret(path) or not schema.is_scalar(path)
    if may_be_secret or not isinstance(value, str | int | float):
        return _KINDS.get(type(value), f"a {type(value).__name__}")
    text = redaction.without_credentials(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
