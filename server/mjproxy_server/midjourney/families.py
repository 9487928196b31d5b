"""Families of jobs: what the bot says about the jobs of each command and button, and with what it ends them.

As observed between 2023 and 2026. While a job waits, its message often says something else than later: a zoom, a pan
and a region begin in the form of an imagine, and a film goes on in it. Where the bot was not observed, a family has
every verb that is likely: one too many costs a little waiting, one too few would cost a result.
"""

from dataclasses import dataclass, replace
from enum import StrEnum, auto

from mjproxy_server.midjourney import custom_id as custom_ids
from mjproxy_server.midjourney.content import Content, Phase, Verb
from mjproxy_server.midjourney.custom_id import ButtonKind
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action


class Ending(StrEnum):
    """With what a job ends well."""

    PICTURE = auto()
    """A message with words about the job and a file."""
    TEXT = auto()
    """The message that answers the command gets a text with numbered prompts."""
    REWRITE = auto()
    """The message that carries the button gets another text."""
    FILE = auto()
    """The message that answers the command, or a reply to it, has a file."""
    NOTE = auto()
    """A message says that it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the jobs of a command or a button have in common.

    Attributes:
        verbs: What their messages may say is done.
        begins: What the messages may say besides while they wait.
        qualifiers: The kinds of variation, upscale or pan that their messages may name besides; empty for any.
        results_tell: Whether every result names index and qualifier, so that jobs with others are told apart by it.
        framed: Whether they start from a page of the bot's own, so that the press alone proves nothing of them.
        own_prompt: Whether they draw a prompt that is not their source's, and may reply like a command's jobs.
        ending: With what they end.
    """

    verbs: frozenset[Verb] = frozenset()
    begins: frozenset[Verb] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    results_tell: bool = False
    framed: bool = False
    own_prompt: bool = False
    ending: Ending = Ending.PICTURE

    @property
    def all_verbs(self) -> frozenset[Verb]:
        """What their messages may ever say is done."""
        return self.verbs | self.begins

    def may_say(self, content: Content) -> bool:
        """True if a message about such a job may say this is done."""
        verbs = self.all_verbs if content.phase is Phase.WAITING else self.verbs
        qualifies = not content.qualifier or not self.qualifiers or content.qualifier in self.qualifiers
        return content.verb in verbs and qualifies

    def resembles(self, other: "Family") -> bool:
        """True if a result, or a report on the way to it, may be about a job of each."""
        if Ending.REWRITE in {self.ending, other.ending}:
            return self.ending is other.ending
        told_apart = self.always_tells(other) and _differ(self.qualifiers, other.qualifiers)
        return not told_apart and not self.verbs.isdisjoint(other.verbs)

    def always_tells(self, other: "Family") -> bool:
        """True if results of both families name index and qualifier."""
        return self.results_tell and other.results_tell


def _differ(known: frozenset[str], others: frozenset[str]) -> bool:
    return bool(known and others) and known.isdisjoint(others)


_IMAGINE = frozenset({Verb.IMAGINE})
_VARIED = frozenset({Verb.VARIATIONS, Verb.REMIX})
_ZOOMED = Family(verbs=frozenset({Verb.ZOOM_OUT}), begins=_IMAGINE)
_FILMED = Family(verbs=_IMAGINE, begins=frozenset({Verb.VIDEO}))
_DRAWN = Family(verbs=_IMAGINE)
_SUGGESTED = Family(verbs=_IMAGINE, own_prompt=True)
_REWRITTEN = Family(ending=Ending.REWRITE)

REGION = Family(verbs=_VARIED, begins=_IMAGINE, qualifiers=frozenset({"Region"}), framed=True)
"""The family of Vary (Region), whose jobs begin without a nonce."""

_OF_BUTTONS = {
    ButtonKind.UPSAMPLE: Family(verbs=frozenset({Verb.IMAGE, Verb.UPSCALE}), results_tell=True),
    ButtonKind.VARIATION: Family(verbs=_VARIED, qualifiers=frozenset({"Subtle", "Strong"})),
    ButtonKind.REROLL: _FILMED,  # a film has the button too
    ButtonKind.UPSCALE: Family(verbs=frozenset({Verb.UPSCALE}), begins=frozenset({Verb.IMAGE})),
    ButtonKind.VARY_SUBTLE: Family(verbs=_VARIED, qualifiers=frozenset({"Subtle"})),
    ButtonKind.VARY_STRONG: Family(verbs=_VARIED, qualifiers=frozenset({"Strong"})),
    ButtonKind.VARY_REGION: REGION,
    ButtonKind.ZOOM_OUT: _ZOOMED,
    ButtonKind.MAKE_SQUARE: _ZOOMED,
    ButtonKind.CUSTOM_ZOOM: _ZOOMED,
    ButtonKind.PAN: Family(verbs=frozenset({Verb.PAN}), begins=_IMAGINE, results_tell=True),
    ButtonKind.ANIMATE: _FILMED,
    ButtonKind.EXTEND_VIDEO: _FILMED,
    ButtonKind.UPSCALE_VIDEO: Family(verbs=frozenset({Verb.IMAGE, Verb.UPSCALE, Verb.VIDEO, Verb.IMAGINE})),
    ButtonKind.REMASTER: Family(verbs=frozenset({Verb.IMAGINE, Verb.REMASTER})),
    ButtonKind.BOOKMARK: Family(ending=Ending.NOTE),
    ButtonKind.DESCRIPTION: _SUGGESTED,
    ButtonKind.SHORTENED_PROMPT: _SUGGESTED,
    ButtonKind.DESCRIBE_AGAIN: _REWRITTEN,
    ButtonKind.SHORTEN_DETAILS: _REWRITTEN,
}
_QUALIFIED_BY_NAME = frozenset({ButtonKind.UPSCALE, ButtonKind.PAN})

_WRITTEN = Family(ending=Ending.TEXT)
_OF_COMMANDS = {
    Action.IMAGINE: _DRAWN,
    Action.BLEND: _DRAWN,
    Action.DESCRIBE: _WRITTEN,
    Action.SHORTEN: _WRITTEN,
    Action.SWAP_FACE: Family(ending=Ending.FILE),
}


def family_of(task: Task) -> Family:
    """Return the family of a task's job."""
    if task.trace.appeal:
        return _appealed(_family_of_request(task))
    return _family_of_request(task)


def strangers_family(verb: Verb) -> Family:
    """Return a family for a job of which only one message is known, by what that says is done."""
    families = [family for family in (*_OF_BUTTONS.values(), _DRAWN) if verb in family.all_verbs]
    return Family(verbs=frozenset({verb}).union(*(family.all_verbs for family in families)))


def _family_of_request(task: Task) -> Family:
    if task.source is None:
        return _OF_COMMANDS.get(task.action, Family())
    return _family_of_button(task.source.custom_id)


def _appealed(family: Family) -> Family:
    """The family of what a press of Appeal starts: what was refused, or the same prompt drawn as for a command."""
    return Family(verbs=family.all_verbs | _IMAGINE, own_prompt=True, ending=family.ending)


def _family_of_button(custom_id: str) -> Family:
    pressed = custom_ids.parse(custom_id)
    family = _OF_BUTTONS.get(pressed.kind, Family())
    if pressed.kind not in _QUALIFIED_BY_NAME:
        return family
    qualifier = pressed.name.rpartition("_")[2].capitalize()  # "v7_2x_subtle", "left"
    return replace(family, qualifiers=frozenset({qualifier}))
