"""What `--json` prints. Scripts rely on these names: they are added to, and never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mjproxy.errors import reason_word
from mjproxy.v1.account_pb2 import ConnectionPhase

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.timestamp_pb2 import Timestamp

    from mjproxy.task import TaskView
    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.account_service_pb2 import UnknownMessage
    from mjproxy.v1.task_pb2 import Button, Failure

Document = dict[str, object]


def print_document(document: Document) -> None:
    """Prints one line of JSON to stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def task_document(task: TaskView, file: Path | None = None) -> Document:
    """A state of a task; `file` is where its picture was stored."""
    message = task.message
    return {
        "id": message.id,
        "action": task.action,
        "status": task.status,
        "progress": message.progress,
        "prompt": message.prompt,
        "prompt_en": message.prompt_en,
        "description": message.description,
        "state": message.state,
        "bot": task.bot,
        "mode": task.mode,
        "image_url": message.image_url,
        "image_width": message.image_width,
        "image_height": message.image_height,
        "failure": _failure(message.failure) if message.HasField("failure") else None,
        "buttons": [_button(button) for button in message.buttons],
        "parent_id": message.parent_id,
        "index": message.index,
        "account_id": message.account_id,
        "caller": message.caller,
        "submit_time": _time(message.submit_time),
        "start_time": _time(message.start_time),
        "finish_time": _time(message.finish_time),
        "revision": task.revision,
        "file": None if file is None else str(file),
    }


def account_document(account: Account) -> Document:
    """An account."""
    settings, health = account.settings, account.health
    return {
        "id": account.id,
        "enabled": settings.enable,
        "connection": connection_word(account),
        "held_reason": health.held_reason,
        "last_error": health.last_error,
        "running": account.running,
        "core_size": settings.core_size,
        "waiting": account.waiting,
        "queue_size": settings.queue_size,
        "remark": settings.remark,
        "plan": account.sync.plan,
        "fast_hours_left": account.sync.fast_hours_left if account.HasField("sync") else None,
    }


def unknown_document(message: UnknownMessage) -> Document:
    """A message that the server does not understand."""
    return {
        "account_id": message.account_id,
        "time": _time(message.time),
        "event": message.event,
        "reason": message.reason,
        "data": json.loads(message.json),
    }


def connection_word(account: Account) -> str:
    """What the account's connection is doing, for instance "ready"."""
    phase = account.health.phase
    known = phase in ConnectionPhase.values()
    return ConnectionPhase.Name(phase).removeprefix("CONNECTION_PHASE_").lower() if known else "unknown"


def _failure(failure: Failure) -> Document:
    return {"reason": reason_word(failure.reason), "title": failure.title, "description": failure.description}


def _button(button: Button) -> Document:
    return {"custom_id": button.custom_id, "emoji": button.emoji, "label": button.label}


def _time(timestamp: Timestamp) -> str | None:
    """ISO 8601 in UTC; None if it is not set."""
    return timestamp.ToJsonString() if timestamp.ByteSize() else None
