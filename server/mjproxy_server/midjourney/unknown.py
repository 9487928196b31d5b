"""What of the bots' messages is not understood, and why: the sign that Midjourney has changed its words.

A message is understood if every part of it is: its text, its framed texts, its components. What stands under a notice
of the table of outcomes, or on a settings panel, belongs to it. Nothing here decides about a task.
"""

import re
from collections.abc import Mapping
from typing import Final

from mjproxy_server.midjourney import custom_id, modals
from mjproxy_server.midjourney.bots import bot_of
from mjproxy_server.midjourney.content import Phase, Verb
from mjproxy_server.midjourney.custom_id import ButtonKind
from mjproxy_server.midjourney.info import info_of
from mjproxy_server.midjourney.messages import BotMessage, Embed, Event, ModalOpened
from mjproxy_server.midjourney.modals import Form
from mjproxy_server.midjourney.outcomes import failure_of, is_listed
from mjproxy_server.midjourney.panel import VERSIONS, panel_of
from mjproxy_server.midjourney.seed import seed_of
from mjproxy_server.model.vocabulary import Bot

JUDGED: Final = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_MODAL_CREATE"})
"""The dispatches in which there can be something to understand."""

_LOADING: Final = 1 << 7
"""Discord's flag of a message that says only that the bot is thinking."""

_ROW, _BUTTON, _STRING_SELECT, _TEXT_INPUT = 1, 2, 3, 4
_TYPES_OF_MESSAGES: Final = frozenset({_ROW, _BUTTON, _STRING_SELECT})
_TYPES_OF_MODALS: Final = frozenset({_ROW, _TEXT_INPUT})

# Answers to commands that start no job, by their beginnings. Observed between 2023 and 2026.
_SMALL_TALK: Final = re.compile(
    r"Done!"
    r"|Adjust your settings here"
    r"|Remix mode turned (?:on|off)"
    r"|idname \S+ created"
)

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORD: Final = re.compile(r"\d{1,3}|(?:[A-Za-z]{1,24}|[A-Za-z0-9]{1,4})(?:_(?:[A-Za-z]{1,24}|[A-Za-z0-9]{1,4}))*")


def why_unknown(name: str, data: Mapping[str, object], event: Event | None) -> str | None:
    """Return why a dispatch is not understood, in words for a person; None if it is, or is of no known bot.

    The words hold nothing of a person's, and no id: equal reasons are one gap in what is known.

    Args:
        name: The dispatch's name.
        data: Its data as decoded from JSON.
        event: What `messages.read` made of both.
    """
    match event:
        case BotMessage():
            return gap_in(event)
        case ModalOpened() if _is_of_bot(data) or event.custom_id.startswith("MJ::"):
            return _gap_in_modal(event) or _alien_component(data.get("components"), _TYPES_OF_MODALS)
        case None if name in JUDGED and _is_of_bot(data):
            return "the event has not the shape of one"
    return None


def _is_of_bot(data: Mapping[str, object]) -> bool:
    owners = data.get("author"), data.get("application")
    ids = [data.get("application_id"), *(owner.get("id") for owner in owners if isinstance(owner, Mapping))]
    return any(bot_of(str(id_)) for id_ in ids)


def gap_in(message: BotMessage) -> str | None:
    """Return what of a bot's message is not understood, as `why_unknown` does."""
    if not message.flags & _LOADING and (gap := _gap_in_content(message)):
        return gap
    alien = message.component_types - _TYPES_OF_MESSAGES
    return _are_alien(min(alien)) if alien else None


def _gap_in_content(message: BotMessage) -> str | None:
    return _gap_in_text(message) or _gap_in_components(message) or _gap_in_embeds(message)


def _gap_in_text(message: BotMessage) -> str | None:
    content = message.content
    if content is None:
        if message.text and not _is_small_talk(message):
            return "the text has no known form"
        if message.attachments and not message.text and message.bot is not Bot.INSIGHT_FACE:
            return "there is a file, and no text that says what it is"
    elif content.verb is Verb.OTHER:
        return "the text does not tell in known words what is done to the prompt"
    elif content.phase is Phase.OTHER:
        return "the text does not tell in known words how far the job is"
    return None


def _is_small_talk(message: BotMessage) -> bool:
    return bool(
        message.is_rating
        or message.announces_copy
        or _SMALL_TALK.match(message.text)
        or failure_of(message)
        or seed_of(message)
    )


def _gap_in_components(message: BotMessage) -> str | None:
    unknown = _unknown_component(message)
    if unknown is None or any(is_listed(embed) for embed in message.embeds) or panel_of(message) is not None:
        return None
    return f"{unknown} has no known meaning"


def _unknown_component(message: BotMessage) -> str | None:
    for button in message.buttons:
        if custom_id.parse(button.custom_id).kind is ButtonKind.UNKNOWN:
            return f"button {_form_of(button.custom_id)}"
    for menu in message.menus:
        if menu.custom_id != VERSIONS:
            return f"menu {_form_of(menu.custom_id)}"
    return None


def _gap_in_embeds(message: BotMessage) -> str | None:
    for embed in message.embeds:
        if not _is_understood(embed, message):
            title = "has a title that is not known" if embed.title else "without a title has no known form"
            return f"a framed text {title}"
    return None


def _is_understood(embed: Embed, message: BotMessage) -> bool:
    is_preview = embed.type not in {"", "rich"}  # of a web page that the text links to
    return is_preview or is_listed(embed) or embed is message.proposal or info_of(message) is not None


def _gap_in_modal(modal: ModalOpened) -> str | None:
    if not modal.fields:
        return f"modal {_form_of(modal.custom_id)} has no text field"
    for field in modal.fields:
        if not modals.is_known(Form(modal.custom_id, field.custom_id)):
            return f"field {_form_of(field.custom_id)} of modal {_form_of(modal.custom_id)} is not known"
    return None


def _alien_component(components: object, known: frozenset[int]) -> str | None:
    for component in components if isinstance(components, list) else ():
        if not isinstance(component, dict):
            continue
        type_ = component.get("type")
        if type_ not in known:
            return _are_alien(type_)
        if inside := component.get("components"):
            alien = _alien_component(inside, known)
            if alien:
                return alien
    return None


def _are_alien(type_: object) -> str:
    return f"components of type {type_ if isinstance(type_, int) else '?'} are not known"


def _form_of(id_: str) -> str:
    """Return a custom id without what stands for one message, one job or one person."""
    return "::".join(_part_of(part) for part in id_.split("::"))


def _part_of(part: str) -> str:
    if _UUID.fullmatch(part):
        return "<uuid>"
    if part.isdecimal():
        return part if len(part) < 4 else "<id>"
    return part if _WORD.fullmatch(part) else "<token>"
