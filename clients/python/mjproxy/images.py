"""Pictures that go into a task."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from mjproxy.v1.task_service_pb2 import Image

ImageSource = bytes | Path | str
"""The bytes of a PNG, JPEG, WebP or GIF; the path of such a file; or its http(s) URL."""

MAX_IMAGE_BYTES = 20 * 1024 * 1024


async def load_images(sources: Iterable[ImageSource]) -> list[Image]:
    """Reads pictures, in their order.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is larger than the server takes, or a string is no http(s) URL.
    """
    return [await load_image(source) for source in sources]


async def load_image(source: ImageSource) -> Image:
    """Reads a picture; errors as those of `load_images`."""
    if isinstance(source, bytes):
        return Image(data=source)
    if isinstance(source, Path):
        return Image(data=await asyncio.to_thread(_read, source))
    if not source.startswith(("http://", "https://")):
        raise ValueError(f"image: {source!r} is no http(s) URL; give a file as a pathlib.Path")
    return Image(url=source)


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_IMAGE_BYTES:
        raise ValueError(f"image: {path} has {size} bytes; at most {MAX_IMAGE_BYTES} are taken")
    return path.read_bytes()
