"""What is wrong with a body, in sentences that name the field, what was given, and what would be right."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

Place = Sequence[str | int]

_SENTENCES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "union_tag_not_found": "is missing",
    "union_tag_invalid": "{tag!r:.40} is not known",
    "json_invalid": "the body is no JSON: {error}",
    "value_error": "{error}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt:.10g}",
    "greater_than_equal": "must be at least {ge:.10g}",
    "less_than": "must be less than {lt:.10g}",
    "less_than_equal": "must be at most {le:.10g}",
    "string_too_short": "must have {min_length} characters or more",
    "too_short": "must have {min_length} or more",
    "string_type": "must be text",
    "string_pattern_mismatch": "must match {pattern}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
}
_ABOUT_NAMES: Final = {"extra_forbidden", "union_tag_not_found", "union_tag_invalid"}
_SAYS_IT_ALL: Final = {"missing", "json_invalid", *_ABOUT_NAMES}


def complaint(error: ValidationError, form: TypeAdapter[Any], place: Place = ()) -> str:
    """Return what is wrong with a body.

    Args:
        error: What the check of it has found.
        form: The form that it should have, which knows the names that are possible.
        place: Where in the whole body it stands.
    """
    return "; ".join(_sentence(each, form, place) for each in error.errors())


def _sentence(fault: ErrorDetails, form: TypeAdapter[Any], place: Place) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    sentence = _SENTENCES[kind].format(**context) if kind in _SENTENCES else fault["msg"]
    if kind in _ABOUT_NAMES:
        sentence += f"; known are {', '.join(_known_names(form, fault))}"
    elif kind not in _SAYS_IT_ALL and isinstance(fault["input"], str | int | float | None):
        sentence += f", not {fault['input']!r:.40}"
    where = ".".join(map(str, (*place, *fault["loc"], *_discriminator(fault))))
    return f"{where}: {sentence}" if where else sentence


def _discriminator(fault: ErrorDetails) -> tuple[str, ...]:
    """Return the field that says of what kind an object is, if that one is wrong."""
    name = fault.get("ctx", {}).get("discriminator")
    return () if name is None else (name.strip("'"),)


def _known_names(form: TypeAdapter[Any], fault: ErrorDetails) -> list[str]:
    schema = form.json_schema()
    if fault["type"] == "extra_forbidden":
        return list(_at(schema, fault["loc"][:-1])["properties"])
    return list(_at(schema, fault["loc"])["discriminator"]["mapping"])


def _at(schema: dict[str, Any], place: Place) -> dict[str, Any]:
    """Return the part of a JSON schema that describes a place in a body."""
    part = _followed(schema, schema)
    for step in place:
        if "discriminator" in part:
            part = {"$ref": part["discriminator"]["mapping"][step]}
        else:
            part = part["items"] if isinstance(step, int) else part["properties"][step]
        part = _followed(schema, part)
    return part


def _followed(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][name] if name else part
