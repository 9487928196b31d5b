"""Reads the JSON schema of a part's settings: which keys there are, which are secrets, and what each expects."""

import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pydantic_settings import BaseSettings

from mjproxy.launcher.origins import KeyPath

# A JSON schema is an open-ended JSON object.
_Schema: TypeAlias = dict[str, Any]

_TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a table",
}

_FORMATS: Final = {"path": "a path", "file-path": "a path", "directory-path": "a path"}

# A bound that is told together with another one is not told again.
_BOUNDS: Final = (
    (("minimum", "maximum"), "from {} to {}"),
    (("exclusiveMinimum", "maximum"), "greater than {} and at most {}"),
    (("minLength", "maxLength"), "of {} to {} characters"),
    (("minimum",), "of at least {}"),
    (("exclusiveMinimum",), "greater than {}"),
    (("maximum",), "of at most {}"),
    (("exclusiveMaximum",), "less than {}"),
    (("minLength",), "of at least {} characters"),
    (("maxLength",), "of at most {} characters"),
    (("pattern",), "matching {}"),
)


class SettingsSchema:
    """The schema of one part's settings."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        self._root: _Schema = settings.model_json_schema()

    def keys_beside(self, path: KeyPath) -> list[str]:
        """The keys that are known in the table which holds the last step of the path."""
        return [key for table in self._alternatives(self._at(path[:-1])) for key in table.get("properties", ())]

    def is_secret(self, path: KeyPath) -> bool:
        """Whether the field is declared as a secret."""
        return any(alternative.get("writeOnly", False) for alternative in self._alternatives(self._at(path)))

    def is_scalar(self, path: KeyPath) -> bool:
        """Whether a single value is expected, neither a list nor a table."""
        return not {"array", "object"} & {alternative.get("type") for alternative in self._alternatives(self._at(path))}

    def expected(self, path: KeyPath) -> str:
        """What is expected at the path, such as `a whole number of at least 1`; empty when the schema does not say."""
        return " or ".join(filter(None, map(_in_words, self._alternatives(self._at(path)))))

    def _at(self, path: KeyPath) -> _Schema:
        schema = self._root
        for step in path:
            schema = self._step_into(schema, step)
        return schema

    def _step_into(self, schema: _Schema, step: str | int) -> _Schema:
        for alternative in self._alternatives(schema):
            inner = alternative.get("items") if isinstance(step, int) else alternative.get("properties", {}).get(step)
            if inner is not None:
                return dict(inner)
        return {}

    def _alternatives(self, schema: _Schema) -> Iterator[_Schema]:
        """The schemas of which one must hold, with references followed and null left out."""
        if "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" not in schema:
            yield schema
            return
        for alternative in schema["anyOf"]:
            if alternative.get("type") != "null":
                yield from self._alternatives(alternative)


def _in_words(schema: _Schema) -> str:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if choices:
        return f"one of {', '.join(map(json.dumps, choices))}"
    kind = _FORMATS.get(schema.get("format", "")) or _TYPES.get(schema.get("type", ""))
    return " ".join([kind, *_bounds(schema)]) if kind else ""


def _bounds(schema: _Schema) -> Iterator[str]:
    told: set[str] = set()
    for names, words in _BOUNDS:
        if schema.keys() >= set(names) and told.isdisjoint(names):
            told.update(names)
            yield words.format(*(schema[name] for name in names))
