import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy.v1.task_service_pb2 import SubmitTaskRequest
from mjproxy_rest.requests import (
    ActionBody,
    ChangeBody,
    IdsBody,
    ImagineBody,
    InvalidBody,
    SimpleChangeBody,
    SubmitBody,
    SwapBody,
    UploadBody,
    parse_body,
)

BODIES: tuple[type[SubmitBody], ...] = (ImagineBody, ChangeBody, SimpleChangeBody, ActionBody, SwapBody)
MINIMAL = {
    ImagineBody: {"prompt": "Cat"},
    ChangeBody: {"taskId": "1", "action": "REROLL"},
    SimpleChangeBody: {"content": "1 R"},
    ActionBody: {"taskId": "1", "customId": "MJ::x"},
    SwapBody: {"sourceUrl": "https://a.example/1", "targetUrl": "https://a.example/2"},
}
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def parsed(model: type[SubmitBody], body: object) -> SubmitTaskRequest:
    return parse_body(model, json.dumps(body).encode()).request()


@pytest.mark.parametrize("model", BODIES)
@given(data=st.data())
def test_any_json_is_translated_or_refused_with_a_text(model: type[SubmitBody], data: st.DataObject) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    body = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=len(names)))
    try:
        said: list[str | None] = [parsed(model, MINIMAL[model] | body).WhichOneof("command")]
    except InvalidBody as error:
        said = [error.text.zh, error.text.en]
    assert all(said)


@pytest.mark.parametrize("model", BODIES)
@given(raw=st.binary(max_size=40))
def test_any_bytes_are_refused_with_a_text(model: type[SubmitBody], raw: bytes) -> None:
    with pytest.raises(InvalidBody):
        parse_body(model, raw).request()


@pytest.mark.parametrize("model", BODIES)
@given(data=st.data())
def test_null_an_empty_text_and_an_empty_list_are_absent(model: type[SubmitBody], data: st.DataObject) -> None:
    names = [field.alias or name for name, field in model.model_fields.items() if not field.is_required()]
    optional = [name for name in names if name not in MINIMAL[model]]
    blank: st.SearchStrategy[object] = st.sampled_from([None, "", []])
    blanks = data.draw(st.dictionaries(st.sampled_from(optional), blank))
    assert parsed(model, MINIMAL[model] | blanks) == parsed(model, MINIMAL[model])


@given(st.dictionaries(st.uuids().map(uuid.UUID.__str__), values))
def test_unknown_keys_are_ignored(unknown: dict[str, object]) -> None:
    assert parsed(ImagineBody, {"prompt": "Cat"} | unknown) == parsed(ImagineBody, {"prompt": "Cat"})


def test_ids_are_texts_or_whole_numbers_and_asked_for_once() -> None:
    body = parse_body(IdsBody, b'{"ids":[1689231405853400,"1689231405853400","2","",null]}')
    assert body.unique() == ["1689231405853400", "2"]
    assert parsed(ChangeBody, MINIMAL[ChangeBody] | {"taskId": 1689231405853400}).change.task_id == "1689231405853400"
    with pytest.raises(InvalidBody, match=r"ids\.0"):
        parse_body(IdsBody, b'{"ids":[true]}')


def pictures(count: int) -> list[str]:
    return ["aGVsbG8="] * count


@pytest.mark.parametrize(
    ("model", "body", "limit"),
    [
        (ImagineBody, {"prompt": "Cat", "base64Array": pictures(6)}, 5),
        (ImagineBody, {"prompt": "Cat", "base64Array": pictures(5), "base64": "aGVsbG8="}, 4),
        (UploadBody, {"base64Array": pictures(11)}, 10),
    ],
)
def test_too_many_pictures_are_refused(model: type[ImagineBody | UploadBody], body: object, limit: int) -> None:
    with pytest.raises(InvalidBody, match=rf"^base64Array has too many pictures: send at most {limit}$"):
        parse_body(model, json.dumps(body).encode()).request()


def test_as_many_pictures_as_the_server_takes_are_taken() -> None:
    assert len(parsed(ImagineBody, {"prompt": "Cat", "base64Array": pictures(5)}).imagine.images) == 5
    body = json.dumps({"base64Array": pictures(10)}).encode()
    assert len(parse_body(UploadBody, body).request().images) == 10


def test_a_picture_that_is_too_large_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidBody, match=r"^base64Array is too large a picture: send at most 20 MB$"):
        parsed(ImagineBody, {"prompt": "Cat", "base64Array": ["data:image/png;base64," + "A" * 28_000_000]})
