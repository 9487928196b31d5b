"""The CDN: attachments behind signed links."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.cdn.gallery import Gallery
from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.model.messages import Attachment
from mjproxy_simulator.store import Store

_ANY_ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}


class Cdn:
    """Serves what messages have attached to them."""

    def __init__(self, store: Store, links: Links, gallery: Gallery) -> None:
        self._store = store
        self._links = links
        self._gallery = gallery

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the CDN host."""
        return [Route("/attachments/{channel_id:int}/{attachment_id:int}/{filename}", self.attachment)]

    async def attachment(self, request: Request) -> Response:
        """Serve one attachment; a link that is forged, expired or dead gives the same 404, as on the real CDN."""
        attachment = self._find(request)
        content = None if attachment is None else await self._gallery.fetch(attachment)
        if attachment is None or content is None:
            return PlainTextResponse("This content is no longer available.", HTTPStatus.NOT_FOUND, headers=_ANY_ORIGIN)
        headers = _ANY_ORIGIN | {"Cache-Control": "public, max-age=31536000"}
        return Response(content, media_type=attachment.content_type, headers=headers)

    def _find(self, request: Request) -> Attachment | None:
        path = request.scope["raw_path"].decode("ascii")
        if not self._links.check(path, request.query_params):
            return None
        return self._store.attachment(request.path_params["channel_id"], request.path_params["attachment_id"])
