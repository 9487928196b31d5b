"""Images as they come in bodies: data URLs, bare base64, or links."""

import base64
import binascii

from mjproxy.v1.task_service_pb2 import Image

# What the server takes. Told here, too, since a refusal before the bytes are decoded costs next to nothing.
MAX_IMAGE_MIB = 20
_MAX_IMAGE_BYTES = MAX_IMAGE_MIB * 1024 * 1024

_LINKS = ("http://", "https://")
_WHITESPACE = str.maketrans("", "", " \t\r\n")


class ImageTooLarge(ValueError):
    """The image has more bytes than the server takes."""


def image(text: str) -> Image:
    """Reads one image; whether it is one, and of how many pixels, is the server's to tell.

    Args:
        text: A data URL (RFC 2397) in base64, base64 alone, or a http or https URL. Line breaks in base64 are ignored.

    Raises:
        ImageTooLarge: It has more than `MAX_IMAGE_MIB`.
        ValueError: The text is none of these.
    """
    if text[:8].lower().startswith(_LINKS):
        return Image(url=text)
    return Image(data=_decode(_payload(text)))


def _payload(text: str) -> str:
    if text[:5].lower() != "data:":
        return text
    header, comma, payload = text.partition(",")
    if not comma or not header.lower().endswith(";base64"):
        raise ValueError("a data URL without ;base64")
    return payload


def _decode(payload: str) -> bytes:
    digits = payload.translate(_WHITESPACE)
    if len(digits) * 3 // 4 - 2 > _MAX_IMAGE_BYTES:
        raise ImageTooLarge(f"more than {MAX_IMAGE_MIB} MiB")
    try:
        data = base64.b64decode(digits, validate=True)
    except binascii.Error as error:
        raise ValueError(f"broken base64: {error}") from error
    if not data:
        raise ValueError("no bytes")
    return data
