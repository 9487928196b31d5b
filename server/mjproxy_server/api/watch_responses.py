"""The messages of watches. What many watchers are told at the same time is made once."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.tasks_out import task_message
from mjproxy_server.store.interface import Revision

LARGEST_MESSAGE: Final = 1 << 20
MOST_KEPT: Final = 32
"""Watchers that keep up are told the same; of those that lag behind, many lag behind alike."""

Responses = Sequence[pb.WatchTasksResponse]


class WatchResponses:
    """Makes the messages, and keeps the newest.

    Args:
        history_id: The history that the revisions belong to.
    """

    def __init__(self, history_id: str) -> None:
        self._history_id = history_id
        self._made: OrderedDict[tuple[int, ...], Responses] = OrderedDict()

    def bookmark(self, position: int) -> pb.WatchTasksResponse:
        """Returns the message that tells no more than how far the watcher has come."""
        return pb.WatchTasksResponse(revision=position, history_id=self._history_id)

    def of(self, revisions: Sequence[Revision], position: int) -> Responses:
        """Packs changes into as few messages as their size allows; the last one carries the position.

        Args:
            revisions: What is to be told; a revision of some number is the same for ever.
            position: How far the watcher has come with that.
        """
        key = (position, *(revision.number for revision in revisions))
        if key not in self._made:
            self._made[key] = self._pack(revisions, position)
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return self._made[key]

    def _pack(self, revisions: Sequence[Revision], position: int) -> Responses:
        responses, response, size = [], self.bookmark(position), 0
        for revision in revisions:
            change = _change(revision)
            size += change.ByteSize()
            if size > LARGEST_MESSAGE and response.changes:
                response.revision = response.changes[-1].revision
                responses.append(response)
                response, size = self.bookmark(position), change.ByteSize()
            response.changes.append(change)
        return [*responses, response]


def _change(revision: Revision) -> pb.TaskChange:
    if revision.removed:
        return pb.TaskChange(revision=revision.number, removed_task_id=revision.task_id)
    return pb.TaskChange(revision=revision.number, task=task_message(revision.subject))
