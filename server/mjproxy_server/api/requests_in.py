"""From the requests of `mjproxy.v1` to the engine's terms.

What can be told to be wrong without looking anything up is refused here.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api import pages
from mjproxy_server.api.callers import Caller
from mjproxy_server.api.tasks_out import ACTIONS, BOTS, MODES, STATUSES
from mjproxy_server.engine.images import GivenImage, InlineImage
from mjproxy_server.engine.requests import (
    NO_OPTIONS,
    BlendRequest,
    DescribeRequest,
    FaceSwapRequest,
    FollowUp,
    ImagineRequest,
    ModalRequest,
    NewCommand,
    Options,
    SubmitRequest,
)
from mjproxy_server.engine.watching import RevisionFilter
from mjproxy_server.model.account import ANY_ACCOUNT, AccountFilter
from mjproxy_server.model.command import Change, LinkedImage, Press, Shorten
from mjproxy_server.model.errors import InvalidField, InvalidImage
from mjproxy_server.model.vocabulary import Action, Bot, Dimensions, Fault, Mode, Status
from mjproxy_server.store.interface import Revision, TaskQuery

MOST_IDS: Final = 1000

_ACTIONS: Final[Mapping[int, Action]] = {number: word for word, number in ACTIONS.items()}
_STATUSES: Final[Mapping[int, Status]] = {number: word for word, number in STATUSES.items()}
_BOTS: Final[Mapping[int, Bot]] = {number: word for word, number in BOTS.items()}
_MODES: Final[Mapping[int, Mode]] = {number: word for word, number in MODES.items()}

_DIMENSIONS: Final[Mapping[int, Dimensions]] = {
    pb.BlendDimensions.Value(f"BLEND_DIMENSIONS_{each}"): each for each in Dimensions
}

Word = TypeVar("Word")


def submit_request(request: pb.SubmitTaskRequest, caller: Caller) -> SubmitRequest:
    """Returns the submission.

    Raises:
        InvalidField: There is no command, or a value is unknown.
    """
    options = _options(request.options) if request.HasField("options") else NO_OPTIONS
    return SubmitRequest(
        caller=caller.name,
        sees=caller.sees,
        options=options,
        command=_command(request),
        digest=_digest(request) if options.request_id else b"",
    )


def modal_request(request: pb.SubmitModalRequest, caller: Caller) -> ModalRequest:
    """Returns the answer to a modal.

    Raises:
        InvalidImage: There is a mask that is neither data nor URL.
    """
    return ModalRequest(
        sees=caller.sees,
        task_id=request.task_id,
        prompt=request.prompt,
        mask=_image("mask", request.mask) if request.HasField("mask") else None,
        state=request.state if request.HasField("state") else None,
        notify_hook=request.notify_hook if request.HasField("notify_hook") else None,
    )


def task_query(request: pb.ListTasksRequest, caller: Caller) -> TaskQuery:
    """Returns what to list, of the tasks that the caller may see.

    Raises:
        InvalidField: A value is unknown, or the page is malformed.
    """
    wanted = request.filter
    return TaskQuery(
        ids=_ids(wanted.ids),
        statuses=_all_known(_STATUSES, wanted.statuses, "filter.statuses"),
        actions=_all_known(_ACTIONS, wanted.actions, "filter.actions"),
        account_id=wanted.account_id,
        parent_id=wanted.parent_id,
        caller=caller.sees,
        state=wanted.state if wanted.HasField("state") else None,
        submitted_from=_ms(wanted.submitted_from) if wanted.HasField("submitted_from") else None,
        submitted_until=_ms(wanted.submitted_until) if wanted.HasField("submitted_until") else None,
        oldest_first=request.oldest_first,
        after_id=pages.position(request),
        limit=pages.size(request.page_size),
    )


def revision_filter(wanted: pb.WatchFilter, caller: Caller) -> RevisionFilter | None:
    """Returns a test whether a watch lets a revision through, of the tasks that the caller may see.

    There is none where it lets everything through.

    Raises:
        InvalidField: A value is unknown.
    """
    if caller.sees is None and wanted == pb.WatchFilter():
        return None
    ids, actions = _ids(wanted.ids), _all_known(_ACTIONS, wanted.actions, "filter.actions")
    bots, callers = _all_known(_BOTS, wanted.bot_types, "filter.bot_types"), frozenset(wanted.callers)
    state = wanted.state if wanted.HasField("state") else None
    sees, parent_id = caller.sees, wanted.parent_id

    def lets_through(revision: Revision) -> bool:
        task = revision.subject
        return (
            (not ids or task.id in ids)
            and (sees is None or task.caller == sees)
            and (not actions or task.action in actions)
            and (not bots or task.bot in bots)
            and (not callers or task.caller in callers)
            and (state is None or task.state == state)
            and (not parent_id or task.parent_id == parent_id)
        )

    return lets_through


def account_filter(field: str, wanted: pb.AccountFilter) -> AccountFilter:
    """Returns which accounts may work.

    Raises:
        InvalidField: A mode is unknown.
    """
    return AccountFilter(
        account_id=wanted.account_id,
        modes=tuple(_known(_MODES, mode, f"{field}.modes") for mode in wanted.modes),
        remark=wanted.remark,
        remix=wanted.remix if wanted.HasField("remix") else None,
    )


def _options(options: pb.SubmitOptions) -> Options:
    return Options(
        request_id=options.request_id,
        state=options.state,
        notify_hook=options.notify_hook,
        bot=_known(_BOTS, options.bot_type, "options.bot_type") if options.bot_type else None,
        mode=_known(_MODES, options.mode, "options.mode") if options.mode else None,
        account_filter=account_filter("options.account_filter", options.account_filter)
        if options.HasField("account_filter")
        else ANY_ACCOUNT,
    )


def _digest(request: pb.SubmitTaskRequest) -> bytes:
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def _command(request: pb.SubmitTaskRequest) -> NewCommand | FollowUp:
    name = request.WhichOneof("command")
    if name is None:
        raise InvalidField("command", f"set one of {', '.join(_COMMANDS)}")
    return _COMMANDS[name](getattr(request, name))


def _imagine(imagine: pb.ImagineCommand) -> ImagineRequest:
    return ImagineRequest(imagine.prompt, images("imagine.images", imagine.images))


def _blend(blend: pb.BlendCommand) -> BlendRequest:
    dimensions = blend.dimensions or pb.BLEND_DIMENSIONS_SQUARE
    return BlendRequest(images("blend.images", blend.images), _known(_DIMENSIONS, dimensions, "blend.dimensions"))


def _describe(describe: pb.DescribeCommand) -> DescribeRequest:
    return DescribeRequest(_image("describe.image", describe.image), describe.language)


def _shorten(shorten: pb.ShortenCommand) -> Shorten:
    return Shorten(shorten.prompt)


def _change(change: pb.ChangeCommand) -> Change:
    return Change(change.task_id, _known(_ACTIONS, change.action, "change.action"), change.index)


def _press(action: pb.ActionCommand) -> Press:
    return Press(action.task_id, action.custom_id, action.skip_modal)


def _face_swap(swap: pb.FaceSwapCommand) -> FaceSwapRequest:
    return FaceSwapRequest(_image("face_swap.source", swap.source), _image("face_swap.target", swap.target))


_COMMANDS: Final[Mapping[str, Callable[[Any], NewCommand | FollowUp]]] = {
    "imagine": _imagine,
    "blend": _blend,
    "describe": _describe,
    "shorten": _shorten,
    "change": _change,
    "action": _press,
    "face_swap": _face_swap,
}


def images(field: str, given: Iterable[pb.Image]) -> tuple[GivenImage, ...]:
    """Returns the images of a field.

    Raises:
        InvalidImage: One is neither data nor URL.
    """
    return tuple(_image(f"{field}[{number}]", image) for number, image in enumerate(given)) if given else ()


def _image(field: str, image: pb.Image) -> GivenImage:
    match image.WhichOneof("source"):
        case "data":
            return InlineImage(image.data)
        case "url":
            return LinkedImage(image.url)
        case _:
            raise InvalidImage(field, "set data or url")


def _ids(ids: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(ids)
    if len(wanted) > MOST_IDS:
        raise InvalidField("filter.ids", f"at most {MOST_IDS}, got {len(wanted)}", Fault.TOO_MANY, most=MOST_IDS)
    return wanted


def _known(words: Mapping[int, Word], number: int, field: str) -> Word:
    try:
        return words[number]
    except KeyError:
        raise InvalidField(field, f"unknown value {number}") from None


def _all_known(words: Mapping[int, Word], numbers: Iterable[int], field: str) -> frozenset[Word]:
    return frozenset(_known(words, number, field) for number in numbers)


def _ms(time: Timestamp) -> int:
    return time.seconds * 1000 + time.nanos // 1_000_000
