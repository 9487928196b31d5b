"""The callbacks that are not delivered, for the operator of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mjproxy.listing import some_callbacks
from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_STATE_FAILED,
    DELIVERY_STATE_UNSPECIFIED,
    DropDeliveryRequest,
    RetryDeliveryRequest,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjproxy.links import AsyncLink
    from mjproxy.v1.delivery_service_pb2 import DeliveryRecord


class AsyncCallbacks:
    """What is still to be posted to the hooks of tasks; all of it needs a key with the role admin.

    Every method raises `ServerError`: `NotFound` where a task has nothing to deliver, and `PermissionDenied` where the
    key's role does not allow it.
    """

    def __init__(self, link: AsyncLink) -> None:
        self._link = link

    async def list(self, *, failed: bool = False, limit: int = 100) -> Sequence[DeliveryRecord]:
        """Reads the callbacks that are not delivered, the oldest task first.

        Args:
            failed: Only those that are not tried any more.
            limit: At most this many, at least 1.

        Example:
            >>> for callback in await client.callbacks.list(failed=True):
            ...     print(callback.task_id, callback.last_error)
        """
        state = DELIVERY_STATE_FAILED if failed else DELIVERY_STATE_UNSPECIFIED
        connection = self._link.connection
        return await self._link.run(some_callbacks(connection.calls, connection.deliveries, state, limit))

    async def retry(self, task_id: str) -> DeliveryRecord:
        """Has the newest state of a task delivered now, as if for the first time.

        Example:
            >>> callback = await client.callbacks.retry(grid.id)
            Traceback (most recent call last):
            mjproxy.errors.NotFound: ...
        """
        request = RetryDeliveryRequest(task_id=task_id)
        return (await self._link.call(self._link.connection.deliveries.RetryDelivery, request)).delivery

    async def drop(self, task_id: str) -> None:
        """Gives up what is not delivered of a task.

        Example:
            >>> await client.callbacks.drop(grid.id)
            Traceback (most recent call last):
            mjproxy.errors.NotFound: ...
        """
        await self._link.call(self._link.connection.deliveries.DropDelivery, DropDeliveryRequest(task_id=task_id))
