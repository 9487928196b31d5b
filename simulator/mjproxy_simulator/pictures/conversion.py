"""Other forms of picture files, as the media host makes them."""

import io

from PIL import Image

from mjproxy_simulator.pictures.rendering import description_of, encode
from mjproxy_simulator.pictures.sizes import Size


def convert(file: bytes, suffix: str, bounds: tuple[int | None, int | None], quality: int) -> bytes | None:
    """Return a picture in another form, with what it says about itself; None if the file is no picture.

    Args:
        file: The picture; a film stays as it is in a WebP, and of one in another form, the first frame is taken.
        suffix: "png", "jpeg" or "webp".
        bounds: The greatest width and height in pixels; the shape is kept, and nothing becomes larger.
        quality: From 1 to 100.
    """
    try:
        with Image.open(io.BytesIO(file)) as image:
            if suffix == "webp" and getattr(image, "is_animated", False):
                return file
            size = _within(image.size, bounds)
            image.draft("RGB", size)
            picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
            smaller = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
            return encode(smaller, suffix, description_of(image), quality)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _within(size: Size, bounds: tuple[int | None, int | None]) -> Size:
    factor = min([1.0, *(bound / side for bound, side in zip(bounds, size, strict=True) if bound is not None)])
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
