"""How Midjourney rewrites a prompt, so that what it echoes is not what was sent.

White space is collapsed, an em dash becomes `--`, links become short ones and stand first, parameters move to the end
in an order of the bot's own, defaults come and go. Nothing here does I/O: whether a link leads to an image is asked of
the caller.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mjproxy_simulator.bot import notices
from mjproxy_simulator.bot.parameters import ALIASES, MODES, PARAMETERS, VISIBILITY, ParameterError, parse_ratio
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.uncertain import USUAL, Uncertain

BANNED_WORDS: Final = ("gore", "nude", "beheading")
"""A few words that the simulated moderator refuses; the real list is long and secret."""

_LINK: Final = re.compile(r"<?(https?://[^\s<>]+)>?")
_SHORT_LINK: Final = "https://s.mj.run/"
_PARAMETER_START: Final = re.compile(r"(?:^|\s)--(?=\w)")
_OPTION: Final = re.compile(r"(?<!\S)--(\w+)(?!\S)")
_BANNED: Final = re.compile(rf"\b({'|'.join(BANNED_WORDS)})\b", re.IGNORECASE)
_VERSIONS: Final = ("v", "niji", "video")
_BY_NAME: Final = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the bot understood it.

    Attributes:
        echo: What it writes back, with links and parameters.
        mode: What it writes as the mode of the job, such as "fast" or "turbo, stealth".
        seed: The seed asked for, if any.
        aspect: Width and height of a picture, as a ratio; None if the prompt does not say.
        links: The links in it, as they were sent.
        zoom: How much more is to be seen than before, if the prompt says it.
    """

    echo: str
    mode: str
    seed: int | None
    aspect: tuple[int, int] | None
    links: tuple[str, ...] = ()
    zoom: float | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a prompt says nothing else: a user's settings.

    Attributes:
        options: Values of parameters, by name.
        suffix: What is appended to every prompt.
        custom: What the user's own options stand for, by name.
        mode: How jobs are paid for, as the bot writes it.
        stealth: Whether jobs are hidden from others.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    mode: str = "fast"
    stealth: bool = False


def rewrite(
    raw: str,
    profile: Profile,
    is_image: Callable[[str], bool],
    defaults: Defaults | None = None,
    how: Uncertain = USUAL,
) -> Prompt:
    """Return a prompt as the bot understands it.

    Args:
        raw: The prompt as it was sent.
        profile: Decides the default version and how raw style is written.
        is_image: Whether an image can be had from a URL.
        defaults: The settings of the user.
        how: How what is uncertain is played.

    Raises:
        RefusedError: The bot refuses the prompt.
    """
    defaults = defaults or Defaults()
    text, options = _split(_expanded(f"{raw} {defaults.suffix}", defaults.custom))
    links = _LINK.findall(text)
    words = " ".join(_LINK.sub(" ", text).split())
    values, switches, stray = _read_options(options)
    words = _cleaned(" ".join(filter(None, (words, stray))), how)
    _check(words, links, is_image)
    _add_defaults(values, profile, defaults.options)
    ratio = values.get("aspect", values.get("ar"))
    return Prompt(
        echo=raw if how.prompt_echo == "as_sent" else _assembled(links, words, _written(values, switches, how)),
        mode=_mode(switches, defaults),
        seed=int(values["seed"]) if "seed" in values else None,
        aspect=None if ratio is None else parse_ratio(ratio),
        links=tuple(links),
        zoom=float(values["zoom"]) if "zoom" in values else None,
    )


def _expanded(raw: str, custom: Mapping[str, str]) -> str:
    """Return a prompt in one line, in which the user's own options are replaced by what they stand for."""
    line = " ".join(raw.replace("—", "--").split())
    return _OPTION.sub(lambda match: custom.get(match[1], match[0]), line)


def _assembled(links: Iterable[str], words: str, options: Iterable[str]) -> str:
    return " ".join(filter(None, (*map(short_link, links), words, *options)))


def _cleaned(words: str, how: Uncertain) -> str:
    return re.sub(r"(?<!\\)\*", r"\*", words) if how.markdown == "escaped" else words


def default_version(profile: Profile) -> str:
    """Return the version with which a prompt is drawn that names none."""
    return "7.0" if profile is Profile.OF_2026 else "5.2"


def text_of(echo: str) -> str:
    """Return the words of a rewritten prompt, without links and parameters."""
    return " ".join(_LINK.sub(" ", _split(echo)[0]).split())


def links_of(echo: str) -> list[str]:
    """Return the links at the head of a rewritten prompt."""
    return list(_LINK.findall(_split(echo)[0]))


def options_of(echo: str) -> list[tuple[str, str]]:
    """Return the parameters of a rewritten prompt, by name and value, in their order."""
    return [(name, value) for name, _, value in (option.partition(" ") for option in _split(echo)[1])]


def compose(head: str, options: Iterable[tuple[str, str]]) -> str:
    """Return a rewritten prompt made of the text at its head and its parameters."""
    return " ".join(filter(None, (head, *(f"--{name} {value}".rstrip() for name, value in options))))


def head_of(echo: str) -> str:
    """Return a rewritten prompt without its parameters."""
    return _split(echo)[0]


def short_link(link: str) -> str:
    """Return a link as the bot writes it, in angle brackets; the same short one for the same link."""
    if link.startswith(_SHORT_LINK):
        return f"<{link}>"
    code = base64.urlsafe_b64encode(hashlib.sha256(link.encode()).digest()).decode()[:11]
    return f"<{_SHORT_LINK}{code}>"


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
        return _BY_NAME[name].normalise(_LINK.sub(lambda match: short_link(match[1]), value))
    except ParameterError as error:
        raise notices.bad_parameter(name, value, str(error)) from None


def _check(words: str, links: list[str], is_image: Callable[[str], bool]) -> None:
    if not words and len(links) < 2:
        raise notices.refusal("empty_prompt")
    if banned := _BANNED.search(words):
        raise notices.banned_prompt(banned[1].lower())
    if not all(is_image(link) for link in links):
        raise notices.refusal("invalid_link")


def _add_defaults(values: dict[str, str], profile: Profile, chosen: Mapping[str, str]) -> None:
    versioned = any(name in values for name in _VERSIONS)
    if "video" in values:
        values["aspect"] = values.pop("ar", "1:1")
    elif not versioned and not any(name in chosen for name in _VERSIONS):
        values["v"] = default_version(profile)
    for name, value in chosen.items():
        if not (versioned and name in _VERSIONS) and "video" not in values:
            values.setdefault(name, value)
    if profile is Profile.OF_2026 and values.get("style") == "raw":
        del values["style"]
        values["raw"] = ""


def _written(values: Mapping[str, str], switches: Iterable[str], how: Uncertain) -> list[str]:
    names = list(values) if how.parameter_order == "as_sent" else [name for name in _BY_NAME if name in values]
    if how.default_values == "dropped":
        names = [name for name in names if values[name] != _BY_NAME[name].default]
    echoed = sorted(switches) if how.mode_parameters == "echoed" else []
    return [*(f"--{name} {values[name]}".rstrip() for name in names), *(f"--{name}" for name in echoed)]


def _mode(switches: set[str], defaults: Defaults) -> str:
    mode = next((shown for name, shown in MODES.items() if name in switches), defaults.mode)
    stealth = "stealth" in switches or (defaults.stealth and "public" not in switches)
    return f"{mode}, stealth" if stealth else mode
