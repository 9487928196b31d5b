"""The `--zoom` parameter of a prompt."""

import re
from typing import Final

# "\u2014" is the dash that some keyboards make of "--".
_ZOOM: Final = re.compile(r"\s*(?:--|\u2014)zoom\s+\S+", re.IGNORECASE)


def with_zoom(prompt: str, factor: float) -> str:
    """The prompt with this zoom in place of any that it has.

    Example:
        >>> with_zoom("a cat --zoom 1.8 --ar 1:1", 1.5)
        'a cat --ar 1:1 --zoom 1.5'
    """
    return f"{_ZOOM.sub('', prompt)} --zoom {factor:g}".strip()
