"""From a job to the bytes of a picture file, which says in itself whose picture it is.

The metadata is a JSON object in ASCII: in a PNG the text chunk `mjproxy-simulator`, in a WebP the EXIF tag
ImageDescription (0x010E).
"""

import io
import json
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, PngImagePlugin

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.painter import paint
from mjproxy_simulator.pictures.scene import scene_of
from mjproxy_simulator.pictures.sizes import cell_size

METADATA_KEY: Final = "mjproxy-simulator"
_IMAGE_DESCRIPTION: Final = 0x010E
_PREVIEW_BLUR: Final = 0.12  # Pixels for each percent that is missing.

Pixels = NDArray[np.uint8]


def render(lineage: tuple[Job, ...], drawing: Drawing, suffix: str) -> bytes:
    """Return a picture file.

    Args:
        lineage: The job, the job it builds on, and so on.
        drawing: What part of the job to show.
        suffix: "png" or "webp".
    """
    image = _image(lineage, drawing)
    description = json.dumps(metadata(lineage[0], drawing))
    return _png(image, description) if suffix == "png" else _webp(image, description)


def metadata(job: Job, drawing: Drawing) -> dict[str, object]:
    """Return what a picture says about itself."""
    return {
        "job": job.id,
        "kind": job.kind,
        "parent": job.parent,
        "index": job.index,
        "prompt": job.prompt,
        "seed": job.seed,
        "view": drawing.view,
    }


def pixels(lineage: tuple[Job, ...], view: View) -> Pixels:
    """Return a view of a job as (height, width, 3) bytes."""
    width, height = cell_size(lineage[0].aspect)
    if view is View.CELL:
        return paint(scene_of(lineage, 1), width, height)
    if view is View.PREVIEW:
        width, height = width // 2, height // 2
    cells = [paint(scene_of(lineage, cell), width, height) for cell in range(1, 5)]
    return np.vstack([np.hstack(cells[:2]), np.hstack(cells[2:])])


def _image(lineage: tuple[Job, ...], drawing: Drawing) -> Image.Image:
    image = Image.fromarray(pixels(lineage, drawing.view))
    if drawing.view is View.PREVIEW:
        return image.filter(ImageFilter.GaussianBlur(_PREVIEW_BLUR * (100 - drawing.percent)))
    return image


def _png(image: Image.Image, description: str) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text(METADATA_KEY, description)
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=text, compress_level=1)
    return file.getvalue()


def _webp(image: Image.Image, description: str) -> bytes:
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = description
    file = io.BytesIO()
    image.save(file, "WEBP", quality=88, method=1, exif=exif)
    return file.getvalue()
