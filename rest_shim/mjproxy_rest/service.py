"""What callers ask of tasks, answered from the cache where the server has allowed it, and by the server where not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mjproxy.errors import NotFound
from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import (
    GetTaskRequest,
    ListTasksRequest,
    SubmitModalRequest,
    SubmitTaskRequest,
    SubmitTaskResponse,
    TaskFilter,
)
from mjproxy_rest.cache import Ask, TaskCache
from mjproxy_rest.permissions import Permissions
from mjproxy_rest.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: the tasks as JSON, and how to ask for the next page ("" if this is the last one)."""

    bodies: tuple[bytes, ...]
    next_page_token: str


class TaskService:
    """Submits and reads on behalf of callers. Every method raises `mjproxy.errors.ServerError`.

    Keys are as the caller sent them; "" is none.
    """

    def __init__(self, upstream: Upstream, cache: TaskCache, permissions: Permissions) -> None:
        """Uses a cache that somebody else feeds."""
        self._upstream = upstream
        self._cache = cache
        self._permissions = permissions

    async def submit(self, key: str, request: SubmitTaskRequest) -> SubmitTaskResponse:
        """Submits, and makes the new tasks readable before the caller hears of them."""
        with self._cache.asking() as ask:
            response = await self._upstream.submit(key, request)
            self._show(key, ask, response.tasks, response.revision)
        return response

    async def confirm(self, key: str, request: SubmitModalRequest) -> SubmitTaskResponse:
        """Confirms a modal, and makes the queued task readable before the caller hears of it."""
        with self._cache.asking([request.task_id]) as ask:
            response = await self._upstream.confirm(key, request)
            self._show(key, ask, response.tasks, response.revision)
        return response

    async def fetch(self, key: str, task_id: str) -> bytes | None:
        """Returns a task as JSON; None if there is none that the caller may see."""
        return self._held(key, task_id) or await self._fetch(key, task_id)

    async def fetch_many(self, key: str, task_ids: Sequence[str]) -> list[bytes]:
        """Returns those of these tasks that exist and that the caller may see, as JSON, in the given order."""
        held = {task_id: body for task_id in task_ids if (body := self._held(key, task_id))}
        missing = [task_id for task_id in task_ids if task_id not in held]
        found = held | await self._fetch_missing(key, missing) if missing else held
        return [found[task_id] for task_id in task_ids if task_id in found]

    async def list(self, key: str, request: ListTasksRequest) -> Page:
        """Returns a page of the caller's tasks.

        Args:
            key: The caller's key.
            request: Filter, order and page; `min_revision` is filled in.
        """
        with self._cache.asking() as ask:
            request.min_revision = ask.min_revision
            page = await self._upstream.list(key, request)
            bodies = self._show(key, ask, page.tasks, page.revision)
        return Page(tuple(bodies.values()), page.next_page_token)

    def _held(self, key: str, task_id: str) -> bytes | None:
        return self._cache.get(task_id) if self._permissions.allows(key, task_id) else None

    async def _fetch(self, key: str, task_id: str) -> bytes | None:
        with self._cache.asking([task_id]) as ask:
            try:
                answer = await self._upstream.get(key, GetTaskRequest(id=task_id, min_revision=ask.min_revision))
            except NotFound:
                return None
            return self._show(key, ask, [answer.task], answer.revision).get(task_id)

    async def _fetch_missing(self, key: str, task_ids: Sequence[str]) -> dict[str, bytes]:
        request = ListTasksRequest(filter=TaskFilter(ids=task_ids), page_size=len(task_ids))
        with self._cache.asking(task_ids) as ask:
            request.min_revision = ask.min_revision
            page = await self._upstream.list(key, request)
            return self._show(key, ask, page.tasks, page.revision)

    def _show(self, key: str, ask: Ask, tasks: Iterable[Task], revision: int) -> dict[str, bytes]:
        bodies = self._cache.settle(ask, tasks, revision)
        self._permissions.grant(key, bodies)
        return bodies
