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
    prefix = max((prefix for prefix in PREFIXES if path.startswith(f"{prefix}/")), key=len)
    operation = _SCHEMA.find_operation_by_path(answer.request.method, path.removeprefix(prefix))
    if operation is not None:
        operation.validate_response(answer)
