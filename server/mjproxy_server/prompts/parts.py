"""A prompt as the parts it is made of: what may be translated, what may be searched for words, and what stays.

`split` loses nothing: the parts, put together, are the prompt. A translation replaces the texts between the kept parts,
so these survive whatever a translator answers; that it brings no new ones (an em dash before a letter is a parameter to
the bot, two colons are a weight) is checked by comparing `kept` before and after.

The grammar covers prompts as they are submitted and the results of describe and shorten: numbered lines, headings,
emphasis, scores such as "(0.79)", and bars. A parameter has one value at most, what follows that is text; only `--no`
reaches to the next parameter. What stands in double quotes the bot draws letter for letter, so it is not translated.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple


class Kind(Enum):
    """What a part is."""

    TEXT = auto()
    """What to draw: translated, and searched for banned words."""
    NEGATIVE = auto()
    """What `--no` names: translated, but no reason to refuse a prompt, because it asks for the thing to be left out."""
    QUOTED = auto()
    """Text in quotes, or in angle brackets that are no link: as it is, but searched for banned words."""
    KEPT = auto()
    """What has a meaning to the bot or to the eye: parameters, weights, links, line breaks, markup."""
    FILLER = auto()
    """Space, punctuation and emoji around texts."""

    @property
    def translated(self) -> bool:
        """Whether parts of this kind are translated."""
        return self is Kind.TEXT or self is Kind.NEGATIVE

    @property
    def searched(self) -> bool:
        """Whether parts of this kind are searched for banned words."""
        return self is Kind.TEXT or self is Kind.QUOTED


class Part(NamedTuple):
    """A piece of a prompt, never empty."""

    text: str
    kind: Kind


LINE_BREAKS: Final = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
"""What `str.splitlines` splits at, for a class of a regular expression; no text that is translated holds one."""

_EMOJI: Final = (
    r"[0-9#*]\ufe0f?\u20e3"  # keycaps such as 1️⃣
    r"|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\u200d\u20e3"
    r"\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)
_GRAMMAR: Final = re.compile(
    rf"""
      (?! [a-gi-z\x20,.;!?'] )  # What most of a prompt consists of begins none of these, and is passed over at once.
    (?:
      (?P<bars>      [\u2588\u2591-\u2593]{{2,}} [^{LINE_BREAKS}]* )
    | (?P<line>      [{LINE_BREAKS}]+ )
    | (?P<heading>   (?:^|(?<=\n)) \#{{1,6}}[ ] )
    | (?P<emphasis>  \*\* | ~~ )
    | (?P<score>     \( \d+\.\d+ \) )
    | (?P<link>      <?https?://[^\s<>\uff0c\u3002\uff1b\u3001]+>? )
    | (?P<tag>       <(?: a?:\w+:\d+ | [@\#][!&]?\d+ )> )
    | (?P<angle>     <[^\s<>]+> )
    | (?P<quote>     (?<![0-9])"(?=\S) (?: (?!--|::|https?://) [^"{LINE_BREAKS}] )+ "
                   | “(?: (?!--|::|https?://) [^“”{LINE_BREAKS}] )+” )
    | (?P<weight>    ::-?[0-9.]* )
    | (?P<no>        (?:--|\u2014)no(?![A-Za-z0-9_]) )
    | (?P<parameter> (?:--|\u2014)[A-Za-z][A-Za-z0-9_]*
                     (?: (?:=|[ \t]+) (?!--|\u2014|https?://|<) (?:(?!--)[!-~])+ )? )
    | (?P<brace>     [{{}}] )
    | (?P<emoji>     {_EMOJI} )
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_KINDS: Final = {"angle": Kind.QUOTED, "quote": Kind.QUOTED, "emoji": Kind.FILLER}
_AFTER: Final = {"no": Kind.NEGATIVE, "parameter": Kind.TEXT, "line": Kind.TEXT}
_SEPARATORS: Final = re.compile("([,;\uff0c\u3001\uff1b])")
_EDGES: Final = " \t\u00a0\u3000,.;:!?"


def split(text: str) -> list[Part]:
    """Returns the parts of a prompt or of a result, in order and without a gap."""
    parts: list[Part] = []
    between, position = Kind.TEXT, 0
    for match in _GRAMMAR.finditer(text):
        rule = match.lastgroup or ""
        parts += _words(text[position : match.start()], between)
        parts.append(Part(match.group(), _KINDS.get(rule, Kind.KEPT)))
        between, position = _AFTER.get(rule, between), match.end()
    return [*parts, *_words(text[position:], between)]


def searched(text: str) -> Iterator[str]:
    """Yields what of a prompt is searched for banned words: the texts of `split`, with the space around them."""
    between, position = Kind.TEXT, 0
    for match in _GRAMMAR.finditer(text):
        rule = match.lastgroup or ""
        if between.searched:
            yield text[position : match.start()]
        if _KINDS.get(rule, Kind.KEPT).searched:
            yield match.group()
        between, position = _AFTER.get(rule, between), match.end()
    if between.searched:
        yield text[position:]


def is_cut_between_words(text: str) -> bool:
    """Tells whether it is certain that each word of a part is one of the whole, so that the whole can be looked at.

    Weights and links are parts that may begin or end within a word; other scripts have signs that are letters, too.
    """
    return text.isascii() and "::" not in text and "://" not in text


def kept(text: str) -> list[str]:
    """Returns what a translation may neither lose, nor change, nor add to."""
    return [part.text for part in split(text) if part.kind is Kind.KEPT]


def bare(text: str) -> str:
    """Returns a text without the space and punctuation around it."""
    return text.strip(_EDGES)


def _words(text: str, kind: Kind) -> Iterator[Part]:
    """Yields a text between kept parts; what `--no` names is a list, each item of which is a text by itself."""
    items = _SEPARATORS.split(text) if kind is Kind.NEGATIVE else [text]
    for item in items:
        yield from _with_edges(item, kind)


def _with_edges(text: str, kind: Kind) -> Iterator[Part]:
    core = bare(text)
    before, _, after = text.partition(core) if core else (text, "", "")
    for piece, piece_kind in ((before, Kind.FILLER), (core, _kind_of(core, kind)), (after, Kind.FILLER)):
        if piece:
            yield Part(piece, piece_kind)


def _kind_of(core: str, kind: Kind) -> Kind:
    return Kind.FILLER if _SEPARATORS.fullmatch(core) else kind
