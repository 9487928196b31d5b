"""The bot's messages, as Discord sends them."""

from bench.samples import CDN, JOB, PROMPT
from mjproxy_server.midjourney.messages import Event, read

BOT = "936929561302675456"
USER = "10"
Json = dict[str, object]


def progress(message_id: str, channel_id: str, change: int, prompt: str = PROMPT) -> Json:
    """A report of a job's progress; the number makes it differ from the one before."""
    percent = change % 100
    name = f"grid_{percent}_{change:08}.webp"
    return _message(message_id, channel_id, f"**{prompt}** - <@{USER}> ({percent}%) (fast)") | {
        "attachments": [_attachment(message_id, name)],
        "components": [_row(_button(f"MJ::CancelJob::ByJobid::{JOB}", "Cancel Job"))],
    }


def start(message_id: str, nonce: str, prompt: str) -> Json:
    """The first message of a job, which carries the nonce of its interaction."""
    return _message(message_id, "1", f"**{prompt}** - <@{USER}> (Waiting to start)") | {"nonce": nonce}


def result(message_id: str, answered_id: str, prompt: str, job_id: str) -> Json:
    """The result of a job, which answers its progress message."""
    buttons = [
        _button(f"MJ::JOB::{kind}::{n}::{job_id}", f"{kind[0]}{n}")
        for kind in ("upsample", "variation")
        for n in range(1, 5)
    ]
    return _message(message_id, "1", f"**{prompt}** - <@{USER}> (fast)") | {
        "attachments": [_attachment(message_id, f"bench_a_lighthouse_{job_id}.png")],
        "components": [_row(*buttons[:4]), _row(*buttons[4:])],
        "message_reference": {"type": 0, "message_id": answered_id, "channel_id": "1"},
        "type": 19,
    }


def event(name: str, data: Json) -> Event:
    """What the server reads of a dispatch."""
    found = read(name, data)
    assert found is not None
    return found


def _message(message_id: str, channel_id: str, content: str) -> Json:
    return {
        "id": message_id,
        "type": 20,
        "channel_id": channel_id,
        "guild_id": "1",
        "content": content,
        "flags": 0,
        "timestamp": "2026-06-02T10:34:26.131000+00:00",
        "edited_timestamp": None,
        "author": {"id": BOT, "username": "Midjourney Bot", "bot": True},
        "webhook_id": BOT,
        "application_id": BOT,
        "attachments": [],
        "components": [],
        "embeds": [],
    }


def _attachment(message_id: str, name: str) -> Json:
    url = f"{CDN}/{message_id}/{name}?ex=6a20033e&is=6a1eb1be&hm=02bb&"
    return {"id": message_id, "filename": name, "size": 42004, "width": 2048, "height": 2048, "url": url}


def _button(custom_id: str, label: str) -> Json:
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id}


def _row(*buttons: Json) -> Json:
    return {"type": 1, "components": list(buttons)}
