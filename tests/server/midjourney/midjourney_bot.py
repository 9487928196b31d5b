"""Dispatches as Discord sends them for the bot, from payloads captured between 2023 and 2026."""

from datetime import UTC, datetime
from typing import Any

from mjproxy_server.midjourney.messages import Event, read
from tests.server.midjourney.midjourney_tasks import NOW, US, snowflake

BOT = "936929561302675456"
CHANNEL = "1502243953687265485"

PLACE = frozenset({"id", "channel_id", "guild_id"})
"""What an update tells in any case."""

Value = Any
"""What JSON can hold."""
Json = dict[str, Value]
Dispatch = tuple[str, Json]


def observed(dispatch: Dispatch) -> Event:
    """The dispatch as the server reads it."""
    event = read(*dispatch)
    assert event is not None
    return event


def message(
    message_id: str,
    content: str = "",
    *,
    nonce: str = "",
    interaction_id: str = "",
    reply_to: str = "",
    files: tuple[str, ...] = (),
    buttons: tuple[Json, ...] = (),
    embeds: tuple[Json, ...] = (),
    user_id: str = US,
    updated: bool = False,
    application_id: str = BOT,
    command: str = "imagine",
    edited_at: int = 0,
) -> Dispatch:
    data: Json = {
        "id": message_id,
        "type": 20,
        "channel_id": CHANNEL,
        "guild_id": "1502243953687265480",
        "content": content,
        "flags": 0,
        "timestamp": "2026-06-02T10:34:26.131000+00:00",
        "edited_timestamp": datetime.fromtimestamp(edited_at / 1000, UTC).isoformat() if edited_at else None,
        "author": {"id": application_id, "username": "Midjourney Bot", "bot": True},
        "webhook_id": application_id,
        "application_id": application_id,
        "attachments": [attachment(name) for name in files],
        "components": [{"type": 1, "components": list(buttons)}] if buttons else [],
        "embeds": list(embeds),
    }
    if nonce:
        data["nonce"] = nonce
    if interaction_id:
        data["interaction_metadata"] = {"id": interaction_id, "type": 2, "name": command, "user": {"id": user_id}}
    if reply_to:
        data |= {"type": 19, "message_reference": {"type": 0, "message_id": reply_to, "channel_id": CHANNEL}}
    return "MESSAGE_UPDATE" if updated else "MESSAGE_CREATE", data


def attachment(filename: str) -> Json:
    url = f"https://cdn.discordapp.com/attachments/{CHANNEL}/1511317112428167238/{filename}?ex=6a20033e&is=6a1eb1be&hm=02bb&"
    return {"id": "1511317112428167238", "filename": filename, "size": 42004, "width": 2048, "height": 2048, "url": url}


def button(custom_id: str, label: str = "", *, style: int = 2) -> Json:
    return {"type": 2, "style": style, "label": label, "custom_id": custom_id}


def cancel_button(job_id: str) -> Json:
    return button(f"MJ::CancelJob::ByJobid::{job_id}", "Cancel Job", style=4)


def grid_buttons(job_id: str, pressed: tuple[str, ...] = ()) -> tuple[Json, ...]:
    ids = {f"U{n}": f"MJ::JOB::upsample::{n}::{job_id}" for n in range(1, 5)}
    ids |= {"": f"MJ::JOB::reroll::0::{job_id}::SOLO"}
    ids |= {f"V{n}": f"MJ::JOB::variation::{n}::{job_id}" for n in range(1, 5)}
    return tuple(button(id_, label, style=1 if id_ in pressed else 2) for label, id_ in ids.items())


def queued(message_id: str, prompt: str, **keys: Value) -> Dispatch:
    embed = {
        "type": "rich",
        "title": "Job queued",
        "description": "You have reached the maximum allowed number of concurrent jobs. Don't worry, this job will"
        " start as soon as another one finishes!",
        "color": 16776960,
        "footer": {"text": f"/imagine {prompt}"},
    }
    return message(message_id, embeds=(embed,), **keys)


def refusal(message_id: str, title: str, description: str = "", *, colour: int = 16711680, **keys: Value) -> Dispatch:
    embed = {"type": "rich", "title": title, "description": description, "color": colour}
    return message(message_id, embeds=(embed,), **keys)


def interaction(kind: str, nonce: str, interaction_id: str = "", **more: object) -> Dispatch:
    """INTERACTION_CREATE, _SUCCESS or _FAILURE."""
    return f"INTERACTION_{kind}", {"id": interaction_id or snowflake(NOW + 100), "nonce": nonce, **more}


def proposal(message_id: str, prompts: tuple[str, ...], heading: str = "", **keys: Value) -> Dispatch:
    """The text with which the bot answers /describe and /shorten."""
    text = heading + "\n\n".join(f"{number}\ufe0f\u20e3 {prompt}" for number, prompt in enumerate(prompts, 1))
    embed = {"type": "rich", "description": text, "image": {"url": "https://cdn/a.png", "width": 8, "height": 9}}
    buttons = tuple(button(f"MJ::Job::PicReader::{number + 1}") for number in range(len(prompts)))
    return message(message_id, embeds=(embed,), buttons=buttons, **keys)


def frame(nonce: str, interaction_id: str) -> Dispatch:
    """The page of Vary (Region) is opened."""
    return "INTERACTION_IFRAME_MODAL_CREATE", {
        "id": interaction_id,
        "nonce": nonce,
        "channel_id": CHANNEL,
        "custom_id": "MJ::iframe::token",
        "title": "Inpaint",
    }


def deletion(message_id: str) -> Dispatch:
    return "MESSAGE_DELETE", {"id": message_id, "channel_id": CHANNEL}


def signed(dispatch: Dispatch, application_id: str) -> Dispatch:
    """The dispatch as another bot sends it."""
    name, data = dispatch
    author = {"application_id": application_id, "webhook_id": application_id}
    return (name, data | author | {"author": data["author"] | {"id": application_id}}) if "author" in data else dispatch


def without(dispatch: Dispatch, *keys: str) -> Dispatch:
    """The dispatch without some of its data."""
    name, data = dispatch
    return name, {key: value for key, value in data.items() if key not in keys}


def changes(before: Dispatch, after: Dispatch) -> Dispatch:
    """The update as it is when it tells only what is not as it was."""
    (_, old), (_, new) = before, after
    changed = {key: value for key, value in new.items() if key in PLACE or old.get(key) != value}
    return "MESSAGE_UPDATE", changed


def with_nulls(data: Json) -> Json:
    """The data with null for everything but what identifies it."""
    return {key: value if key in {"id", "author"} else None for key, value in data.items()}
