"""Uploading files: Discord reserves a slot for each in its storage, and the bytes are PUT there."""

from collections.abc import Mapping, Sequence
from functools import partial

import httpx
import msgspec

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import Rejected, UnexpectedAnswer, UploadRefused
from mjproxy_server.discord.rest.answers import decode, failure_of
from mjproxy_server.discord.rest.exchange import Call, Exchange
from mjproxy_server.discord.rest.http import request
from mjproxy_server.discord.rest.retry import Repeater, is_transient
from mjproxy_server.discord.rest.routes import UPLOAD_SLOTS
from mjproxy_server.discord.rest.types import UploadedFile, UploadFile

MAX_FILES = 10


class Slot(msgspec.Struct, frozen=True):
    """A place in Discord's storage; the URL carries the right to write there."""

    id: int | str
    upload_url: str
    upload_filename: str


class SlotList(msgspec.Struct, frozen=True):
    """The answer to a request for slots."""

    attachments: list[Slot]


class Uploader:
    """Uploads files into a channel; both steps may be repeated, since an unused slot is simply forgotten."""

    def __init__(self, *, exchange: Exchange, http: httpx.AsyncClient, endpoints: Endpoints, repeat: Repeater) -> None:
        self._exchange = exchange
        self._http = http
        self._endpoints = endpoints
        self._repeat = repeat

    async def upload(self, channel_id: str, files: Sequence[UploadFile]) -> list[UploadedFile]:
        """Upload one to ten files; the result is in their order."""
        slots = await self._reserve(channel_id, files)
        for slot, file in zip(slots, files, strict=True):
            await self._repeat(partial(self._put, slot, file))
        return [UploadedFile(file.filename, slot.upload_filename) for slot, file in zip(slots, files, strict=True)]

    async def _reserve(self, channel_id: str, files: Sequence[UploadFile]) -> list[Slot]:
        call = Call(UPLOAD_SLOTS.bind(channel_id=channel_id), json=slot_request(files))
        answer = decode(await self._repeat(lambda: self._exchange.send(call)), SlotList)
        return in_order(answer.attachments, len(files))

    async def _put(self, slot: Slot, file: UploadFile) -> None:
        """Store a file's bytes. The storage is not Discord's API: it wants no token and has no rate-limit buckets."""
        answer = await request(
            self._http,
            "PUT",
            self._endpoints.upload_url(slot.upload_url),
            headers={"Content-Type": file.content_type},
            content=file.content,
        )
        failure = failure_of(answer)
        if isinstance(failure, Rejected) and not is_transient(failure):
            raise UploadRefused(failure.http_status)
        if failure is not None:
            raise failure


def slot_request(files: Sequence[UploadFile]) -> Mapping[str, object]:
    """Return the request for slots, in which a file's id is its position.

    Raises:
        ValueError: If there is no file, or more than Discord takes at once.
    """
    if not 1 <= len(files) <= MAX_FILES:
        raise ValueError(f"files: 1 to {MAX_FILES} can be uploaded at once, not {len(files)}")
    return {
        "files": [
            {"filename": file.filename, "file_size": len(file.content), "id": str(position)}
            for position, file in enumerate(files)
        ]
    }


def in_order(slots: Sequence[Slot], count: int) -> list[Slot]:
    """Return the slots by their ids, which are the positions of the files.

    Raises:
        UnexpectedAnswer: If a file has no slot.
    """
    by_id = {str(slot.id): slot for slot in slots}
    try:
        return [by_id[str(position)] for position in range(count)]
    except KeyError as missing:
        raise UnexpectedAnswer(f"Discord gave no upload slot for file {missing}") from None


def attachments_of(files: Sequence[UploadedFile]) -> list[dict[str, str]]:
    """Return uploaded files as messages and interactions name them."""
    return [
        {"id": str(position), "filename": file.filename, "uploaded_filename": file.uploaded_filename}
        for position, file in enumerate(files)
    ]
