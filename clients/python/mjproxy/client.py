"""The client for asyncio."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from mjproxy.calls import Calls
from mjproxy.channel import Tls, authorization, open_channel
from mjproxy.download import Picture, download, store
from mjproxy.errors import DownloadFailed, WaitTimedOut
from mjproxy.follow import Patience, TaskFollower
from mjproxy.images import ImageSource, load_images
from mjproxy.listing import UnknownMessages, all_accounts, all_unknown_messages, task_pages
from mjproxy.task import Submission, TaskView
from mjproxy.terms import Action, Bot, Mode, Status
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from mjproxy.v1.task_service_pb2 import (
    ActionCommand,
    ChangeCommand,
    GetTaskRequest,
    ImagineCommand,
    ListTasksRequest,
    SubmitOptions,
    SubmitTaskRequest,
    TaskFilter,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from types import TracebackType

    import grpc

    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

DEFAULT_TARGET = "127.0.0.1:50051"


class SubmitSettings(TypedDict, total=False):
    """What every submission takes.

    Attributes:
        state: The caller's own text, at most 4096 characters; comes back with the task.
        notify_hook: A URL to which the server posts each change of the task.
        request_id: A UUID. A repeat with the same one, within 24 hours, gets the first answer and draws nothing. By
            default a new one is made.
    """

    state: str
    notify_hook: str
    request_id: str


class AsyncClient:
    """Draws with an mjproxy server.

    Calls are repeated while the server cannot be reached, for a few seconds and always with the same request id. Every
    error of the server comes as a `mjproxy.errors.ServerError`.

    Example:
        async with AsyncClient("127.0.0.1:50051") as client:
            task = await client.imagine("a lighthouse in fog")
            async for update in task.updates():
                print(update.status, update.progress)
            grid = await task.result()
            print(await grid.save("lighthouse.webp"))
            await grid.upscale(2)
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        key: str | None = None,
        tls: Tls | None = None,
        timeout: float = 30.0,
        patience: float = 60.0,
    ) -> None:
        """Prepares a client; `async with` opens it.

        Args:
            target: The server's "host:port".
            key: The key to send with every call, where the server has keys.
            tls: Encrypts the connection; None for plain text.
            timeout: Seconds that a call may take, its repeats included.
            patience: Seconds that following a task bears without a connection before it raises.
        """
        self._target = target
        self._tls = tls
        self._metadata = authorization(key)
        self._calls = Calls(self._metadata, timeout)
        self._patience_seconds = patience
        self._opened: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        self._opened = open_channel(self._target, self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connection, and ends what still uses it."""
        channel, self._opened = self._opened, None
        if channel is not None:
            await channel.close(grace=None)

    async def imagine(
        self,
        prompt: str,
        *,
        images: Iterable[ImageSource] = (),
        mode: str | None = None,
        bot: str | None = None,
        **settings: Unpack[SubmitSettings],
    ) -> AsyncTask:
        """Draws four pictures from a prompt.

        Args:
            prompt: At most 6000 characters, with Midjourney's parameters.
            images: Pictures that the drawing takes after, at most 5.
            mode: "fast", "relax" or "turbo"; by default what the prompt says, else fast.
            bot: "midjourney" or "niji"; by default Midjourney.
            settings: See `SubmitSettings`.

        Raises:
            ServerError: The server refused; `Refused` and its subclasses say why.
            ValueError: Mode, bot or an image are none.
            OSError: An image file cannot be read.
        """
        options = SubmitOptions(
            mode=Mode.parse(mode).number if mode else pb.MODE_UNSPECIFIED,
            bot_type=Bot.parse(bot).number if bot else pb.BOT_TYPE_UNSPECIFIED,
        )
        command = ImagineCommand(prompt=prompt, images=await load_images(images))
        return await self._submit(SubmitTaskRequest(options=options, imagine=command), settings)

    async def upscale(self, task_id: str, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Takes picture `index`, 1 to 4, out of a finished grid."""
        return await self._change(task_id, pb.ACTION_UPSCALE, index, settings)

    async def vary(self, task_id: str, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws four relatives of picture `index`, 1 to 4, of a finished grid."""
        return await self._change(task_id, pb.ACTION_VARIATION, index, settings)

    async def reroll(self, task_id: str, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws the prompt of a finished task again."""
        return await self._change(task_id, pb.ACTION_REROLL, 0, settings)

    async def press(self, task_id: str, custom_id: str, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Presses a button of a finished task, by the `custom_id` in `task.message.buttons`."""
        command = ActionCommand(task_id=task_id, custom_id=custom_id)
        return await self._submit(SubmitTaskRequest(action=command), settings)

    async def task(self, task_id: str) -> AsyncTask:
        """Reads a task.

        Raises:
            NotFound: There is no such task, or it is another caller's.
        """
        response = await self._calls(self._tasks.GetTask, GetTaskRequest(id=task_id))
        return AsyncTask(response.task, response.revision, self)

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
        """Reads tasks, newest first; all that is given must match.

        Args:
            statuses: In one of these, for instance "success".
            actions: Of one of these, for instance "imagine".
            account_id: Of this account.
            state: With exactly this state.
            parent_id: Follow-ups of this task.
            page_size: How many to ask for at a time.

        Raises:
            ValueError: A status or an action is none.
        """
        task_filter = TaskFilter(
            statuses=[Status.parse(status).number for status in statuses],
            actions=[Action.parse(action).number for action in actions],
            account_id=account_id,
            state=state,
            parent_id=parent_id,
        )
        request = ListTasksRequest(filter=task_filter, page_size=page_size)
        async with aclosing(task_pages(self._calls, self._tasks, request)) as pages:
            async for page in pages:
                for task in page.tasks:
                    yield AsyncTask(task, page.revision, self)

    async def updates(self, task_id: str) -> AsyncGenerator[AsyncTask, None]:
        """Tells a task as it is, then each change of it, until it has ended.

        It reconnects by itself. Leave it early by way of `contextlib.aclosing`, which closes the stream.

        Raises:
            NotFound: There is no such task, or it is another caller's.
            Unavailable: The server could not be reached for longer than the client's patience.
        """
        async with aclosing(self.watch(task_id)) as updates:
            async for update in updates:
                yield update
                if update.ended:
                    return

    async def watch(self, *task_ids: str) -> AsyncGenerator[AsyncTask, None]:
        """Tells tasks as they are, then each change of them, without an end.

        Args:
            task_ids: The tasks, at most 1000; none for all that have not ended, and all new ones.

        Raises:
            NotFound: A named task does not exist, or is another caller's.
            Unavailable: The server could not be reached for longer than the client's patience.
        """
        patience = Patience(self._patience_seconds, asyncio.get_running_loop().time)
        follower = TaskFollower(self._tasks, self._calls, metadata=self._metadata, patience=patience, task_ids=task_ids)
        async with aclosing(follower.follow()) as changes:
            async for seen in changes:
                yield AsyncTask(seen.task, seen.revision, self)

    async def wait(self, task_id: str, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - it makes its own error
        """Waits until a task has ended, well or badly.

        Args:
            task_id: The task.
            timeout: Seconds to wait at most.

        Raises:
            WaitTimedOut: It has not ended in this time, and goes on.
        """
        try:
            async with asyncio.timeout(timeout), aclosing(self.updates(task_id)) as updates:
                states = [update async for update in updates]
        except TimeoutError:
            raise WaitTimedOut(task_id, timeout or 0.0) from None
        return states[-1]

    async def accounts(self) -> list[Account]:
        """Reads the Discord accounts of the server, in the order of their ids."""
        return await all_accounts(self._calls, AccountServiceStub(self._channel))

    async def unknown_messages(self, account_id: str = "") -> UnknownMessages:
        """Reads what the bots said and the server did not understand, without what is private in it; for operators.

        Args:
            account_id: Of this account; "" for all.

        Raises:
            PermissionDenied: The key's role is not admin.
        """
        return await all_unknown_messages(self._calls, AccountServiceStub(self._channel), account_id)

    async def _change(
        self, task_id: str, action: pb.Action.ValueType, index: int, settings: SubmitSettings
    ) -> AsyncTask:
        command = ChangeCommand(task_id=task_id, action=action, index=index)
        return await self._submit(SubmitTaskRequest(change=command), settings)

    async def _submit(self, request: SubmitTaskRequest, settings: SubmitSettings) -> AsyncTask:
        request.options.MergeFrom(SubmitOptions(**settings))
        request.options.request_id = request.options.request_id or str(uuid.uuid4())
        response = await self._calls(self._tasks.SubmitTask, request)
        return AsyncTask(response.tasks[0], response.revision, self, Submission.of(response))

    @property
    def _channel(self) -> grpc.aio.Channel:
        if self._opened is None:
            raise RuntimeError("the client is not open: use it within `async with AsyncClient(...) as client:`")
        return self._opened

    @property
    def _tasks(self) -> TaskServiceAsyncStub:
        return TaskServiceStub(self._channel)


class AsyncTask(TaskView):
    """One state of a task, and what can be done with it.

    Attributes:
        submission: How the server took it; None unless this came from a submission.
    """

    __slots__ = ("_client", "submission")

    def __init__(
        self, message: pb.Task, revision: int, client: AsyncClient, submission: Submission | None = None
    ) -> None:
        super().__init__(message, revision)
        self._client = client
        self.submission = submission

    def updates(self) -> AsyncGenerator[AsyncTask, None]:
        """Tells the task as it is, then each change of it, until it has ended; see `AsyncClient.updates`."""
        return self._client.updates(self.id)

    async def wait(self, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - as AsyncClient.wait
        """Waits until the task has ended, well or badly; see `AsyncClient.wait`."""
        return await self._client.wait(self.id, timeout)

    async def result(self, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - as AsyncClient.wait
        """Waits until the task has succeeded.

        Raises:
            TaskFailed: It failed or was cancelled.
            WaitTimedOut: It has not ended in this time, and goes on.
        """
        return (await self.wait(timeout)).raise_for_failure()

    async def upscale(self, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Takes picture `index`, 1 to 4, out of this grid."""
        return await self._client.upscale(self.id, index, **settings)

    async def vary(self, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws four relatives of picture `index`, 1 to 4, of this grid."""
        return await self._client.vary(self.id, index, **settings)

    async def reroll(self, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws the prompt again."""
        return await self._client.reroll(self.id, **settings)

    async def press(self, custom_id: str, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Presses a button, by the `custom_id` in `message.buttons`."""
        return await self._client.press(self.id, custom_id, **settings)

    async def picture(self) -> Picture:
        """Fetches the picture: a preview while the task runs, then the result.

        Raises:
            DownloadFailed: There is none yet, or it could not be fetched.
        """
        if not self.image_url:
            raise DownloadFailed(f"task {self.id} has no picture (its status is {self.status})")
        return await download(self.image_url)

    async def save(self, path: Path | str = ".", *, overwrite: bool = False) -> Path:
        """Fetches the picture and stores it.

        Args:
            path: The file, or a folder in which the file is named after the task. A wrong extension is corrected:
                what comes as WebP is stored as "cat.webp" in place of "cat.png".
            overwrite: Replaces the file of that name; otherwise a free name is chosen, as "cat-2.png".

        Returns:
            The file.

        Raises:
            DownloadFailed: There is no picture yet, or it could not be fetched.
            OSError: It could not be written.
        """
        picture = await self.picture()
        return await asyncio.to_thread(store, picture, Path(path), name=self.id, overwrite=overwrite)
