"""The shelf: the bytes of accepted images, on disk exactly as long as a task needs them.

A submission puts its images on the shelf before it is stored, and takes them down again if it is refused. From then on
they are its task's, until the task log says that it has ended. What a crash left behind is swept at the start.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from mjproxy_server.engine.images import CheckedImage
from mjproxy_server.model.command import ImageSource, LinkedImage, StoredImage, stored_images
from mjproxy_server.model.task import Task
from mjproxy_server.store.images import Images
from mjproxy_server.store.interface import Revision


class Shelf:
    """Puts images away for tasks, and drops them when their tasks have ended."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._kept: dict[str, tuple[StoredImage, ...]] = {}
        self._unneeded: asyncio.Queue[str] = asyncio.Queue()

    async def open(self, unfinished: Iterable[Task]) -> None:
        """Keeps the images of the unfinished tasks, and sweeps all others away."""
        for task in unfinished:
            self._keep_for(task)
        await self._images.sweep(image.digest for images in self._kept.values() for image in images)

    @asynccontextmanager
    async def keeping(self, images: Sequence[CheckedImage | LinkedImage]) -> AsyncIterator[tuple[ImageSource, ...]]:
        """Stores the images for the task that is made in the block; if the block fails they are dropped."""
        kept: list[ImageSource] = []
        try:
            for image in images:
                kept.append(await self._keep(image))  # noqa: PERF401 - what was kept must be known if the next one fails
            yield tuple(kept)
        except BaseException:
            self.drop(kept)
            raise

    def drop(self, images: Iterable[ImageSource]) -> None:
        """Lets go of images; `run` removes those that nobody needs."""
        for image in images:
            if isinstance(image, StoredImage):
                self._unneeded.put_nowait(image.digest)

    async def read(self, image: StoredImage) -> bytes:
        """Returns the bytes of an image that a task needs."""
        return await self._images.get(image.digest)

    def follow(self, revisions: Sequence[Revision]) -> None:
        """Learns from the task log which tasks need images, and which have ended."""
        for revision in revisions:
            if revision.removed or revision.subject.status.ended:
                self.drop(self._kept.pop(revision.task_id, ()))
            else:
                self._keep_for(revision.subject)

    async def run(self) -> None:
        """Removes what nobody needs any more, until cancelled."""
        while True:
            await self._images.drop(await self._unneeded.get())
            self._unneeded.task_done()

    def _keep_for(self, task: Task) -> None:
        mask = task.confirmation.mask if task.confirmation else None
        images = (*stored_images(task.command), *([mask] if mask else []))
        if images:
            self._kept[task.id] = images

    async def _keep(self, image: CheckedImage | LinkedImage) -> ImageSource:
        if isinstance(image, LinkedImage):
            return image
        return StoredImage(await self._images.put(image.data), image.media_type)
