"""Requests as the OpenAPI document allows them, and such as it forbids, against the service: shim, server, simulator.

No request makes a fault of the service, and no answer is outside of the document.
"""

import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from mjproxy_rest.openapi import document
from tests.e2e.stack import Stack, standing_stack

_EXAMPLES: Final = 1000 if os.environ.get("MJPROXY_SOAK") else 15

# What the document says of an answer. Whether a body is right, this API tells by a code in an answer with status 200.
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

# Streams have no end, and tests of their own.
_SCHEMA: Final = openapi.from_dict(document()).exclude(path_regex="/events$")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing_stack(tmp_path_factory.mktemp("any-request")) as running:
        yield running


@pytest.mark.soak
@pytest.mark.timeout(900)
@_SCHEMA.parametrize()
@settings(
    max_examples=_EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_answer_is_one_of_the_document(case: "schemathesis.Case[Any]", stack: Stack) -> None:
    case.call_and_validate(base_url=f"{stack.rest}/mj", checks=_CHECKS)
