"""Holds answers of the shim against its OpenAPI document."""

from typing import Final

import httpx
from schemathesis import openapi

from mjproxy_rest.openapi import document
from mjproxy_rest.routes import PREFIXES

_SCHEMA: Final = openapi.from_dict(document())


def conforms(answer: httpx.Response) -> None:
    """Fails unless the document knows this status, this type and this shape; passes if it does not know the path."""
    path = answer.request.url.path
    prefix = max((prefix for prefix in PREFIXES if path.startswith(f"{prefix}/")), key=len, default="")
    operation = _SCHEMA.find_operation_by_path(answer.request.method, path.removeprefix(prefix))
    if prefix and operation is not None:
        responses = operation.definition.raw["responses"]
        assert str(answer.status_code) in responses, "the document does not know this status"
        kinds = responses[str(answer.status_code)].get("content", {})
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert kind in kinds or kind.partition("/")[0] + "/*" in kinds or not (kind or kinds)
        operation.validate_response(answer)
