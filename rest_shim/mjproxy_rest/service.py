"""What callers ask of tasks, answered from the cache where the server has allowed it, and by the server where not."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mjproxy.errors import NotFound, PermissionDenied, ServerError, Unauthenticated
from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import (
    CancelTaskRequest,
    GetImageSeedRequest,
    GetTaskRequest,
    ListTasksRequest,
    SubmitModalRequest,
    SubmitTaskRequest,
    SubmitTaskResponse,
    TaskFilter,
    UploadImagesRequest,
)
from mjproxy_rest.cache import Ask, TaskCache
from mjproxy_rest.permissions import Permissions
from mjproxy_rest.upstream import Upstream

# The server says something every 15 seconds. One that does not may be hung, and would let a call wait to its deadline;
# and what it has not said can be anything.
_QUIET_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: the tasks as JSON, and how to ask for the next page ("" if this is the last one)."""

    bodies: tuple[bytes, ...]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of tasks while the server cannot be asked.

    Attributes:
        bodies: The tasks as JSON.
        age: The seconds since which there may be something newer.
    """

    bodies: tuple[bytes, ...]
    age: float


class TaskService:
    """Submits and reads on behalf of callers. Every method raises `mjproxy.errors.ServerError`.

    Keys are as the caller sent them; "" is none.
    """

    def __init__(
        self, upstream: Upstream, cache: TaskCache, permissions: Permissions, silence: Callable[[], float]
    ) -> None:
        """Uses a cache that somebody else feeds.

        Args:
            upstream: The server.
            cache: The cache.
            permissions: Who may read what of it.
            silence: For how many seconds nothing has been fed; infinite before the first time.
        """
        self._upstream = upstream
        self._cache = cache
        self._permissions = permissions
        self._silence = silence

    @property
    def has_begun(self) -> bool:
        """True when the server has been reached for the first time."""
        return self._silence() < math.inf

    async def is_ready(self) -> bool:
        """Returns whether the server was reached, and has not said since that it cannot serve.

        One that is away says nothing: until it is back, much can be answered from memory.
        """
        return self.has_begun and not await self._upstream.says_it_is_unfit()

    async def submit(self, key: str, request: SubmitTaskRequest) -> SubmitTaskResponse:
        """Submits, and makes the new tasks readable before the caller hears of them."""
        await self._reach()
        with self._cache.asking() as ask:
            response = await self._upstream.submit(key, request)
            self._learn(key, ask, response.tasks, response.revision)
        return response

    async def confirm(self, key: str, request: SubmitModalRequest) -> SubmitTaskResponse:
        """Confirms a modal, and makes the queued task readable before the caller hears of it."""
        await self._reach()
        with self._cache.asking([request.task_id]) as ask:
            response = await self._upstream.confirm(key, request)
            self._learn(key, ask, response.tasks, response.revision)
        return response

    async def cancel(self, key: str, task_id: str) -> Task:
        """Cancels a task, and makes what became of it readable before the caller hears of it."""
        await self._reach()
        with self._cache.asking([task_id]) as ask:
            response = await self._upstream.cancel(key, CancelTaskRequest(id=task_id))
            self._learn(key, ask, [response.task], response.revision)
        return response.task

    async def seed(self, key: str, task_id: str) -> str:
        """Returns the seed of a task's picture, in decimal digits."""
        await self._reach()
        return (await self._upstream.seed(key, GetImageSeedRequest(id=task_id))).seed

    async def upload(self, key: str, request: UploadImagesRequest) -> list[str]:
        """Has pictures kept by Discord, and returns their URLs, in order."""
        await self._reach()
        return list((await self._upstream.upload(key, request)).urls)

    async def admit(self, key: str) -> None:
        """Raises what the server says of a key that may not even ask; nothing if it says nothing."""
        if not self._can_be_asked:
            return
        try:
            await self._upstream.list(key, ListTasksRequest(page_size=1))
        except (Unauthenticated, PermissionDenied):
            raise
        except ServerError:
            return

    def held(self, key: str, task_id: str) -> bytes | None:
        """Returns a task as JSON if that can be done at once; None if the server has to be asked."""
        allowed = self._is_heard and self._permissions.is_fresh(key, task_id)
        return self._cache.get(task_id) if allowed else None

    async def fetch(self, key: str, task_id: str) -> bytes | None:
        """Returns a task as JSON; None if there is none that the caller may see."""
        return self.held(key, task_id) or await self._fetch(key, task_id)

    async def fetch_many(self, key: str, task_ids: Sequence[str]) -> list[bytes]:
        """Returns those of these tasks that exist and that the caller may see, as JSON, in the given order."""
        allowed = self._permissions.fresh(key, task_ids) if self._is_heard else []
        held = {task_id: body for task_id in allowed if (body := self._cache.get(task_id))}
        missing = [task_id for task_id in task_ids if task_id not in held]
        found = held | await self._fetch_missing(key, missing) if missing else held
        return [found[task_id] for task_id in task_ids if task_id in found]

    def recall(self, key: str, task_ids: Sequence[str]) -> Memory | None:
        """Returns what is remembered of all these tasks; None if something is not, or the caller may not see it.

        For when the server cannot be asked. A part would be worse than nothing: to the caller the rest would not exist.
        """
        held = [self._cache.recall(task_id) for task_id in task_ids if self._permissions.allows(key, task_id)]
        bodies = tuple(filter(None, held))
        return Memory(bodies, self._silence()) if self.has_begun and len(bodies) == len(task_ids) else None

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

    async def _reach(self) -> None:
        """Raises soon what a call would raise only at its deadline, and gives a server that returns time to do so."""
        if not self._can_be_asked:
            await self._upstream.reach()

    @property
    def _can_be_asked(self) -> bool:
        return self._is_heard and self._upstream.is_connected

    @property
    def _is_heard(self) -> bool:
        return self._silence() <= _QUIET_SECONDS

    async def _fetch(self, key: str, task_id: str) -> bytes | None:
        request = GetTaskRequest(id=task_id)
        with self._cache.asking([task_id]) as ask, self._revoking(key, [task_id]):
            request.min_revision = ask.min_revision
            try:
                answer = await self._upstream.get(key, request)
            except NotFound:
                self._hide(key, [task_id])
                return None
            return self._show(key, ask, [answer.task], answer.revision).get(task_id)

    async def _fetch_missing(self, key: str, task_ids: Sequence[str]) -> dict[str, bytes]:
        request = ListTasksRequest(filter=TaskFilter(ids=task_ids), page_size=len(task_ids))
        with self._cache.asking(task_ids) as ask, self._revoking(key, task_ids):
            request.min_revision = ask.min_revision
            page = await self._upstream.list(key, request)
            self._hide(key, set(task_ids) - {task.id for task in page.tasks})
            return self._show(key, ask, page.tasks, page.revision)

    @contextmanager
    def _revoking(self, key: str, task_ids: Iterable[str]) -> Iterator[None]:
        """Surrounds a question, after which a key that is refused may not even read what is remembered."""
        try:
            yield
        except (Unauthenticated, PermissionDenied):
            self._permissions.revoke(key, task_ids)
            raise

    def _hide(self, key: str, task_ids: Iterable[str]) -> None:
        """Takes in that the server has no such tasks, or not for this caller."""
        task_ids = tuple(task_ids)
        self._cache.let_go(task_ids)
        self._permissions.revoke(key, task_ids)

    def _learn(self, key: str, ask: Ask, tasks: Iterable[Task], revision: int) -> None:
        """Makes tasks readable that the caller is not shown as JSON now."""
        self._permissions.grant(key, self._cache.learn(ask, tasks, revision))

    def _show(self, key: str, ask: Ask, tasks: Iterable[Task], revision: int) -> dict[str, bytes]:
        bodies = self._cache.settle(ask, tasks, revision)
        self._permissions.grant(key, bodies)
        return bodies
