"""Prompts: what is sent with /imagine, and what of it survives the bot's rewriting.

The bot echoes a prompt in every message of its job, but not as it was sent. Observed between 2023 and 2026: white space
is collapsed and trimmed; an em dash becomes two hyphens; each URL becomes `<https://s.mj.run/...>`; parameters move to
the end, are reordered, merged, renamed (`--style raw` to `--raw`), completed (`--v 7` to `--v 7.0`), dropped where they
say the default, and added where the account's settings say more; `--fast`, `--relax`, `--turbo` and `--stealth` are
shown as the mode instead; markdown and emoji may be escaped or cleaned.

`normalise` therefore keeps letters and digits of the text alone. It is coarse on purpose: that two prompts look alike
costs a little waiting, while a prompt that does not look like its own echo costs a result.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from mjproxy_server.model.vocabulary import Mode

MAX_LENGTH = 6000
"""The longest text that Discord takes as the value of a string option (Application Command Option Structure)."""

MAX_IMAGE_URL_LENGTH = 512
"""The longest image URL that room is kept for; a signed link of Discord's CDN has about 250 characters."""

_MOST_KEPT: Final = 500
"""How many normalised prompts are kept: each report on a job brings its prompt again."""

_MODE_FLAGS = {Mode.FAST: "--fast", Mode.RELAX: "--relax", Mode.TURBO: "--turbo"}
_LONGEST_FLAG = max(len(flag) for flag in _MODE_FLAGS.values())
_MODE_FLAG_AND_SPACE = re.compile(r"\s*(?:--|\u2014)(?:fast|relax|turbo)\b", re.IGNORECASE)

_URL = re.compile(r"<?https?://[^\s>]+>?")
_URL_TOKEN = "\0"  # noqa: S105  (it stands for a URL: no letter or digit, so it leaves no trace, yet it can be a value)
_DASH = re.compile(r"[\u2014\u2013]")
_EMOJI = re.compile(r"<?a?:\w+:(?:\d+>)?")
_WEIGHT = re.compile(r"::-?[\d.]*")
_PARAMETER = re.compile(r"--(?=[a-z])")
_NAME = re.compile(r"[a-z]\w*")
_NUMBER = re.compile(r"\s*[\d.]+(?=\s|$)")
_VALUE = re.compile(r"\s*\S+")
_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
_CHOICE_MARK = re.compile(r"[{}]|(?<!\\),")


def _after_dashes(pattern: str) -> Callable[[str], re.Pattern[str]]:
    """Return what chooses the pattern for a text: ASCII has no em dash, and two hyphens alone are found much faster."""
    in_ascii, anywhere = (re.compile(dashes + pattern, re.IGNORECASE) for dashes in ("--", "(?:--|\u2014)"))
    return lambda text: in_ascii if text.isascii() else anywhere


_MODE_FLAG = _after_dashes(r"(fast|relax|turbo)\b")
_REPEAT = _after_dashes(r"(?:repeat|r)\b(?:\s+\d+)?")

# Parameters have one value each, but for these.
# fmt: off
_FLAGS = frozenset({
    "creative", "draft", "fast", "hd", "hq", "loop", "public", "raw", "relax", "stealth", "test", "testp", "tile",
    "turbo", "upanime", "upbeta", "uplight",
})
# fmt: on
_OPTIONAL_NUMBER = frozenset({"niji", "video"})
_LISTS = frozenset({"cref", "no", "oref", "p", "personalize", "profile", "sref"})


def compose(prompt: str, image_urls: Sequence[str], mode: Mode | None) -> str:
    """Return the text for /imagine: the images, then the prompt, then the mode, which replaces the prompt's own flags.

    Without a mode the prompt stays as it is.
    """
    if mode is None:
        return " ".join([*image_urls, prompt])
    return " ".join([*image_urls, _MODE_FLAG_AND_SPACE.sub("", prompt).strip(), _MODE_FLAGS[mode]])


def mode_of(prompt: str) -> Mode | None:
    """Return the mode that the prompt asks for by a flag; the last one if there are several, None without one."""
    flags = _MODE_FLAG(prompt).findall(prompt)
    return Mode(flags[-1].upper()) if flags else None


def is_wordless(prompt: str) -> bool:
    """Return True if a prompt names nothing to draw: it is blank, or has parameters alone. A link is something."""
    begins_with_word = prompt[:1].isalnum()  # As most do, which spares the look at all of it.
    return not begins_with_word and not _without_parameters(_unified(prompt)).strip()


def multiplier(prompt: str) -> str | None:
    """Return the part of a prompt for which the bot starts several jobs; None if it starts one.

    That is `--repeat`, or a choice in braces as in `a {red, green} bird`; a comma behind a backslash separates nothing
    (Midjourney's documentation of Repeat and of Permutation Prompts).
    """
    text = _without_links(prompt)
    repeat = _REPEAT(text).search(text)
    if repeat:
        return repeat.group()
    return _choice(prompt) if "{" in prompt else None


def room(image_count: int) -> int:
    """Return how many characters a prompt may have beside this many images and a mode flag."""
    return MAX_LENGTH - image_count * (MAX_IMAGE_URL_LENGTH + 1) - (_LONGEST_FLAG + 1)


@lru_cache(_MOST_KEPT)
def normalise(prompt: str) -> str:
    """Return what a prompt and every echo of it have in common: the letters and digits of its text, in lower case."""
    text = _without_parameters(_unified(prompt))
    text = _WEIGHT.sub(" ", _EMOJI.sub(" ", text))
    return "".join(_LETTERS_AND_DIGITS.findall(text))


def _choice(prompt: str) -> str | None:
    """Return the first braces that close behind a comma of their own."""
    opened: list[int] = []
    chosen: set[int] = set()
    for mark in _CHOICE_MARK.finditer(prompt):
        match mark.group():
            case "{":
                opened.append(mark.start())
            case "," if opened:
                chosen.add(opened[-1])
            case "}" if opened:
                start = opened.pop()
                if start in chosen:
                    return prompt[start : mark.end()]
    return None


def _unified(prompt: str) -> str:
    """Return a prompt in one way of writing letters, dashes and links."""
    text = unicodedata.normalize("NFKC", prompt).casefold()
    return _DASH.sub("--", _without_links(text))


def _without_links(text: str) -> str:
    return _URL.sub(_URL_TOKEN, text) if "://" in text else text


def _without_parameters(text: str) -> str:
    before, *parameters = _PARAMETER.split(text)
    return before + " ".join(_after_parameter(parameter) for parameter in parameters)


def _after_parameter(parameter: str) -> str:
    """Return the text that follows a parameter ("ar 16:9 on the moon") when its name and its value are taken away."""
    match = _NAME.match(parameter)
    name = match.group() if match else ""
    rest = parameter[len(name) :]
    if name in _FLAGS:
        return rest
    if name in _LISTS:
        return ""
    return (_NUMBER if name in _OPTIONAL_NUMBER else _VALUE).sub("", rest, count=1) if rest else ""
