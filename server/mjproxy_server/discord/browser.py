"""The browser that a user account appears to come from, as far as its user agent tells."""

import re
from dataclasses import dataclass

ACCEPT_LANGUAGE = "en-US,en;q=0.9"

# The first pattern that matches names the browser: Edge and Opera call themselves Chrome too, and Chrome Safari.
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/([\d.]+)")),
    ("Opera", re.compile(r"OPR/([\d.]+)")),
    ("Firefox", re.compile(r"Firefox/([\d.]+)")),
    ("Chrome", re.compile(r"Chrome/([\d.]+)")),
    ("Safari", re.compile(r"Version/([\d.]+).*Safari/")),
)
# Android calls itself Linux too, and iPhones speak of "like Mac OS X".
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS X", "Mac OS X"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Browser:
    """What Discord's web client would report of the browser it runs in."""

    user_agent: str
    name: str
    version: str
    system: str

    @classmethod
    def from_user_agent(cls, user_agent: str) -> "Browser":
        """Read name, version and system; what is not recognised is left empty."""
        name, version = _browser(user_agent)
        system = next((system for mark, system in _SYSTEMS if mark in user_agent), "")
        return cls(user_agent=user_agent, name=name, version=version, system=system)


def _browser(user_agent: str) -> tuple[str, str]:
    for name, pattern in _BROWSERS:
        if match := pattern.search(user_agent):
            return name, match[1]
    return "", ""
