"""How long a part may take to close before it is ended by force."""

from typing import Final

from pydantic_settings import BaseSettings

_CLOSING_SECONDS: Final = 5.0
"""What closing takes besides the drain: sockets, files, the interpreter."""
_USUAL_DRAIN_SECONDS: Final = 5.0
"""For parts that leave it to themselves."""


def of(settings: BaseSettings) -> float:
    """Returns the seconds that a part with these settings is given."""
    return float(getattr(settings, "drain_seconds", _USUAL_DRAIN_SECONDS)) + _CLOSING_SECONDS
