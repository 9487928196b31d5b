"""Pictures in the terminal: by sixels, by kitty's protocol, or else by coloured blocks."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console

if TYPE_CHECKING:
    from pathlib import Path

_ROWS: Final = 24


def can_show() -> bool:
    """True if what draws is installed, and there is a terminal that can be drawn on and asked what it can."""
    installed = importlib.util.find_spec("textual_image") is not None
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.get_terminal_size(sys.stdout.fileno()).columns > 0
    return installed and terminal


def show_picture(file: Path) -> None:
    """Draws a picture, as high as a small window; a film, which Pillow cannot read, it leaves out."""
    # The library asks the terminal what it can as soon as it is imported.
    from PIL import UnidentifiedImageError  # noqa: PLC0415
    from textual_image.renderable import Image  # noqa: PLC0415

    # It warns of what it then does without, such as the size of a cell.
    logging.getLogger("textual_image").setLevel(logging.ERROR)
    console = Console()
    try:
        console.print(Image(file, width="auto", height=min(_ROWS, console.height)))
    except UnidentifiedImageError:
        return
