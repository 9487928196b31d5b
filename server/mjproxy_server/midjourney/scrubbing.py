"""Messages without what is private in them, in the form of the events of a scenario, so that they can be played again.

What is kept is what a message has to be kept for: its structure, and the words of the bot. Everything else gives way to
something of the same shape:

    ids of Discord       $USER, $GUILD, $CHANNEL and $BOT (Midjourney's own); all others $ID1, $ID2, ... in their order
    nonces               $NONCE
    UUIDs of jobs        00000000-0000-0000-0000-000000000001, ...
    names of people      user
    prompts              every letter and digit an x; links, and parameters with a number or a ratio, stand
    links                those of Discord and Midjourney without query and names, all others https://example.com
    tokens, hashes       token; whatever key or text they stand in
    mail addresses       user@example.com
    times                one moment in 2026

A prompt is known as one where the bot has always put it: between asterisks, behind the numbers and commands of framed
texts, in the fields of modals, in the names of files. Where a message has a new form, a prompt may be left.

Scrubbing once more changes nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.model.vocabulary import Bot

Json = object
"""What JSON can hold."""

_LEAST_ID: Final = 10**16
"""Discord's ids have had 17 digits and more since 2015."""

_ID: Final = re.compile(r"(?<!\d)[1-9]\d{16,19}(?!\d)")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAIL: Final = re.compile(r"[^\s@<>:,;\"'()]{1,64}@[^\s@<>:,;\"'()]{1,255}\.\w+")
_HANDLE: Final = re.compile(r"(?<![\w<])@(?!everyone\b|here\b|me\b)\w[\w.]*")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s<>()\[\]\"'`]+", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_TIME_MARK: Final = re.compile(r"<t:\d+")
_MOMENT: Final = "2026-01-01T00:00:00.000000+00:00"
_SIGNED: Final = re.compile(r"(?<![\w-])[\w-]{16,}\.[\w-]{5,}\.[\w-]{16,}", re.ASCII)
_CROSSED: Final = re.compile(r"[xX._-]+")
_RUN: Final = re.compile(rf"{re.escape(_MOMENT)}|[\w-]{{8,}}", re.ASCII)
_WORD: Final = r"(?:[A-Za-z]{1,24}|[A-Za-z0-9]{1,4}|[xX]+|\d+)"
_WORDS: Final = re.compile(rf"(?:{_WORD}(?:[_-]+{_WORD})*)?")
_PLACEHOLDER: Final = re.compile(r"\$(?:USER|GUILD|CHANNEL|BOT|NONCE|ID\d+)")

_PROMPT: Final = re.compile(r"(?<=\*\*).*(?=\*\* - )", re.DOTALL)
_BOLD: Final = re.compile(r"\*\*[^*\n]+\*\*:|\*\*(?:Job ID|seed)\*\*|\*\*(?P<words>.+?)\*\*", re.DOTALL)
_LISTING: Final = re.compile(r"^[ \t]*[1-9]\ufe0f?\u20e3|\u2588", re.MULTILINE)
_LISTED: Final = re.compile(r"^(?!#).+$", re.MULTILINE)
_QUOTED: Final = re.compile(r"(?<=`)[^`\n]+(?=`)")
_BEHIND_COMMAND: Final = re.compile(r"^(?P<command>/\w+ )(?P<prompt>.*)", re.DOTALL)
_BEHIND_INFO: Final = re.compile(r"(?<=^Your info - ).+", re.DOTALL)
_LETTER: Final = re.compile(r"[^\W_]")
_LETTER_OR_STANDING: Final = re.compile(
    rf"(?P<standing>{_URL.pattern}"
    r"|(?<![\w-])--[a-z]{1,12}(?![\w-])(?: \d{1,4}(?:[.:]\d{1,4})?(?!\S))?"
    r"|[1-9]\ufe0f?\u20e3)"
    rf"|{_LETTER.pattern}",
    re.IGNORECASE,
)
_UUID_IN_NAME: Final = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_FILE_TYPE: Final = re.compile(r"(?:\.[A-Za-z0-9]{1,4})?\Z")
_NO_WORD: Final = re.compile(r"[\W_\dxX]+")
_FILE_ROLE: Final = re.compile(r"(?:_(?:grid|step|\d{1,2}))*")

