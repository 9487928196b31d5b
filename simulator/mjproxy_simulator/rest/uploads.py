"""Files on their way into messages: a slot is asked for, the file is put there, and a message names it.

Source: https://docs.discord.food/resources/message#create-attachments.
"""

import asyncio
import mimetypes
import secrets
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.cdn.archive import upload_path
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Account
from mjproxy_simulator.model.messages import Attachment, Upload
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.bodies import FileRequest, RefreshBody, SlotsBody, UploadedFile, read_body
from mjproxy_simulator.rest.desk import Desk
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store


class Uploads:
    """The upload host, and the routes that lead to it.

    Args:
        desk: Admits requests.
        store: Knows the slots.
        links: Writes addresses.
        snowflakes: Gives ids to attachments.
        limits: How large a file may be.
        folder: Where the files lie.
    """

    def __init__(
        self, *, desk: Desk, store: Store, links: Links, snowflakes: Snowflakes, limits: Limits, folder: Path
    ) -> None:
        self._desk = desk
        self._store = store
        self._links = links
        self._snowflakes = snowflakes
        self._limits = limits
        self._folder = folder

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the REST API."""
        return [
            self._desk.route("/channels/{channel_id:int}/attachments", self.open_slots, ["POST"]),
            self._desk.route("/attachments/refresh-urls", self.refresh_links, ["POST"]),
            self._desk.route("/attachments/{name:path}", self.delete, ["DELETE"]),
        ]

    def host_routes(self) -> list[BaseRoute]:
        """Return the route of the upload host, where the address alone is the permission."""
        return [Route("/upload/{name:path}", self.put, methods=["PUT"])]

    async def open_slots(self, request: Request, account: Account) -> Response:
        """Open a slot for each file that is announced."""
        channel = self._desk.channel(account, request.path_params["channel_id"])
        body = await read_body(request, SlotsBody)
        if any(file.file_size > self._limits.upload_bytes for file in body.files):
            raise errors.entity_too_large()
        return JsonResponse({"attachments": [self._slot(channel.id, file) for file in body.files]})

    async def put(self, request: Request) -> Response:
        """Store a file in its slot."""
        name = request.path_params["name"]
        ticket = self._store.upload_ticket(name)
        if ticket is None or not secrets.compare_digest(ticket, request.query_params.get("upload_id", "")):
            return PlainTextResponse("No such upload.", HTTPStatus.NOT_FOUND)
        try:
            content = await self._read(request)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if content is None:
            return PlainTextResponse("Too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await asyncio.to_thread(upload_path(self._folder, name).write_bytes, content)
        return Response(status_code=HTTPStatus.OK)

    async def delete(self, request: Request, account: Account) -> Response:
        """Forget a file that was uploaded and is in no message yet."""
        name = request.path_params["name"]
        channel_id = self._store.upload_channel(name)
        if channel_id is None:
            raise errors.unknown_attachment()
        self._desk.channel(account, channel_id)
        self._store.remove_upload(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def refresh_links(self, request: Request, account: Account) -> Response:  # noqa: ARG002
        """Sign links anew, however old they are."""
        body = await read_body(request, RefreshBody)
        return JsonResponse({"refreshed_urls": [self._refreshed(url) for url in body.attachment_urls]})

    async def attach(self, files: Iterable[UploadedFile]) -> tuple[Attachment, ...]:
        """Return uploaded files as attachments.

        Raises:
            DiscordError: One was not uploaded.
        """
        return tuple([await self._attachment(file) for file in files])

    def _slot(self, channel_id: int, file: FileRequest) -> Json:
        name, ticket = f"{uuid.uuid4()}/{file.filename}", secrets.token_urlsafe(16)
        self._store.add_upload(name, channel_id, ticket)
        number = int(file.id) if str(file.id).isdecimal() else file.id
        return {"id": number, "upload_url": self._links.upload(name, ticket), "upload_filename": name}

    async def _read(self, request: Request) -> bytes | None:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > self._limits.upload_bytes:
                return None
        return bytes(content)

    async def _attachment(self, file: UploadedFile) -> Attachment:
        path = upload_path(self._folder, file.uploaded_filename)
        if self._store.upload_ticket(file.uploaded_filename) is None or not path.is_file():
            raise errors.unknown_upload(("attachments",), file.uploaded_filename)
        width, height = await asyncio.to_thread(_image_size, path) or (None, None)
        return Attachment(
            id=self._snowflakes.next(),
            filename=file.filename,
            content_type=mimetypes.guess_type(file.filename)[0] or "application/octet-stream",
            size=path.stat().st_size,
            source=Upload(file.uploaded_filename),
            width=width,
            height=height,
        )

    def _refreshed(self, url: str) -> Json:
        place = self._links.own(url)
        if place is None or self._store.attachment(place[0], place[1]) is None:
            return {"original": url, "refreshed": None}
        return {"original": url, "refreshed": self._links.renewed(url)}


def _image_size(path: Path) -> tuple[int, int] | None:
    # Pillow takes a while to load, which a start should not wait for.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(path) as image:
            return image.size
    except UnidentifiedImageError:
        return None
