"""Pictures as the media host serves them: `?format=webp&quality=lossless&width=320&height=240`.

The real CDN takes no notice of these parameters, the media host does; here both are one address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FORMATS: Final = {"webp": "webp", "png": "png", "jpeg": "jpeg", "jpg": "jpeg"}

_QUALITIES: Final = {"lossless": 100, "high": 90, "low": 50}
_USUAL_QUALITY: Final = 80
_LARGEST_SIDE: Final = 4096


class VariantError(ValueError):
    """A parameter that the media host does not take; the text names it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another form of a picture.

    Attributes:
        suffix: "webp", "png" or "jpeg"; None to keep the picture's own.
        width: The greatest width in pixels, None for any.
        height: The greatest height.
        quality: From 1 to 100.
    """

    suffix: str | None = None
    width: int | None = None
    height: int | None = None
    quality: int = _USUAL_QUALITY


def parse_variant(query: Mapping[str, str]) -> Variant | None:
    """Return the form that a query asks for; None if it asks for none.

    Raises:
        VariantError: A parameter has a value that is not taken.
    """
    if not any(name in query for name in ("format", "width", "height")):
        return None
    return Variant(_format(query.get("format")), _side(query, "width"), _side(query, "height"), _quality(query))


def _format(name: str | None) -> str | None:
    if name is None:
        return None
    if name not in FORMATS:
        raise VariantError(f"format: one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _side(query: Mapping[str, str], name: str) -> int | None:
    return _number(query[name], name, _LARGEST_SIDE) if name in query else None


def _quality(query: Mapping[str, str]) -> int:
    word = query.get("quality", str(_USUAL_QUALITY))
    return _QUALITIES[word] if word in _QUALITIES else _number(word, "quality", 100)


def _number(word: str, name: str, most: int) -> int:
    if not (word.isdecimal() and 1 <= int(word) <= most):
        raise VariantError(f"{name}: a whole number from 1 to {most}")
    return int(word)
