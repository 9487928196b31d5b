"""From what became of a submission to `mjproxy.v1`."""

from typing import Final

from google.rpc import status_pb2  # type: ignore[import-untyped]

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.tasks_out import task_message, write_task
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store.interface import Admission


def accepted(admission: Admission) -> pb.SubmitTaskResponse:
    """Returns the answer to a submission that was accepted."""
    code, ahead = _code(admission), admission.queue_position
    response = pb.SubmitTaskResponse(code=code, description=_description(code, ahead), revision=admission.revision)
    if ahead:
        response.queue_position = ahead
    if admission.deduplicated:
        response.deduplicated = True
    for task in admission.tasks:
        write_task(response.tasks.add(), task)
    return response


def confirmed(admission: Admission) -> pb.SubmitModalResponse:
    """Returns the answer to a confirmation that was accepted."""
    code, ahead = _code(admission), admission.queue_position
    return pb.SubmitModalResponse(
        task=task_message(admission.task),
        code=code,
        description=_description(code, ahead),
        queue_position=ahead,
        deduplicated=admission.deduplicated,
        revision=admission.revision,
    )


def error(status: status_pb2.Status) -> pb.SubmitError:
    """Returns the status with which a call would end, as one among other answers."""
    return pb.SubmitError(code=status.code, message=status.message, details=status.details)


def _code(admission: Admission) -> pb.SubmitCode.ValueType:
    if admission.existed:
        return pb.SUBMIT_CODE_EXISTED
    if admission.task.status is Status.MODAL:
        return pb.SUBMIT_CODE_NEEDS_MODAL
    return pb.SUBMIT_CODE_IN_QUEUE if admission.queue_position else pb.SUBMIT_CODE_SUCCESS


def _description(code: pb.SubmitCode.ValueType, ahead: int) -> str:
    if code == pb.SUBMIT_CODE_IN_QUEUE:
        return f"In queue, there {'is 1 task' if ahead == 1 else f'are {ahead} tasks'} ahead"
    return _DESCRIPTIONS[code]


_DESCRIPTIONS: Final = {
    pb.SUBMIT_CODE_EXISTED: "Task already exists",
    pb.SUBMIT_CODE_NEEDS_MODAL: "Waiting for confirmation",
    pb.SUBMIT_CODE_SUCCESS: "Submitted",
}
