"""The pictures of tasks: where they are, and their bytes, from where they are kept or from Discord."""

from collections.abc import AsyncIterator, Callable, Mapping

from mjproxy.errors import Refused
from mjproxy.v1.task_service_pb2 import GetImageUrlRequest, GetTaskRequest
from mjproxy_rest.cdn import Cdn, NoSuchPicture
from mjproxy_rest.picture_links import OwnLinks, holds, picture_name
from mjproxy_rest.picture_store import Download, Draft, PictureStore
from mjproxy_rest.upstream import Upstream


class Pictures:
    """Finds pictures and fetches them. Methods that ask the server raise `mjproxy.errors.ServerError`."""

    def __init__(
        self,
        upstream: Upstream,
        service_key: str,
        links: OwnLinks,
        cdn: Cdn,
        *,
        store: PictureStore | None,
        now: Callable[[], float],
    ) -> None:
        """Prepares to find pictures.

        Args:
            upstream: The server.
            service_key: The key with which pictures are found for callers who show none, but know their names.
            links: Remembers the links that were shown lately.
            cdn: Where pictures are fetched.
            store: Where they are kept; None for nowhere.
            now: The time, in Unix seconds.
        """
        self._upstream = upstream
        self._service_key = service_key
        self._links = links
        self._cdn = cdn
        self._store = store
        self._now = now

    async def download(self, task_id: str, name: str, method: str, headers: Mapping[str, str]) -> Download:
        """Begins to fetch a picture, from where it is kept, or from Discord; it is kept when it has come as a whole.

        Args:
            task_id: The task.
            name: The picture's name.
            method: GET, or HEAD for the headers alone.
            headers: Those of the caller's that matter: `Range`, if there is one.

        Raises:
            NoSuchPicture: There is no such picture, or not any longer.
            PictureUnreachable: Discord does not give it now.
        """
        kept = await self._store.find(task_id, name, method, headers.get("Range", "")) if self._store else None
        return kept or await self._fetch(task_id, name, method, headers)

    async def _fetch(self, task_id: str, name: str, method: str, headers: Mapping[str, str]) -> Download:
        answer = await self._cdn.fetch(await self._url(task_id, name), method, headers)
        whole = method == "GET" and answer.status_code == 200
        draft = await self._store.draft(task_id, name) if self._store and whole else None
        if draft is None:
            return Download(answer.status_code, answer.headers, answer.aiter_raw(), answer.aclose)

        async def close() -> None:
            draft.discard()
            await answer.aclose()

        return Download(answer.status_code, answer.headers, _keeping(answer.aiter_raw(), draft), close)

    async def name(self, key: str, task_id: str) -> str:
        """Returns the name of a task's picture.

        Raises:
            NoSuchPicture: There is no such task that the key may see, or it has no picture.
        """
        return picture_name(await self._shown(key, task_id))

    async def _url(self, task_id: str, name: str) -> str:
        """Returns a link to a picture that can be followed now.

        The name is compared before Discord is asked for a fresh link: nobody can have it asked by guessing.

        Raises:
            NoSuchPicture: The task has no picture of this name, or not any longer.
        """
        if known := self._links.source(task_id, name):
            return known
        shown = await self._shown(self._service_key, task_id)
        if picture_name(shown) != name:
            raise NoSuchPicture
        return shown if holds(shown, self._now()) else await self._fresh(task_id)

    async def _shown(self, key: str, task_id: str) -> str:
        try:
            answer = await self._upstream.get(key, GetTaskRequest(id=task_id))
        except Refused:
            raise NoSuchPicture from None
        if not answer.task.image_url:
            raise NoSuchPicture
        return answer.task.image_url

    async def _fresh(self, task_id: str) -> str:
        try:
            return (await self._upstream.image_url(self._service_key, GetImageUrlRequest(id=task_id))).url
        except Refused:
            raise NoSuchPicture from None


async def _keeping(content: AsyncIterator[bytes], draft: Draft) -> AsyncIterator[bytes]:
    """Passes on what comes. The end of it waits until all is kept: readers may leave as soon as they have it."""
    held = b""
    async for chunk in content:
        await draft.write(chunk)
        if held:
            yield held
        held = chunk
    await draft.keep()
    yield held
