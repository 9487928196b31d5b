"""The OpenAPI document: it is the table of routes, it is valid, and it knows every field and every word."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from mjproxy_rest.openapi import document
from mjproxy_rest.openapi_answers import CODES
from mjproxy_rest.routes import ENDPOINTS, PREFIXES, Post

DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def references(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def fields(operation: dict[str, Any]) -> set[str]:
    """Returns the names in an operation's body."""
    names = (reference.rpartition("/")[2] for reference in references(operation.get("requestBody")))
    return {field for name in names for field in SCHEMAS[name]["properties"]}


def test_the_document_has_what_is_served_and_nothing_else() -> None:
    told = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert told == {(endpoint.method.lower(), endpoint.path) for endpoint in ENDPOINTS}
    assert [server["url"] for server in DOCUMENT["servers"]] == list(PREFIXES)
    tags = {operation["tags"][0] for item in DOCUMENT["paths"].values() for operation in item.values()}
    assert tags == {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_what_the_document_has_is_served_below_each_prefix(prefix: str, shim: httpx.AsyncClient) -> None:
    for path, item in DOCUMENT["paths"].items():
        answer = await shim.options(prefix + path.format(id="1", name="a.png"))
        assert {method.lower() for method in answer.headers["allow"].split(", ")} - {"head"} == set(item), path


def test_every_reference_leads_somewhere_and_every_schema_is_valid() -> None:
    known = {f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}
    assert set(references(DOCUMENT)) <= known
    for schema in SCHEMAS.values():
        jsonschema_rs.meta.validate(schema)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z]+[A-Za-z]*", name) for name in names)


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in ENDPOINTS if isinstance(endpoint, Post)])
def test_the_example_of_a_body_can_be_sent(endpoint: Post[Any]) -> None:
    content = DOCUMENT["paths"][endpoint.path]["post"]["requestBody"]["content"]["application/json"]
    example = content["examples"]["example"]["value"]
    endpoint.body.model_validate(example)
    jsonschema_rs.validate(content["schema"] | {"components": DOCUMENT["components"]}, example)


def test_a_submission_says_what_its_callback_address_is_sent() -> None:
    posts = {path: item["post"] for path, item in DOCUMENT["paths"].items() if "post" in item}
    named = {path for path, post in posts.items() if "callbacks" in post}
    hooks = {path for path, post in posts.items() if "notifyHook" in fields(post)}
    assert named == hooks
    ((address, item),) = DOCUMENT["components"]["callbacks"]["TaskChange"].items()
    assert address == "{$request.body#/notifyHook}"
    assert set(references(item)) == {"#/components/schemas/Task"}


def test_every_code_of_the_server_has_a_meaning() -> None:
    from mjproxy.v1.task_service_pb2 import SubmitCode

    assert set(CODES) == {int(code) for code in SubmitCode.values() if code not in {0, 121}}


async def test_the_document_is_served_without_a_key(guarded_shim: httpx.AsyncClient) -> None:
    answer = await guarded_shim.get("/mj/openapi.json")
    assert answer.json() == DOCUMENT
    assert answer.headers["content-encoding"] == "gzip"


async def test_the_page_and_what_it_is_made_of_come_from_this_host(guarded_shim: httpx.AsyncClient) -> None:
    page = await guarded_shim.get("/mj")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    links = re.findall(r'(?:src|href|spec-url)="([^"]*)"', page.text)
    assert len(links) == 6
    assert links.pop(0) == "data:,", "no icon"
    for link in links:
        assert (await guarded_shim.get(link)).status_code == 200, link
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=", page.text), "what the policy forbids"


async def test_nothing_else_is_served_from_the_page_s_folder(shim: httpx.AsyncClient) -> None:
    for path in ("/mj/page/", "/mj/page/none.js", "/mj/page/%2e%2e/app.py"):
        answer = await shim.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
