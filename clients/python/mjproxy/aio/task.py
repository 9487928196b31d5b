"""A task: what it is, what becomes of it, and what can be made of it."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from mjproxy.aio.buttons import AsyncButtons
from mjproxy.download import Picture, download, save
from mjproxy.following import end_of, states_to_the_end
from mjproxy.images import ImageSource, load_image
from mjproxy.pressing import REGION, Motion, Side, animate_with, doing, pan_to, zoom_by
from mjproxy.settings import SubmitSettings, follow_up_options
from mjproxy.task import Submission, TaskView
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.task_service_pb2 import (
    ActionCommand,
    CancelTaskRequest,
    ChangeCommand,
    GetImageSeedRequest,
    GetImageUrlRequest,
    SubmitModalRequest,
    SubmitTaskRequest,
)
from mjproxy.zooming import with_zoom

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mjproxy.links import AsyncLink


class AsyncTask(TaskView):
    """One state of a task, and what can be done with it.

    What follows up on a task is a task of its own. Where the account has Remix on, the bot asks for a new prompt first:
    the methods that are named for what they do go on with the old one, whereas a button that is clicked leaves the new
    task in the status "modal", to be confirmed.

    Attributes:
        submission: How the server took it; None unless this came from a submission.
    """

    __slots__ = ("_link", "submission")

    def __init__(self, message: pb.Task, revision: int, link: AsyncLink, submission: Submission | None = None) -> None:
        super().__init__(message, revision)
        self._link = link
        self.submission = submission

    async def updates(self) -> AsyncGenerator[AsyncTask, None]:
        """Tells the task as it is, then each change of it, until it has ended; see `AsyncClient.updates`.

        Example:
            >>> task = await client.imagine("a fox")
            >>> async for update in task.updates():
            ...     print("progress", update.progress)
            progress ...
            progress 100
        """
        changes = self._link.iterate(states_to_the_end(self._link.connection, self.id))
        async with aclosing(changes) as seen_states:
            async for seen in seen_states:
                yield AsyncTask(seen.task, seen.revision, self._link)

    async def wait(self, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - it makes its own error
        """Waits until the task has ended, well or badly.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            WaitTimedOut: It has not ended in this time, and goes on.

        Example:
            >>> task = await client.imagine("a fox")
            >>> print((await task.wait(timeout=60)).status)
            success
        """
        seen = await self._link.run(end_of(self._link.connection, self.id, timeout))
        return AsyncTask(seen.task, seen.revision, self._link)

    async def result(self, timeout: float | None = None) -> AsyncTask:  # noqa: ASYNC109 - as wait
        """Waits until the task has succeeded.

        Raises:
            TaskFailed: It failed or was cancelled; its `reason` and `remedy` say why, and what to do.
            WaitTimedOut: It has not ended in this time, and goes on.

        Example:
            >>> fox = await (await client.imagine("a fox")).result()
            >>> print(fox.message.image_width)
            1024
        """
        return (await self.wait(timeout)).raise_for_failure()

    async def upscale(self, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Takes picture `index`, 1 to 4, out of this grid.

        Example:
            >>> upscaled = await (await grid.upscale(2)).result()
            >>> print(upscaled.action, upscaled.message.index)
            upscale 2
        """
        return await self._change(pb.ACTION_UPSCALE, index, settings)

    async def vary(self, index: int, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws four relatives of picture `index`, 1 to 4, of this grid.

        Example:
            >>> varied = await (await grid.vary(3)).result()
        """
        return await self._change(pb.ACTION_VARIATION, index, settings)

    async def reroll(self, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws the prompt again.

        Example:
            >>> redrawn = await (await grid.reroll()).result()
        """
        return await self._change(pb.ACTION_REROLL, 0, settings)

    async def zoom(self, factor: float, *, prompt: str = "", **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws what lies around this picture.

        Args:
            factor: How far to zoom out, 1 to 2.
            prompt: What to draw there; by default the picture's own prompt.
            settings: See `SubmitSettings`.

        Raises:
            NotOffered: The task has no such button; a grid has none.
            ValueError: The factor is out of its range.

        Example:
            >>> zoomed = await picture.zoom(2)
            >>> framed = await picture.zoom(1.5, prompt="a painting on the wall of a museum")
        """
        button = doing(self.message, zoom_by(factor, prompt), f"a zoom by {factor:g}")
        pressed = await self._press(button.custom_id, settings)
        if not pressed.waits_for_confirmation:
            return pressed
        return await pressed.confirm(with_zoom(prompt or pressed.final_prompt, factor))

    async def pan(self, side: Side, **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Draws what lies beside this picture: "left", "right", "up" or "down".

        Raises:
            NotOffered: The task has no such button; a grid has none.
            ValueError: It is no side.

        Example:
            >>> wider = await (await picture.pan("left")).result()
        """
        return await self._do(doing(self.message, pan_to(side), f"a pan {side}").custom_id, settings)

    async def vary_region(
        self, mask: ImageSource, *, prompt: str = "", **settings: Unpack[SubmitSettings]
    ) -> AsyncTask:
        """Draws a part of this picture anew.

        Args:
            mask: As large as the picture; white where it shall be drawn anew, black elsewhere.
            prompt: What to draw there; by default the picture's own prompt.
            settings: See `SubmitSettings`.

        Raises:
            NotOffered: The task has no such button; a grid has none.

        Example:
            >>> task = await picture.vary_region(Path("mask.png"), prompt="a boat")
            >>> changed = await task.result()
        """
        button = doing(self.message, REGION, "to vary a region")
        pressed = await self._press(button.custom_id, settings)
        return await pressed.confirm(prompt, mask)

    async def animate(self, motion: Motion = "low", **settings: Unpack[SubmitSettings]) -> AsyncTask:
        """Makes a short film of this picture, or extends this film, with "low" or "high" motion.

        Raises:
            NotOffered: The task has no such button; a grid has none.
            ValueError: It is no motion.

        Example:
            >>> film = await (await picture.animate("high")).result()
            >>> print(film.action)
            video
        """
        button = doing(self.message, animate_with(motion), f"an animation with {motion} motion")
        return await self._do(button.custom_id, settings)

    @property
    def buttons(self) -> AsyncButtons:
        """The buttons under the result.

        Example:
            >>> redrawn = await grid.buttons["🔄"].click()
            >>> print(*(button.name for button in grid.buttons))
            U1 U2 U3 U4 🔄 V1 V2 V3 V4
        """
        return AsyncButtons(self.message, self._press)

    async def confirm(self, prompt: str = "", mask: ImageSource | None = None) -> AsyncTask:
        """Answers what the bot asks before it goes on with a task in the status "modal".

        Args:
            prompt: The new prompt; by default the one that the bot proposes.
            mask: For a region: white where the picture shall be drawn anew, black elsewhere.

        Raises:
            Refused: The task waits for no answer, or prompt or mask are wrong.

        Example:
            >>> asked = await picture.buttons["Custom Zoom"].click()
            >>> print(asked.status)
            modal
            >>> zoomed = await asked.confirm("a lighthouse on an island --zoom 1.2")
        """
        image = await self._link.run(load_image(mask)) if mask is not None else None
        request = SubmitModalRequest(task_id=self.id, prompt=prompt, mask=image)
        response = await self._link.call(self._link.connection.tasks.SubmitModal, request)
        return AsyncTask(response.task, response.revision, self._link, Submission.of(response))

    async def cancel(self) -> AsyncTask:
        """Cancels the task: a waiting one at once, a running one at Discord. One that has ended stays as it is.

        Example:
            >>> task = await client.imagine("a mistake")
            >>> print((await (await task.cancel()).wait()).ended)
            True
        """
        response = await self._link.call(self._link.connection.tasks.CancelTask, CancelTaskRequest(id=self.id))
        return AsyncTask(response.task, response.revision, self._link)

    async def seed(self) -> str:
        """Asks the bot for the seed of this finished picture.

        Raises:
            DeadlineExceeded: The bot did not answer; try again.
            Refused: The task has no picture.

        Example:
            >>> seed = await grid.seed()
            >>> alike = await client.imagine(f"a lighthouse in the sun --seed {seed}")
        """
        request = GetImageSeedRequest(id=self.id)
        return (await self._link.call(self._link.connection.tasks.GetImageSeed, request)).seed

    async def picture_url(self) -> str:
        """A link to the picture that can be fetched now: those of Discord expire, and are made new.

        Raises:
            Refused: There is no picture.

        Example:
            >>> print(await grid.picture_url())
            http...
        """
        request = GetImageUrlRequest(id=self.id)
        return (await self._link.call(self._link.connection.tasks.GetImageUrl, request)).url

    async def picture(self) -> Picture:
        """Fetches the picture: a preview while the task runs, then the result.

        Raises:
            Refused: There is none (yet).
            DownloadFailed: It could not be fetched.

        Example:
            >>> print((await grid.picture()).content_type)
            image/webp
        """
        return await self._link.run(download(await self.picture_url()))

    async def save(self, path: Path | str = ".", *, overwrite: bool = False) -> Path:
        """Fetches the picture and stores it.

        Args:
            path: The file, or a folder in which the file is named after the task. A wrong extension is corrected:
                what comes as WebP is stored as "cat.webp" in place of "cat.png".
            overwrite: Replaces the file of that name; otherwise a free name is chosen, as "cat-2.png".

        Returns:
            The file.

        Raises:
            Refused: There is no picture (yet).
            DownloadFailed: It could not be fetched.
            OSError: It could not be written.

        Example:
            >>> print(await grid.save("grid.png"))
            grid.webp
        """
        picture = await self.picture()
        return await self._link.run(save(picture, Path(path), name=self.id, overwrite=overwrite))

    async def _change(self, action: pb.Action.ValueType, index: int, settings: SubmitSettings) -> AsyncTask:
        command = ChangeCommand(task_id=self.id, action=action, index=index)
        submitted = await self._submit(SubmitTaskRequest(options=follow_up_options(settings), change=command))
        return await submitted.confirm() if submitted.waits_for_confirmation else submitted

    async def _do(self, custom_id: str, settings: SubmitSettings) -> AsyncTask:
        """Presses a button, and goes on with the old prompt if the bot asks for a new one."""
        pressed = await self._press(custom_id, settings)
        return await pressed.confirm() if pressed.waits_for_confirmation else pressed

    async def _press(self, custom_id: str, settings: SubmitSettings) -> AsyncTask:
        command = ActionCommand(task_id=self.id, custom_id=custom_id)
        return await self._submit(SubmitTaskRequest(options=follow_up_options(settings), action=command))

    async def _submit(self, request: SubmitTaskRequest) -> AsyncTask:
        response = await self._link.call(self._link.connection.tasks.SubmitTask, request)
        return AsyncTask(response.tasks[0], response.revision, self._link, Submission.of(response))
