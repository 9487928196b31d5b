"""How Midjourney rewrites a prompt, so that what it echoes is not what was sent.

White space is collapsed, an em dash becomes `--`, links become short ones and stand first, parameters move to the end
in an order of the bot's own, defaults come and go. Nothing here does I/O: whether a link leads to an image is asked of
the caller.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.bot import notices, parameters
from mjproxy_simulator.bot.parameters import ALIASES, MODES, PARAMETERS, VISIBILITY, ParameterError, parse_ratio
from mjproxy_simulator.model.accounts import Profile

BANNED_WORDS: Final = ("gore", "nude", "beheading")
"""A few words that the simulated moderator refuses; the real list is long and secret."""

_LINK: Final = re.compile(r"<?(https?://[^\s<>]+)>?")
_SHORT_LINK: Final = "https://s.mj.run/"
_PARAMETER_START: Final = re.compile(r"(?:^|\s)--(?=\w)")
_BANNED: Final = re.compile(rf"\b({'|'.join(BANNED_WORDS)})\b", re.IGNORECASE)
_BY_NAME: Final = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the bot understood it.

    Attributes:
        echo: What it writes back, with links and parameters.
        mode: What it writes as the mode of the job, such as "fast" or "turbo, stealth".
        seed: The seed asked for, if any.
        aspect: Width and height of a picture, as a ratio.
    """

    echo: str
    mode: str
    seed: int | None
    aspect: tuple[int, int]


def rewrite(raw: str, profile: Profile, is_image: Callable[[str], bool]) -> Prompt:
    """Return a prompt as the bot understands it.

    Args:
        raw: The prompt as it was sent.
        profile: Decides the default version and how raw style is written.
        is_image: Whether an image can be had from a URL.

    Raises:
        RefusedError: The bot refuses the prompt.
    """
    text, options = _split(" ".join(raw.replace("—", "--").split()))
    links = _LINK.findall(text)
    words = " ".join(_LINK.sub(" ", text).split())
    values, switches, stray = _read_options(options)
    words = " ".join(filter(None, (words, stray)))
    _check(words, links, is_image)
    _add_defaults(values, profile)
    parts = (*(_short(link) for link in links), words, *_written(values))
    return Prompt(
        echo=" ".join(filter(None, parts)),
        mode=_mode(switches),
        seed=int(values["seed"]) if "seed" in values else None,
        aspect=parse_ratio(values.get("ar", "1:1")),
    )


def text_of(echo: str) -> str:
    """Return the words of a rewritten prompt, without links and parameters."""
    return " ".join(_LINK.sub(" ", _split(echo)[0]).split())


def _split(text: str) -> tuple[str, list[str]]:
    head, *options = _PARAMETER_START.split(text)
    return head.strip(), options


def _read_options(options: list[str]) -> tuple[dict[str, str], set[str], str]:
    """Return the values by name, the switches, and the words that belong to no parameter."""
    values: dict[str, str] = {}
    switches: set[str] = set()
    stray: list[str] = []
    unknown: list[str] = []
    for option in options:
        written, *words = option.split()
        name = ALIASES.get(written.lower(), written.lower())
        if name in MODES or name in VISIBILITY:
            switches.add(name)
            stray += words
        elif name in _BY_NAME:
            takes = _BY_NAME[name].takes
            value = _normalise(name, " ".join(words[:takes]))
            values[name] = f"{values[name]}, {value}" if name == "no" and "no" in values else value
            stray += [] if takes is None else words[takes:]
        else:
            unknown.append(written)
    if unknown:
        raise notices.unknown_parameters(unknown)
    return values, switches, " ".join(stray)


def _normalise(name: str, value: str) -> str:
    try:
        return _BY_NAME[name].normalise(_LINK.sub(lambda match: _short(match[1]), value))
    except ParameterError as error:
        raise notices.bad_parameter(name, value, str(error)) from None


def _check(words: str, links: list[str], is_image: Callable[[str], bool]) -> None:
    if not words and len(links) < 2:
        raise notices.empty_prompt()
    if banned := _BANNED.search(words):
        raise notices.banned_prompt(banned[1].lower())
    if not all(is_image(link) for link in links):
        raise notices.invalid_link()


def _add_defaults(values: dict[str, str], profile: Profile) -> None:
    if "v" not in values and "niji" not in values:
        values["v"] = "7.0" if profile is Profile.OF_2026 else "5.2"
    if profile is Profile.OF_2026 and values.get("style") == "raw":
        del values["style"]
        values["raw"] = ""


def _written(values: dict[str, str]) -> list[str]:
    return [
        f"--{parameter.name} {values[parameter.name]}".rstrip()
        for parameter in parameters.PARAMETERS
        if parameter.name in values and values[parameter.name] != parameter.default
    ]


def _mode(switches: set[str]) -> str:
    mode = next((shown for name, shown in MODES.items() if name in switches), "fast")
    return f"{mode}, stealth" if "stealth" in switches else mode


def _short(link: str) -> str:
    if link.startswith(_SHORT_LINK):
        return f"<{link}>"
    code = base64.urlsafe_b64encode(hashlib.sha256(link.encode()).digest()).decode()[:11]
    return f"<{_SHORT_LINK}{code}>"
