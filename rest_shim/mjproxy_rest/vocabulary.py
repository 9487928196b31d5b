"""The words of the JSON API for what the protos number."""

from collections.abc import Mapping

from mjproxy.v1.task_pb2 import (
    BOT_TYPE_INSIGHT_FACE,
    BOT_TYPE_MIDJOURNEY,
    BOT_TYPE_NIJI,
    TASK_STATUS_CANCELLED,
    TASK_STATUS_FAILURE,
    TASK_STATUS_IN_PROGRESS,
    TASK_STATUS_MODAL,
    TASK_STATUS_NOT_START,
    TASK_STATUS_SUBMITTED,
    TASK_STATUS_SUCCESS,
    Action,
    BotType,
    TaskStatus,
)

STATUS_WORDS: Mapping[TaskStatus.ValueType, str] = {
    TASK_STATUS_NOT_START: "NOT_START",
    TASK_STATUS_SUBMITTED: "SUBMITTED",
    TASK_STATUS_IN_PROGRESS: "IN_PROGRESS",
    TASK_STATUS_MODAL: "MODAL",
    TASK_STATUS_SUCCESS: "SUCCESS",
    TASK_STATUS_FAILURE: "FAILURE",
    TASK_STATUS_CANCELLED: "CANCEL",
}

ACTION_WORDS: Mapping[Action.ValueType, str] = {number: name.removeprefix("ACTION_") for name, number in Action.items()}

BOT_WORDS: Mapping[BotType.ValueType, str] = {
    BOT_TYPE_MIDJOURNEY: "MID_JOURNEY",
    BOT_TYPE_NIJI: "NIJI_JOURNEY",
    BOT_TYPE_INSIGHT_FACE: "INSIGHT_FACE",
}
