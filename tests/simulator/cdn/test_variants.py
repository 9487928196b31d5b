import pytest

from mjproxy_simulator.cdn.variants import Variant, VariantError, parse_variant


@pytest.mark.parametrize(
    ("query", "variant"),
    [
        ({}, None),
        ({"ex": "1", "quality": "lossless"}, None),
        ({"format": "webp", "quality": "lossless"}, Variant("webp", quality=100)),
        ({"format": "jpg"}, Variant("jpeg")),
        ({"width": "100", "height": "4096", "quality": "1"}, Variant(None, 100, 4096, 1)),
    ],
)
def test_variant_is_read(query: dict[str, str], variant: Variant | None) -> None:
    assert parse_variant(query) == variant


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", "gif"), ("width", "0"), ("width", "4097"), ("height", "-1"), ("height", "²"), ("quality", "best")],
)
def test_what_is_not_taken_is_named(name: str, value: str) -> None:
    with pytest.raises(VariantError, match=f"^{name}: "):
        parse_variant({"format": "png", name: value})
