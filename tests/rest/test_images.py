import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_rest.images import MAX_IMAGE_MIB, ImageTooLarge, image

prefixes = st.sampled_from(["", "data:image/png;base64,", "DATA:image/webp;charset=utf-8;BASE64,", "data:;base64,"])


@given(st.binary(min_size=1), prefixes, st.booleans())
def test_base64_is_read_bare_or_in_a_data_url_with_or_without_line_breaks(
    data: bytes, prefix: str, lines: bool
) -> None:
    encoded = (base64.encodebytes if lines else base64.b64encode)(data).decode()
    assert image(prefix + encoded).data == data


@pytest.mark.parametrize("link", ["https://example.com/a.png", "HTTP://example.com/a.png?x=1"])
def test_links_stay_links(link: str) -> None:
    assert image(link).url == link


@pytest.mark.parametrize(
    "text",
    ["xxx", "x%x=", "猫", "data:image/png,aGVsbG8=", "data:image/png;base64", "data:image/png;base64,", "==", "\n"],
)
def test_what_is_no_image_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is for logs only
        image(text)


def test_a_picture_of_as_many_bytes_as_the_server_takes_is_taken_and_a_larger_one_not() -> None:
    largest = bytes(MAX_IMAGE_MIB * 1024 * 1024)
    assert len(image(base64.b64encode(largest).decode()).data) == len(largest)
    with pytest.raises(ImageTooLarge):
        image(base64.b64encode(largest + bytes(3)).decode())
