"""The parameters that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mjproxy.images import MAX_IMAGE_BYTES

if TYPE_CHECKING:
    from mjproxy.images import ImageSource


class ImageParameter(click.ParamType["ImageSource"]):
    """The URL of a picture, or a file that holds one."""

    name = "image"
    _file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ImageSource:
        """Reads a URL, or the path of a file that is small enough."""
        if value.startswith(("http://", "https://")):
            return value
        path = Path(self._file.convert(value, param, ctx))
        if path.stat().st_size > MAX_IMAGE_BYTES:
            self.fail(f"{path} is larger than {MAX_IMAGE_BYTES} bytes", param, ctx)
        return path


IMAGE: Final = ImageParameter()
SECONDS: Final = click.FloatRange(min=0, min_open=True)

task_id = click.argument("task_id", metavar="ID")
indexes = click.argument("indexes", metavar="INDEX...", nargs=-1, required=True, type=click.IntRange(1, 4))
quiet = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
