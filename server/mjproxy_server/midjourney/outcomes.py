"""What the bot says instead of drawing: one table from the titles of its embeds to what becomes of the task.

Titles and descriptions as observed between 2023 and 2026. A title that the table does not know is a failure if its
embed has the colour of one, and nothing to a task otherwise.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from mjproxy_server.midjourney import custom_id
from mjproxy_server.midjourney.content import Phase
from mjproxy_server.midjourney.custom_id import ButtonKind
from mjproxy_server.midjourney.markup import readable, times
from mjproxy_server.midjourney.messages import BotMessage, Embed
from mjproxy_server.model.task import Button, Failure
from mjproxy_server.model.vocabulary import Reason


class TroubleKind(StrEnum):
    """What an account's trouble asks for: that its owner acts before anything else is sent, or another mode."""

    HOLD = auto()
    FAST_EXHAUSTED = auto()


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """What is wrong with the account, not only with the task; title and description as the bot says it."""

    kind: TroubleKind
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    reason: Reason
    trouble: TroubleKind | None = None


_REJECTED = _Verdict(Reason.PROMPT_REJECTED)
_MODERATED = _Verdict(Reason.MODERATED)
_BROKEN = _Verdict(Reason.BOT_ERROR)
_BUSY = _Verdict(Reason.BOT_BUSY)
_HELD = _Verdict(Reason.ACCOUNT_HELD, TroubleKind.HOLD)
_EXHAUSTED = _Verdict(Reason.ACCOUNT_HELD, TroubleKind.FAST_EXHAUSTED)

# By the beginning of the title, in lower case.
_VERDICTS = {
    "invalid parameter": _REJECTED,
    "invalid link": _REJECTED,
    "invalid prompt": _REJECTED,
    "invalid request": _REJECTED,
    "empty prompt": _REJECTED,
    "duplicate images detected": _REJECTED,
    "banned prompt": _MODERATED,
    "banned image prompt": _MODERATED,
    "image denied": _MODERATED,
    "action needed to continue": _MODERATED,
    "request cancelled due to output filters": _MODERATED,
    "pending mod message": _HELD,
    "tos not accepted": _HELD,
    "action required to continue": _HELD,
    "blocked": _HELD,
    "subscription required": _HELD,
    "subscription paused": _HELD,
    "plan cancelled": _HELD,
    "credits exhausted": _EXHAUSTED,
    "queue full": _BUSY,
    "slow down": _BUSY,
    "job action restricted": _BROKEN,
    "sorry, something went wrong": _BROKEN,
    "sorry! could not complete the job": _BROKEN,
}
_QUEUED_TITLE = "job queued"
_APPEALABLE_TITLE = "action needed to continue"
_OWN_TITLES = ("sorry, something went wrong", "sorry! could not complete the job")
_ERROR_COLOURS = frozenset({0xFF0000, 0xED4245, 0xF1C40F})
_DECLINED_FOOTER = "decline-"
_PLAIN_FAILURE = "failed"


def failure_of(message: BotMessage) -> Failure | None:
    """Return why the job of this message failed; None if the message does not say that it did."""
    if message.content and message.content.phase is Phase.STOPPED:
        return Failure(Reason.STOPPED, "Stopped", "The job was stopped at Discord.")
    if message.text.casefold().startswith(_PLAIN_FAILURE):
        return Failure(Reason.BOT_ERROR, "Failed", readable(message.text))
    if found := _judged(message):
        embed, verdict = found
        return Failure(verdict.reason, _title(embed), readable(embed.description))
    return None


def account_trouble(message: BotMessage) -> AccountTrouble | None:
    """Return what the message says is wrong with the account that it is addressed to; None if nothing is.

    Whose account that is, is for `Correlator.observe` to say: other people's messages stand in the same channel.
    """
    if found := _judged(message):
        embed, verdict = found
        if verdict.trouble:
            return AccountTrouble(verdict.trouble, _title(embed), readable(embed.description))
    return None


def is_own_fault(failure: Failure) -> bool:
    """Return True if Midjourney calls the failure its own, so that the same may well succeed another time."""
    return failure.reason is Reason.BOT_ERROR and failure.title.casefold().startswith((*_OWN_TITLES, _PLAIN_FAILURE))


def retry_at(message: BotMessage) -> int | None:
    """Return when to try again what the bot is too busy for.

    Returns:
        Unix milliseconds, 0 if it does not say when; None if the message says nothing of the kind.
    """
    found = _judged(message)
    if found is None or found[1] is not _BUSY:
        return None
    named = times(found[0].description)
    return named[-1] * 1000 if named else 0


def appeal_of(message: BotMessage) -> Button | None:
    """Return the button that has a refused prompt judged once more; None if the message offers none."""
    if not any(_key(embed).startswith(_APPEALABLE_TITLE) for embed in message.embeds):
        return None
    return next((each for each in message.buttons if custom_id.parse(each.custom_id).kind is ButtonKind.APPEAL), None)


def queued_prompt(message: BotMessage) -> str | None:
    """Return the prompt of a job that the bot lets wait for others ("" if it does not tell); None if it lets none."""
    for embed in message.embeds:
        if _key(embed).startswith(_QUEUED_TITLE):
            _, _, prompt = embed.footer.partition("/imagine ")
            return prompt
    return None


def is_listed(embed: Embed) -> bool:
    """Return True if the table, or the footer of a refusal, says what the embed comes to; its colour alone does not."""
    return _key(embed).startswith((_QUEUED_TITLE, *_VERDICTS)) or embed.footer.startswith(_DECLINED_FOOTER)


def _judged(message: BotMessage) -> tuple[Embed, _Verdict] | None:
    """Return the first embed that tells of a failure, and what it comes to."""
    for embed in message.embeds:
        if verdict := _verdict(embed):
            return embed, verdict
    return None


def _verdict(embed: Embed) -> _Verdict | None:
    if embed.type not in {"", "rich"}:
        return None  # the preview of a web page, whose title is anybody's
    key = _key(embed)
    if key.startswith(_QUEUED_TITLE):
        return None
    known = next((verdict for title, verdict in _VERDICTS.items() if key.startswith(title)), None)
    if known is None and embed.footer.startswith(_DECLINED_FOOTER):
        return _MODERATED
    return known or (_BROKEN if embed.colour in _ERROR_COLOURS else None)


def _key(embed: Embed) -> str:
    return embed.title.strip().casefold()


def _title(embed: Embed) -> str:
    return readable(embed.title) or "The bot reports an error"
