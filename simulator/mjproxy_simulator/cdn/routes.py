"""The CDN and the media host: attachments behind signed links. And hosts of the bot's own: a mirror, short links."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.prompts import short_link
from mjproxy_simulator.cdn import delivery
from mjproxy_simulator.cdn.archive import Archive
from mjproxy_simulator.cdn.delivery import File
from mjproxy_simulator.cdn.gallery import Gallery, UnsupportedError
from mjproxy_simulator.cdn.variants import VariantError, parse_variant
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.model.messages import Attachment, Drawing, View
from mjproxy_simulator.model.snowflakes import created_ms
from mjproxy_simulator.pictures.metadata import metadata
from mjproxy_simulator.store import Store

_METHODS: Final = ["GET", "HEAD", "OPTIONS"]
_ATTACHMENT: Final = "/{owner_id:int}/{attachment_id:int}/{filename}"
_MIRRORED: Final = ("png", "webp", "jpeg")
_TOLD: Final = ("job", "kind", "parent", "index", "seed", "view")


class Cdn:
    """Serves what messages have attached to them, and the pictures of jobs."""

    def __init__(self, store: Store, links: Links, archive: Archive, gallery: Gallery) -> None:
        self._store = store
        self._links = links
        self._archive = archive
        self._gallery = gallery

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the CDN, of the media host, and of the mirror."""
        return [
            Route(f"/attachments{_ATTACHMENT}", self.attachment, methods=_METHODS),
            Route(f"/ephemeral-attachments{_ATTACHMENT}", self.attachment, methods=_METHODS),
            Route("/s.mj.run/{code}", self.short, methods=["GET", "HEAD"]),
            Route("/{job_id:uuid}/0_{number:int}.{suffix}", self.mirrored, methods=_METHODS),
        ]

    async def attachment(self, request: Request) -> Response:
        """Serve an attachment; its owner is a channel, or the command that a file came with."""
        attachment = self._find(request)
        if attachment is None:
            return delivery.gone()
        suffix = attachment.filename.rpartition(".")[2].lower()
        file = File(attachment.source, suffix, attachment.content_type, created_ms(attachment.id))
        return await self._serve(request, file)

    async def mirrored(self, request: Request) -> Response:
        """Serve one picture of a finished job, without a signature: `cdn.midjourney.com/{job}/0_{0..3}.png`."""
        number, suffix = request.path_params["number"], request.path_params["suffix"]
        job = self._store.job(str(request.path_params["job_id"]))
        if job is None or suffix not in _MIRRORED or number >= job.picture_count:
            return delivery.gone()
        drawing = Drawing(job.id, View.CELL, cell=number + 1)
        return await self._serve(request, File(drawing, suffix, f"image/{suffix}", job.created_ms))

    async def short(self, request: Request) -> Response:
        """Lead from a short link in a prompt (`https://s.mj.run/{code}`) to the image that it stands for."""
        short = f"<https://s.mj.run/{request.path_params['code']}>"
        url = next((url for url in self._store.image_urls() if short_link(url) == short), None)
        if url is None:
            return delivery.gone()
        return RedirectResponse(self._links.renewed(url), HTTPStatus.FOUND, headers=delivery.ANY_ORIGIN)

    def _find(self, request: Request) -> Attachment | None:
        path = request.scope["raw_path"].decode("ascii")
        if request.method != "OPTIONS" and not self._links.check(path, request.query_params):
            return None
        return self._store.attachment(request.path_params["owner_id"], request.path_params["attachment_id"])

    async def _serve(self, request: Request, file: File) -> Response:
        if request.method == "OPTIONS":
            return delivery.permission()
        try:
            file = replace(file, variant=parse_variant(request.query_params))
            response = await self._answer(request, file)
        except VariantError as error:
            return delivery.refused(str(error))
        except UnsupportedError:
            return delivery.refused("this file is no picture, so that it has no other form")
        response.headers.update(self._about(file))
        return response

    async def _answer(self, request: Request, file: File) -> Response:
        if not self._gallery.has(file.source):
            return delivery.gone()
        if delivery.unchanged(file, request.headers):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=file.headers())
        if request.method == "HEAD":
            size = self._gallery.size(file.source, file.suffix) if file.variant is None else None
            return delivery.announcement(file, size)
        content = await self._gallery.fetch(file.source, file.suffix, file.variant)
        return delivery.gone() if content is None else delivery.whole_or_part(file, content, request.headers)

    def _about(self, file: File) -> dict[str, str]:
        """Return headers that say whose picture it is, so that HEAD tells it without drawing."""
        if not isinstance(file.source, Drawing) or (job := self._archive.job(file.source.job_id)) is None:
            return {}
        told = metadata(job, file.source)
        return {f"X-Simulator-{name.capitalize()}": str(told[name]) for name in _TOLD if told[name] is not None}
