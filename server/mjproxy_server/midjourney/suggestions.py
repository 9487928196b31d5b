"""The numbered prompts in the texts with which the bot answers /describe and /shorten.

Observed between 2023 and 2026: each prompt stands behind a keycap digit at the beginning of a line, and an empty line
separates it from the next one; before them a text of /shorten has a heading and the weighed words of the prompt.
"""

import re

_KEYCAP = r"^[ \t]*[1-9]\ufe0f?\u20e3"
_PROMPT = re.compile(rf"{_KEYCAP}[ \t]*(?P<prompt>\S.*?)\s*(?=\n[ \t]*\n|{_KEYCAP}|\Z)", re.MULTILINE | re.DOTALL)


def prompts_of(text: str) -> tuple[str, ...]:
    """Return the numbered prompts of a text, in order; empty if it has none."""
    return tuple(match["prompt"] for match in _PROMPT.finditer(text))
