"""What `--json` prints. Scripts rely on these names: they are added to, and never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mjproxy.errors import reason_word
from mjproxy.terms import Mode, Term, WhenHeld
from mjproxy.v1.account_pb2 import ConnectionPhase
from mjproxy.v1.delivery_service_pb2 import DeliveryState

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.timestamp_pb2 import Timestamp

    from mjproxy.task import TaskView
    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.account_service_pb2 import UnknownMessage
    from mjproxy.v1.delivery_service_pb2 import DeliveryRecord
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
        "final_prompt": task.final_prompt,
        "description": message.description,
        "state": message.state,
        "bot": task.bot,
        "mode": task.mode,
        "image_url": message.image_url,
        "image_width": message.image_width,
        "image_height": message.image_height,
        "failure": _failure(message.failure) if message.HasField("failure") else None,
        "buttons": [button_document(button) for button in message.buttons],
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
    settings, health, sync = account.settings, account.health, account.sync
    synced = account.HasField("sync")
    return {
        "id": account.id,
        "enabled": settings.enable,
        "connection": connection_word(account),
        "held_reason": health.held_reason,
        "last_error": health.last_error,
        "resting_until": _time(health.resting_until),
        "running": account.running,
        "core_size": settings.core_size,
        "waiting": account.waiting,
        "queue_size": settings.queue_size,
        "remark": settings.remark,
        "configured": account.configured,
        "guild_id": settings.guild_id,
        "timeout_minutes": settings.timeout_minutes,
        "interval_seconds": settings.interval_seconds,
        "weight": settings.weight,
        "mode": _word(Mode.of(settings.mode)),
        "remix_auto_submit": settings.remix_auto_submit,
        "when_held": _word(WhenHeld.of(settings.when_held)),
        "failure_retries": settings.failure_retries,
        "press_appeal": settings.press_appeal,
        "fallback_modes": [str(Mode.of(mode)) for mode in settings.fallback_modes],
        "sync_time": _time(sync.time),
        "plan": sync.plan,
        "fast_hours_left": sync.fast_hours_left if synced else None,
        "remix": sync.remix if synced else None,
        "version": sync.version,
        "versions": list(sync.versions),
    }


def callback_document(callback: DeliveryRecord) -> Document:
    """A callback that is not delivered."""
    return {
        "task_id": callback.task_id,
        "hook": callback.hook,
        "state": delivery_word(callback),
        "attempts": callback.attempts,
        "next_time": _time(callback.next_time),
        "last_http_status": callback.last_http_status or None,
        "last_error": callback.last_error,
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


def delivery_word(callback: DeliveryRecord) -> str:
    """How far a callback is, for instance "pending"."""
    known = callback.state in DeliveryState.values()
    return DeliveryState.Name(callback.state).removeprefix("DELIVERY_STATE_").lower() if known else "unknown"


def connection_word(account: Account) -> str:
    """What the account's connection is doing, for instance "ready"."""
    phase = account.health.phase
    known = phase in ConnectionPhase.values()
    return ConnectionPhase.Name(phase).removeprefix("CONNECTION_PHASE_").lower() if known else "unknown"


def _failure(failure: Failure) -> Document:
    return {"reason": reason_word(failure.reason), "title": failure.title, "description": failure.description}


def button_document(button: Button) -> Document:
    """A button under a result."""
    return {"custom_id": button.custom_id, "emoji": button.emoji, "label": button.label}


def _word(term: Term) -> str | None:
    return str(term) if term.number else None


def _time(timestamp: Timestamp) -> str | None:
    """ISO 8601 in UTC; None if it is not set."""
    return timestamp.ToJsonString() if timestamp.ByteSize() else None
