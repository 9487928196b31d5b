"""From the domain's tasks to `mjproxy.v1.Task`."""

from functools import lru_cache
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1 import error_reason_pb2, task_pb2, task_service_pb2
from mjproxy_server.model.task import Button, Failure, Task
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Reason, Status

ACTIONS: Final = {each: task_pb2.Action.Value(f"ACTION_{each}") for each in Action}
STATUSES: Final = {each: task_pb2.TaskStatus.Value(f"TASK_STATUS_{each}") for each in Status}
BOTS: Final = {each: task_pb2.BotType.Value(f"BOT_TYPE_{each}") for each in Bot}
MODES: Final = {each: task_pb2.Mode.Value(f"MODE_{each}") for each in Mode}
REASONS: Final = {each: error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{each}") for each in Reason}

MOST_KEPT: Final = 2_000
"""How many messages are kept: many callers ask for a task while it stays as it is."""


@lru_cache(MOST_KEPT)
def task_message(task: Task) -> task_pb2.Task:
    """Returns the task as callers see it. The message is shared: whoever is given it must not change it."""
    message = task_pb2.Task()
    write_task(message, task)
    return message


def write_task(message: task_pb2.Task, task: Task) -> None:
    """Writes the task, as callers see it, into an empty message.

    What few tasks have is set only where they have it: setting a field costs the same whatever its value.
    """
    message.id = task.id
    message.action = ACTIONS[task.action]
    message.status = STATUSES[task.status]
    message.bot_type = BOTS[task.bot]
    message.prompt = task.prompt
    message.prompt_en = task.prompt_en
    message.description = task.description
    message.account_id = task.account_id
    _set_times(message, task)
    _set_properties(message.properties, task)
    _set_origin(message, task)
    if task.mode:
        message.mode = MODES[task.mode]
    if task.progress:
        message.progress = task.progress
    if task.image_seed:
        message.image_seed = task.image_seed
    if task.picture:
        message.image_url = task.picture.url
        message.image_width, message.image_height = task.picture.width, task.picture.height
    if task.failure:
        message.failure.CopyFrom(_failure(task.failure))
    if task.result:
        message.buttons.extend(_button(button) for button in task.result.buttons)


@lru_cache(MOST_KEPT)
def task_answer(task: Task) -> bytes:
    """Returns an encoded `GetTaskResponse` with the task; an encoded one with other fields, put behind it, adds these.

    That encodings of a message put one behind the other are one of both is promised by the format
    (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
    """
    response = task_service_pb2.GetTaskResponse()
    write_task(response.task, task)
    return response.SerializeToString()


def _set_origin(message: task_pb2.Task, task: Task) -> None:
    if task.caller:
        message.caller = task.caller
    if task.state:
        message.state = task.state
    if task.notify_hook:
        message.notify_hook = task.notify_hook
    if task.parent_id:
        message.parent_id, message.index = task.parent_id, task.index


def _set_times(message: task_pb2.Task, task: Task) -> None:
    _set_time(message.submit_time, task.submitted_at)
    if task.started_at:
        _set_time(message.start_time, task.started_at)
    if task.finished_at:
        _set_time(message.finish_time, task.finished_at)


def _set_time(time: Timestamp, ms: int) -> None:
    time.seconds, time.nanos = ms // 1000, ms % 1000 * 1_000_000


def _set_properties(properties: task_pb2.TaskProperties, task: Task) -> None:
    properties.SetInParent()  # They are always told, however little is known.
    if task.trace.steps:  # Before anything is sent, there is nothing to trace.
        properties.message_hash = task.trace.job_id
        properties.nonce = task.trace.nonce
        properties.progress_message_id = task.trace.progress_message_id
    if task.modal:
        properties.remix = task.modal.remix
        properties.final_prompt = task.modal.prompt
    if task.result:
        properties.final_prompt = task.result.prompt
        properties.final_zh_prompt = task.result.prompt_zh
        properties.message_id = task.result.message_id
        properties.message_content = task.result.content
        properties.flags = task.result.flags
        properties.referenced_message_id = task.result.reference_id


def _failure(failure: Failure) -> task_pb2.Failure:
    return task_pb2.Failure(reason=REASONS[failure.reason], title=failure.title, description=failure.description)


def _button(button: Button) -> task_pb2.Button:
    return task_pb2.Button(
        custom_id=button.custom_id, emoji=button.emoji, label=button.label, type=button.type, style=button.style
    )