_HOSTS: Final = frozenset(
    {"cdn.discordapp.com", "media.discordapp.net", "discord.com", "midjourney.com", "www.midjourney.com"}
)
_CODED_HOSTS: Final = frozenset({"s.mj.run", "cdn.midjourney.com"})
_FOLDERS: Final = frozenset({"attachments", "ephemeral-attachments", "channels", "jobs", "app", "account", "@me"})
_NAME_KEYS: Final = frozenset({"username", "global_name", "display_name", "nick"})
_SECRET_KEYS: Final = frozenset(
    {"token", "session_id", "hash", "signature", "avatar", "banner", "icon", "email", "phone", "secret", "password"}
)
_TEXT_INPUT: Final = 4
_BOT_ID: Final = APPLICATION_IDS[Bot.MIDJOURNEY]
_PUBLIC_IDS: Final = frozenset(APPLICATION_IDS.values())
_NAME: Final = "user"
_MAIL_ADDRESS: Final = "user@example.com"
_TOKEN: Final = "token"  # noqa: S105 -- what stands in the place of one
_ELSEWHERE: Final = "https://example.com"
_SHORTEST_NAME: Final = 3


class Place(Struct, frozen=True, kw_only=True):
    """Where a message was heard, whose ids have names of their own in a scenario."""

    guild_id: str
    channel_id: str
    user_id: str


def scrubbed(data: Mapping[str, Json], place: Place) -> Json:
    """Return the data of a dispatch without what is private; see the head of this module."""
    cleaned = _Scrubber(place, frozenset(_names(data))).value("", data)
    ids = sorted({id_ for text in _texts(cleaned) for id_ in _ID.findall(text)} - _PUBLIC_IDS, key=int)
    numbers = {id_: f"$ID{number}" for number, id_ in enumerate(ids, 1)}
    return _rewritten(cleaned, lambda text: _ID.sub(lambda match: numbers.get(match[0], match[0]), text))


def shape(text: str) -> str:
    """Return the words alone of a scrubbed text: what has one shape differs only in numbers and prompts."""
    return _NO_WORD.sub(" ", text)


class _Scrubber:
    """Leaves those ids in place that have no name of their own, since they can be numbered only when all are known."""

    def __init__(self, place: Place, names: frozenset[str]) -> None:
        named = {place.guild_id: "$GUILD", place.channel_id: "$CHANNEL", place.user_id: "$USER", _BOT_ID: "$BOT"}
        self._placeholders = {id_: name for id_, name in named.items() if id_}
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        self._name = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first) or "(?!)")
        self._uuids: dict[str, str] = {}

    def value(self, key: str, value: Json) -> Json:
        """Return any value without what is private; its key tells what it is."""
        match value:
            case dict():
                return {self.text(each): self._member(key, value, each) for each in value}
            case list():
                return [self.value(key, each) for each in value]
            case str() | int() if key == "nonce":
                return "$NONCE"
            case int() if value >= _LEAST_ID:
                return self.text(str(value))
            case str():
                return self._string(key, value)
        return value

    def _member(self, owner_key: str, owner: Mapping[str, Json], key: str) -> Json:
        """Return what stands in an object under a key."""
        value = owner[key]
        if isinstance(value, str) and (key in _NAME_KEYS or (owner_key, key) == ("author", "name")):
            return value if owner.get("bot") is True else _NAME
        if isinstance(value, str) and key == "value" and owner.get("type") == _TEXT_INPUT:
            return self.text(_crossed(value))
        return self.value(key, value)

    def _string(self, key: str, text: str) -> str:
        if key in _SECRET_KEYS:
            return _TOKEN
        if key == "custom_id":
            return "::".join(self._part(part) for part in text.split("::"))
        if key == "filename":
            return self._filename(text)
        return self.text(_TEXTS[key](text) if key in _TEXTS else text)

    def text(self, text: str) -> str:
        """Return a text without what is private wherever it stands."""
        text = _MAIL.sub(_MAIL_ADDRESS, self._name.sub(_NAME, text))
        text = _URL.sub(lambda match: self._url(match[0]), text)
        text = _HANDLE.sub(f"@{_NAME}", text)
        text = _TIME_MARK.sub("<t:0", _TIME.sub(_MOMENT, text))
        text = _UUID.sub(lambda match: self._uuid(match[0]), text)
        text = _ID.sub(lambda match: self._placeholders.get(match[0], match[0]), text)
        text = _SIGNED.sub(lambda match: match[0] if _CROSSED.fullmatch(match[0]) else _TOKEN, text)
        return _RUN.sub(_without_token, text)

    def _uuid(self, uuid: str) -> str:
        digits = uuid.replace("-", "").lower()
        return self._uuids.setdefault(digits, f"00000000-0000-0000-0000-{len(self._uuids) + 1:012}")

    def _part(self, part: str) -> str:
        """Return a part of a custom id: a word, a number, an id, or else a token."""
        cleaned = self.text(part)
        known = _UUID.fullmatch(cleaned) or _PLACEHOLDER.fullmatch(cleaned)
        return cleaned if known or _are_words(cleaned) else _TOKEN

    def _filename(self, name: str) -> str:
        """Return a file's name of which the job's UUID, what the bot puts behind it, and the type are left."""
        type_ = _FILE_TYPE.search(name)
        stem, suffix = (name[: type_.start()], type_[0]) if type_ else (name, "")
        match = _UUID_IN_NAME.search(stem)
        if match is None:
            return _LETTER.sub("x", stem) + suffix
        role = stem[match.end() :]
        kept = role if _FILE_ROLE.fullmatch(role) else _LETTER.sub("x", role)
        before = _LETTER.sub("x", stem[: match.start()])
        return f"{before}{self._uuid(match[0])}{kept}{suffix}"

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return _ELSEWHERE
        if parts.netloc in _CODED_HOSTS:
            return f"https://{parts.netloc}/xxxx"
        if parts.netloc not in _HOSTS:
            return _ELSEWHERE
        return f"https://{parts.netloc}{'/'.join(self._step(step) for step in parts.path.split('/'))}"

    def _step(self, step: str) -> str:
        """Return a part of a link's path."""
        if not step or step in _FOLDERS or any(form.fullmatch(step) for form in (_ID, _UUID, _PLACEHOLDER)):
            return step
        return self._filename(step) if "." in step else "xxxx"


