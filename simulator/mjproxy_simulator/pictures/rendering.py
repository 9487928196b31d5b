"""From a job's record to the bytes of a picture file, which says in itself whose picture it is.

The metadata is a JSON object in ASCII: in a PNG the text chunk `mjproxy-simulator`, in a WebP or JPEG the EXIF tag
ImageDescription (0x010E).
"""

import io
import json
from typing import Final

from PIL import Image, ImageFilter, PngImagePlugin

from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.album import frames, picture
from mjproxy_simulator.pictures.metadata import metadata
from mjproxy_simulator.pictures.records import Record
from mjproxy_simulator.pictures.retouch import Picture

METADATA_KEY: Final = "mjproxy-simulator"
_IMAGE_DESCRIPTION: Final = 0x010E
_PREVIEW_BLUR: Final = 0.12  # Pixels for each percent that is missing.
_FRAME_MILLISECONDS: Final = 120


def render(record: Record, drawing: Drawing, suffix: str) -> bytes:
    """Return a picture file.

    Args:
        record: What the job of the picture is made from.
        drawing: What part of the job to show.
        suffix: "png", "jpeg" or "webp"; a film is one of the last.
    """
    description = json.dumps(metadata(record.job, drawing))
    if record.redone().job.kind.film and suffix == "webp" and drawing.view is not View.PREVIEW:
        return _film(frames(record, drawing), description)
    return encode(_developed(picture(record, drawing), drawing), suffix, description)


def encode(image: Picture, suffix: str, description: str | None = None, quality: int = 80) -> bytes:
    """Return a picture as a file: fast rather than small.

    Args:
        image: The picture.
        suffix: "png", "jpeg" or "webp".
        description: What the file is to say about itself.
        quality: From 1 to 100, for files that lose something.
    """
    file = io.BytesIO()
    match suffix:
        case "png":
            image.save(file, "PNG", pnginfo=_text(description), compress_level=1)
        case "webp":
            image.save(file, "WEBP", quality=quality, method=0, exif=_exif(description))
        case _:
            image.convert("RGB").save(file, "JPEG", quality=quality, exif=_exif(description))
    return file.getvalue()


def description_of(image: Picture) -> str | None:
    """Return what a file says about itself."""
    description = image.info.get(METADATA_KEY) or image.getexif().get(_IMAGE_DESCRIPTION)
    return description if isinstance(description, str) else None


def _developed(image: Picture, drawing: Drawing) -> Picture:
    if drawing.view is not View.PREVIEW:
        return image
    return image.filter(ImageFilter.GaussianBlur(_PREVIEW_BLUR * (100 - drawing.percent)))


def _film(pictures: list[Picture], description: str) -> bytes:
    file = io.BytesIO()
    first, *others = pictures
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=_FRAME_MILLISECONDS,
        loop=0,
        quality=70,
        method=0,
        exif=_exif(description),
    )
    return file.getvalue()


def _text(description: str | None) -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    if description is not None:
        text.add_text(METADATA_KEY, description)
    return text


def _exif(description: str | None) -> Image.Exif:
    exif = Image.Exif()
    if description is not None:
        exif[_IMAGE_DESCRIPTION] = description
    return exif
