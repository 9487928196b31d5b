"""The messages of watches, encoded. What many watchers are told at the same time is made and encoded once."""

from collections import OrderedDict
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.tasks_out import task_message
from mjproxy_server.store.interface import Revision

LARGEST_MESSAGE: Final = 1 << 20
MOST_KEPT: Final = 32
"""Watchers that keep up are told the same; of those that lag behind, many lag behind alike."""

_number = attrgetter("number")


class WatchResponses:
    """Makes the messages, and keeps the newest.

    Args:
        history_id: The history that the revisions belong to.
    """

    def __init__(self, history_id: str) -> None:
        self._history_id = history_id
        self._made: OrderedDict[tuple[int, ...], Sequence[bytes]] = OrderedDict()

    def bookmark(self, position: int) -> bytes:
        """Returns the message that tells no more than how far the watcher has come."""
        return self._response(position).SerializeToString()

    def of(self, revisions: Sequence[Revision], position: int) -> Sequence[bytes]:
        """Packs changes into as few messages as their size allows; the last one carries the position.

        Args:
            revisions: What is to be told; a revision of some number is the same for ever.
            position: How far the watcher has come with that.
        """
        key = (position, *map(_number, revisions))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = [response.SerializeToString() for response in self._pack(revisions, position)]
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return made

    def _pack(self, revisions: Sequence[Revision], position: int) -> Sequence[pb.WatchTasksResponse]:
        responses, response, size = [], self._response(position), 0
        for revision in revisions:
            change = _change(revision)
            size += change.ByteSize()
            if size > LARGEST_MESSAGE and response.changes:
                response.revision = response.changes[-1].revision
                responses.append(response)
                response, size = self._response(position), change.ByteSize()
            response.changes.append(change)
        return [*responses, response]

    def _response(self, position: int) -> pb.WatchTasksResponse:
        return pb.WatchTasksResponse(revision=position, history_id=self._history_id)


def _change(revision: Revision) -> pb.TaskChange:
    if revision.removed:
        return pb.TaskChange(revision=revision.number, removed_task_id=revision.task_id)
    return pb.TaskChange(revision=revision.number, task=task_message(revision.subject))