def _rewritten(data: Json, rewrite: Callable[[str], str]) -> Json:
    """Return the data with all its texts rewritten, its keys included."""
    match data:
        case dict():
            return {rewrite(key): _rewritten(value, rewrite) for key, value in data.items()}
        case list():
            return [_rewritten(each, rewrite) for each in data]
        case str():
            return rewrite(data)
    return data


def _texts(data: Json) -> Iterator[str]:
    match data:
        case dict():
            yield from data
            for value in data.values():
                yield from _texts(value)
        case list():
            for each in data:
                yield from _texts(each)
        case str():
            yield data


def _names(data: Json) -> Iterator[str]:
    """Yield the names of people; those of bots are everybody's, and those of a few letters are words too."""
    match data:
        case dict():
            names = (name for key in _NAME_KEYS if isinstance(name := data.get(key), str))
            if data.get("bot") is not True:
                yield from (name for name in names if len(name) >= _SHORTEST_NAME and name.strip("xX"))
            for value in data.values():
                yield from _names(value)
        case list():
            for each in data:
                yield from _names(each)


def _without_token(match: re.Match[str]) -> str:
    run = match[0]
    return run if run == _MOMENT or _are_words(_UUID.sub("", run)) else _TOKEN


def _are_words(text: str) -> bool:
    return _WORDS.fullmatch(text.strip("_-")) is not None


def _crossed(text: str) -> str:
    """Return a prompt of which only links, short parameters and the numbers of suggestions are left."""
    return _LETTER_OR_STANDING.sub(lambda match: match["standing"] or "x", text)


def _cross(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: _crossed(match[0]), text)


def _of_job(text: str) -> str:
    return _cross(_PROMPT, text) if _PROMPT.search(text) else _without_emphasis(text)


def _without_emphasis(text: str) -> str:
    """Return a text without the words between asterisks, unless they are the label of what follows."""
    return _BOLD.sub(lambda match: f"**{_crossed(match['words'])}**" if match["words"] else match[0], text)


def _of_frame(text: str) -> str:
    return _cross(_LISTED, text) if _LISTING.search(text) else _without_emphasis(_cross(_QUOTED, text))


def _of_foot(text: str) -> str:
    return _BEHIND_COMMAND.sub(lambda match: match["command"] + _crossed(match["prompt"]), text)


def _of_title(text: str) -> str:
    return _BEHIND_INFO.sub(_NAME, text)


_TEXTS: Final[Mapping[str, Callable[[str], str]]] = {
    "content": _of_job,
    "description": _of_frame,
    "text": _of_foot,
    "title": _of_title,
}
