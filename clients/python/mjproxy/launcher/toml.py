"""Writes the configuration in force as TOML, with the origin of each value beside it and secrets masked."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from mjproxy.launcher import redaction
from mjproxy.launcher.configuration import Configuration
from mjproxy.launcher.origins import KeyPath, Origins

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def in_force(configuration: Configuration) -> str:
    """The whole configuration: plain values first, then the tables, as TOML wants it.

    Of a key that several parts read, the first part's value is written. Of the tables of a list only what was set is
    written: what one of them leaves out may come from elsewhere, as an account's settings do from [account_defaults].
    """
    values: dict[str, object] = {}
    for settings in configuration.settings.values():
        whole, as_set = settings.model_dump(mode="json"), settings.model_dump(mode="json", exclude_unset=True)
        values |= {
            key: as_set.get(key, value) if isinstance(value, list) else value
            for key, value in whole.items()
            if key not in values
        }
    return "\n".join(_body(values, (), configuration.origins)) + "\n"


def _body(table: Mapping[str, object], path: KeyPath, origins: Origins) -> Iterator[str]:
    for key, value in table.items():
        if not _is_section(value):
            yield _line((*path, key), value, origins)
    for key, value in table.items():
        if _is_section(value):
            yield from _section((*path, key), value, origins)


def _is_section(value: object) -> bool:
    """Whether the value is a table, or a list of tables (an empty list is written as a value)."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _section(path: KeyPath, value: object, origins: Origins) -> Iterator[str]:
    name = ".".join(_key(step) for step in path if isinstance(step, str))
    if isinstance(value, dict):
        yield from ("", f"[{name}]", *_body(value, path, origins))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ("", f"[[{name}]]", *_body(item, (*path, index), origins))


def _line(path: KeyPath, value: object, origins: Origins) -> str:
    key = _key(str(path[-1]))
    if value is None:
        return f"# {key} is not set"
    origin = origins.of(path)
    return f"{key} = {_value(path, value)}  # {origin or 'default'}"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def _value(path: KeyPath, value: object) -> str:
    """JSON writes strings, numbers, booleans and lists of them as TOML does, but for the DEL character."""
    return json.dumps(_masked(path, value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _masked(path: KeyPath, value: object) -> object:
    if isinstance(value, list):
        return [_masked(path, item) for item in value]
    if not isinstance(value, str):
        return value
    return redaction.MASK if redaction.is_secret(path) else redaction.without_credentials(value)
