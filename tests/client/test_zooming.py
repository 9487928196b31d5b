import pytest

from mjproxy.zooming import with_zoom


@pytest.mark.parametrize(
    ("prompt", "zoomed"),
    [
        ("a cat", "a cat --zoom 1.5"),
        ("a cat --zoom 1.8", "a cat --zoom 1.5"),
        ("a cat --ZOOM 2 --ar 1:1 —zoom 1.1", "a cat --ar 1:1 --zoom 1.5"),
        ("", "--zoom 1.5"),
        ("a zoom 2 lens", "a zoom 2 lens --zoom 1.5"),
    ],
)
def test_zoom_takes_the_place_of_any_other(prompt: str, zoomed: str) -> None:
    assert with_zoom(prompt, 1.5) == zoomed
