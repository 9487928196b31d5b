"""What must not be shown of a configuration: secrets, whatever type their field has."""

import re
from typing import Final

from mjproxy.launcher.origins import KeyPath

MASK: Final = "**********"

_SECRET_WORDS: Final = ("token", "secret", "key", "password")
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s]*@")


def is_secret(path: KeyPath) -> bool:
    """Whether the value at the path is a secret by its name (`keys[0].role` is none, `keys[0].key` is)."""
    name = str(path[-1]) if path else ""
    return any(word in name.lower() for word in _SECRET_WORDS)


def without_credentials(text: str) -> str:
    """The text with the user and password of a URL masked."""
    return _USER_INFO.sub(f"{MASK}@", text)
