"""Pictures as the simulator serves them, and the job that it writes into each."""

import io
import json

import httpx
from PIL import Image

_PNG_KEY = "mjproxy-simulator"
_EXIF_DESCRIPTION = 0x010E


async def image(url: object) -> Image.Image:
    """Fetches and decodes a picture."""
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.get(str(url))
    answer.raise_for_status()
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    return picture


async def job_in(url: object) -> str:
    """Returns the UUID of the job that the picture's metadata names."""
    picture = await image(url)
    written = picture.info.get(_PNG_KEY) or picture.getexif()[_EXIF_DESCRIPTION]
    return str(json.loads(written)["job"])
