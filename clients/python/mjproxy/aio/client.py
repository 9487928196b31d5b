"""The client: what begins anew, and what looks at tasks."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Self, Unpack

from mjproxy.aio.accounts import AsyncAccounts
from mjproxy.aio.callbacks import AsyncCallbacks
from mjproxy.aio.task import AsyncTask
from mjproxy.channel import Endpoint, Tls
from mjproxy.connection import Connection
from mjproxy.following import end_of, states, states_to_the_end
from mjproxy.images import ImageSource, load_image, load_images
from mjproxy.links import AsyncLink
from mjproxy.listing import task_pages
from mjproxy.settings import NewTaskSettings, SubmitSettings, follow_up_options, new_task_options
from mjproxy.task import Submission
from mjproxy.terms import Action, Shape, Status
from mjproxy.v1.task_service_pb2 import (
    AccountFilter,
    BlendCommand,
    DescribeCommand,
    FaceSwapCommand,
    GetTaskRequest,
    ImagineCommand,
    ListTasksRequest,
    ShortenCommand,
    SubmitTaskRequest,
    TaskFilter,
    UploadImagesRequest,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from types import TracebackType

DEFAULT_TARGET = "127.0.0.1:50051"


class AsyncClient:
    """Draws with an mjproxy server.

    Calls are repeated while the server cannot be reached, for a few seconds and always with the same request id; every
    error of the server comes as a `mjproxy.errors.ServerError`. Watches reconnect by themselves, and tell each change
    once.

    Attributes:
        accounts: The Discord accounts that the server draws with.
        callbacks: What is still to be posted to the hooks of tasks.

    Example:
        >>> task = await client.imagine("a lighthouse in fog")
        >>> async for update in task.updates():
        ...     print("progress", update.progress)
        progress ...
        progress 100
        >>> grid = await task.result()
        >>> print(await grid.save("lighthouse.webp"))
        lighthouse.webp
        >>> upscaled = await grid.upscale(2)
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        key: str | None = None,
        tls: Tls | bool = False,
        timeout: float = 30.0,
        patience: float = 60.0,
    ) -> None:
        """Prepares a client. It connects when it is first used; `async with` closes it.

        Args:
            target: The server: "host:port" or "https://host:port".
            key: The key to send with every call, where the server has keys.
            tls: True encrypts the connection, as "https://" does; a `Tls` says whom to trust.
            timeout: Seconds that a call may take, its repeats included; one that sends pictures has one
                more for each mebibyte.
            patience: Seconds that following a task bears without a connection before it raises.

        Raises:
            ValueError: The target is none.
        """
        self._link = AsyncLink(Connection(Endpoint.parse(target, tls), key, timeout=timeout, patience=patience))
        self.accounts = AsyncAccounts(self._link)
        self.callbacks = AsyncCallbacks(self._link)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connection, and ends what still uses it."""
        await self._link.aclose()

    async def imagine(
        self, prompt: str, *, images: Iterable[ImageSource] = (), **settings: Unpack[NewTaskSettings]
    ) -> AsyncTask:
        """Draws four pictures from a prompt.

        Args:
            prompt: At most 6000 characters, with Midjourney's parameters.
            images: Pictures that the drawing takes after, at most 5: their bytes, paths or URLs.
            settings: See `NewTaskSettings`.

        Raises:
            ServerError: The server refused; `Refused` and its subclasses say why.
            ValueError: Mode, bot or an image are none.
            OSError: An image file cannot be read.

        Example:
            >>> task = await client.imagine("a boat in this style --ar 3:2", images=[Path("cat.png")], mode="relax")
            >>> print(task.action, (await task.result()).status)
            imagine success
        """
        command = ImagineCommand(prompt=prompt, images=await self._link.run(load_images(images)))
        return await self._submit(SubmitTaskRequest(options=new_task_options(settings), imagine=command))

    async def blend(
        self, images: Iterable[ImageSource], *, shape: str = "square", **settings: Unpack[NewTaskSettings]
    ) -> AsyncTask:
        """Mixes two to five pictures.

        Args:
            images: Their bytes, paths or URLs.
            shape: "portrait", "square" or "landscape".
            settings: See `NewTaskSettings`.

        Raises:
            ServerError: The server refused.
            ValueError: The shape, mode, bot or an image are none.
            OSError: An image file cannot be read.

        Example:
            >>> task = await client.blend([Path("cat.png"), Path("dog.png")], shape="landscape")
            >>> blended = await task.result()
        """
        command = BlendCommand(images=await self._link.run(load_images(images)), dimensions=Shape.parse(shape).number)
        return await self._submit(SubmitTaskRequest(options=new_task_options(settings), blend=command))

    async def describe(self, image: ImageSource, **settings: Unpack[NewTaskSettings]) -> AsyncTask:
        """Writes prompts that describe a picture; they are the `final_prompt` of the result.

        Raises:
            ServerError: The server refused.
            ValueError: The image, mode or bot are none.
            OSError: The image file cannot be read.

        Example:
            >>> task = await client.describe(Path("cat.png"))
            >>> print((await task.result()).final_prompt)
            1️⃣ ...
        """
        command = DescribeCommand(image=await self._link.run(load_image(image)))
        return await self._submit(SubmitTaskRequest(options=new_task_options(settings), describe=command))

    async def shorten(self, prompt: str, **settings: Unpack[NewTaskSettings]) -> AsyncTask:
        """Analyses a prompt and proposes shorter ones; they are the `final_prompt` of the result.

        Raises:
            ServerError: The server refused.
            ValueError: Mode or bot are none.

        Example:
            >>> task = await client.shorten("a very detailed painting of an old lighthouse in a lot of fog")
            >>> proposals = (await task.result()).final_prompt
        """
        command = ShortenCommand(prompt=prompt)
        return await self._submit(SubmitTaskRequest(options=new_task_options(settings), shorten=command))

    async def swap_face(
        self, source: ImageSource, target: ImageSource, **settings: Unpack[SubmitSettings]
    ) -> AsyncTask:
        """Puts the face of the source into the target.

        Raises:
            ServerError: The server refused.
            ValueError: An image is none.
            OSError: An image file cannot be read.

        Example:
            >>> task = await client.swap_face(Path("cat.png"), Path("dog.png"))
            >>> swapped = await task.result()
        """
        source_image, target_image = await self._link.run(load_images([source, target]))
        command = FaceSwapCommand(source=source_image, target=target_image)
        return await self._submit(SubmitTaskRequest(options=follow_up_options(settings), face_swap=command))

    async def upload(self, images: Iterable[ImageSource], *, account_id: str = "") -> list[str]:
        """Uploads pictures to Discord, for use in prompts.

        Args:
            images: Their bytes, paths or URLs, at most 10.
            account_id: The account that uploads; by default the server chooses.

        Returns:
            One URL for each, in order.

        Raises:
            ServerError: The server refused.
            ValueError: An image is none.
            OSError: An image file cannot be read.

        Example:
            >>> [url] = await client.upload([Path("cat.png")])
            >>> task = await client.imagine(f"{url} as a stamp")
        """
        account_filter = AccountFilter(account_id=account_id)
        loaded = await self._link.run(load_images(images))
        request = UploadImagesRequest(images=loaded, account_filter=account_filter)
        return list((await self._link.call(self._link.connection.tasks.UploadImages, request)).urls)

    async def task(self, task_id: str) -> AsyncTask:
        """Reads a task.

        Raises:
            NotFound: There is no such task, or it is another caller's.

        Example:
            >>> task = await client.task(grid.id)
            >>> print(task.status, task.prompt)
            success a lighthouse in fog
        """
        response = await self._link.call(self._link.connection.tasks.GetTask, GetTaskRequest(id=task_id))
        return AsyncTask(response.task, response.revision, self._link)

    async def tasks(
        self,
        *,
        statuses: Iterable[str] = (),
        actions: Iterable[str] = (),
        account_id: str = "",
        state: str | None = None,
        parent_id: str = "",
        page_size: int = 100,
    ) -> AsyncGenerator[AsyncTask, None]:
        """Reads tasks, newest first, page after page; all that is given must match.

        Args:
            statuses: In one of these, for instance "success".
            actions: Of one of these, for instance "imagine".
            account_id: Of this account.
            state: With exactly this state.
            parent_id: Follow-ups of this task.
            page_size: How many to ask for at a time.

        Raises:
            ValueError: A status or an action is none.

        Example:
            >>> async for task in client.tasks(statuses=["success"], actions=["imagine"]):
            ...     print(task.prompt)
            a ...
        """
        task_filter = TaskFilter(
            statuses=[Status.parse(status).number for status in statuses],
            actions=[Action.parse(action).number for action in actions],
            account_id=account_id,
            state=state,
            parent_id=parent_id,
        )
        request = ListTasksRequest(filter=task_filter, page_size=page_size)
        connection = self._link.connection
        async with aclosing(self._link.iterate(task_pages(connection.calls, connection.tasks, request))) as pages:
            async for page in pages:
                for task in page.tasks:
                    yield AsyncTask(task, page.revision, self._link)

    async def updates(self, task_id: str) -> AsyncGenerator[AsyncTask, None]:
        """Tells a task as it is, then each change of it, until it has ended.

        It reconnects by itself. Leave it early by way of `contextlib.aclosing`, which closes the stream.

        Raises:
            NotFound: There is no such task, or it is another caller's.
            Unavailable: The server could not be reached for longer than the client's patience.

        Example:
            >>> async for update in client.updates(grid.id):
            ...     print(update.progress)
            100
        """
        changes = self._link.iterate(states_to_the_end(self._link.connection, task_id))
        async with aclosing(changes) as seen_states:
            async for seen in seen_states:
                yield AsyncTask(seen.task, seen.revision, self._link)

    async def watch(self, *task_ids: str) -> AsyncGenerator[AsyncTask, None]:
        """Tells tasks as they are, then each change of them, without an end.

        Nothing is skipped or repeated when the connection breaks. When the server no longer has what happened in the
        meantime, the tasks are told again as they are.

        Args:
            task_ids: The tasks, at most 1000; none for all that have not ended, and all new ones.

        Raises:
            NotFound: A named task does not exist, or is another caller's.
            Unavailable: The server could not be reached for longer than the client's patience.

        Example:
            >>> async with aclosing(client.watch(grid.id)) as changes:
            ...     async for task in changes:
            ...         print(task.status)
            ...         break
            success
        """
        async with aclosing(self._link.iterate(states(self._link.connection, *task_ids))) as changes:
            async for seen in changes:
                yield AsyncTask(seen.task, seen.revision, self._link)

    async def wait(self, task_id: str, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - it makes its own error
        """Waits until a task has ended, well or badly.

        Args:
            task_id: The task.
            timeout: Seconds to wait at most.

        Raises:
            WaitTimedOut: It has not ended in this time, and goes on.

        Example:
            >>> print((await client.wait(grid.id, timeout=60)).status)
            success
        """
        seen = await self._link.run(end_of(self._link.connection, task_id, timeout))
        return AsyncTask(seen.task, seen.revision, self._link)

    async def _submit(self, request: SubmitTaskRequest) -> AsyncTask:
        response = await self._link.call(self._link.connection.tasks.SubmitTask, request)
        return AsyncTask(response.tasks[0], response.revision, self._link, Submission.of(response))
