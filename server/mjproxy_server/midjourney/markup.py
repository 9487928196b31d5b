"""Discord's markup in the bot's texts, for people who read them elsewhere.

Time stamps are the only one seen there (Discord's documentation of message formatting): `<t:1715321361:R>`.
"""

import re
from datetime import UTC, datetime

_TIMESTAMP = re.compile(r"<t:(\d{1,11})(?::\w)?>")


def readable(text: str) -> str:
    """Return the text with its time stamps in words and without white space to spare."""
    return " ".join(_TIMESTAMP.sub(_in_words, text).split())


def times(text: str) -> list[int]:
    """Return the moments that the text names, in its order and in Unix seconds."""
    return [int(seconds) for seconds in _TIMESTAMP.findall(text)]


def _in_words(match: re.Match[str]) -> str:
    return datetime.fromtimestamp(int(match[1]), UTC).strftime("%Y-%m-%d %H:%M UTC")
