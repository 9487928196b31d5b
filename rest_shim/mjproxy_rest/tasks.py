"""A task as the JSON API shows it.

The keys are those of midjourney-proxy and midjourney-proxy-plus together, in the order of their documentation, and
always all present: some clients read them by subscript, others decode them into structs and fail on a wrong type.
Hence:

- ids, prompts and `state` are strings and never null; `state` comes back verbatim;
- times are integers, milliseconds since the epoch, or null;
- `progress` is "NN%", and "100%" exactly at SUCCESS;
- `imageUrl` and `failReason` are null until there is one: to some clients a text in `failReason` ends the task;
- `buttons` is an array at all times and `properties` an object;
- `prompt` and `promptEn` of a finished DESCRIBE are the text that the bot wrote, where some clients look for it;
- `imageUrls` and `videoUrls` are left out: an empty array there hides the picture in some clients.
"""

from typing import Literal

import orjson

from mjproxy.v1.task_pb2 import ACTION_DESCRIBE, TASK_STATUS_CANCELLED, TASK_STATUS_SUCCESS, Button, Task
from mjproxy_rest import texts
from mjproxy_rest.picture_links import ImageUrl, as_given
from mjproxy_rest.vocabulary import ACTION_WORDS, BOT_WORDS, STATUS_WORDS


def encode(task: Task, image_url: ImageUrl = as_given) -> bytes:
    """Returns the task as compact JSON in UTF-8.

    Args:
        task: The task.
        image_url: What its `imageUrl` says.
    """
    return orjson.dumps(
        {
            "id": task.id,
            "action": ACTION_WORDS[task.action],
            "status": STATUS_WORDS[task.status],
            "prompt": task.prompt or _written(task),
            "promptEn": task.prompt_en or _written(task),
            "description": task.description,
            "state": task.state,
            "submitTime": _milliseconds(task, "submit_time"),
            "startTime": _milliseconds(task, "start_time"),
            "finishTime": _milliseconds(task, "finish_time"),
            "progress": f"{task.progress}%",
            "imageUrl": image_url(task),
            "failReason": _fail_reason(task),
            "properties": _properties(task),
            "buttons": [_button(button) for button in task.buttons],
        }
    )


def _written(task: Task) -> str:
    is_written = task.action == ACTION_DESCRIBE and task.status == TASK_STATUS_SUCCESS
    return task.properties.final_prompt if is_written else ""


def _milliseconds(task: Task, field: Literal["submit_time", "start_time", "finish_time"]) -> int | None:
    return getattr(task, field).ToMilliseconds() if task.HasField(field) else None


def _fail_reason(task: Task) -> str | None:
    if task.status == TASK_STATUS_CANCELLED:
        return texts.CANCELLED
    return f"[{task.failure.title}] {task.failure.description}" if task.HasField("failure") else None


def _properties(task: Task) -> dict[str, str | int | bool]:
    properties = task.properties
    return {
        "finalPrompt": properties.final_prompt,
        "finalZhPrompt": properties.final_zh_prompt,
        "botType": BOT_WORDS[task.bot_type],
        "discordInstanceId": task.account_id,
        "messageId": properties.message_id,
        "messageHash": properties.message_hash,
        "messageContent": properties.message_content,
        "progressMessageId": properties.progress_message_id,
        "referencedMessageId": properties.referenced_message_id,
        "nonce": properties.nonce,
        "flags": properties.flags,
        "remix": properties.remix,
        "notifyHook": task.notify_hook,
    }


def _button(button: Button) -> dict[str, str | int]:
    return {
        "customId": button.custom_id,
        "emoji": button.emoji,
        "label": button.label,
        "type": button.type,
        "style": button.style,
    }
