"""The endpoints of pictures: found with a key, read by name without one (see `picture_links`)."""

import logging
from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from mjproxy_rest import texts
from mjproxy_rest.calls import Call
from mjproxy_rest.cdn import NoSuchPicture, PictureUnreachable
from mjproxy_rest.picture_store import Download
from mjproxy_rest.responses import failure
from mjproxy_rest.streaming import OwnedStream

_log = logging.getLogger(__name__)

_NO_STORE: Final = {"Cache-Control": "no-store"}

# What a name stands for never changes. Its type is what it says, whatever the bytes look like; and pages that isolate
# themselves (Cross-Origin-Embedder-Policy) may show it like all others.
_HEADERS: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PASSED_ON: Final = ("content-type", "content-length", "content-range", "last-modified")


async def find_picture(call: Call) -> Response:
    """`GET /image/{id}`: leads to the task's present picture."""
    try:
        name = await call.services.pictures.name(call.key, call.path_id)
    except NoSuchPicture:
        return _no_such_picture(call)
    return RedirectResponse(f"{call.path_id}/{name}", 307, _NO_STORE)


async def read_picture(call: Call) -> Response:
    """`GET /image/{id}/{name}`: a picture, for whoever knows its name."""
    name = str(call.request.path_params["name"])
    headers = _HEADERS | {"ETag": _etag(name)}
    if _etag(name) in call.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        download = await call.services.pictures.download(call.path_id, name, call.request.method, _range(call, name))
    except NoSuchPicture:
        return _no_such_picture(call)
    except PictureUnreachable as error:
        _log.warning("the picture of task %s cannot be had: %s", call.path_id, error)
        return failure(502, texts.PICTURE_UNREACHABLE, call.language, _NO_STORE)
    return _passed_on(download, headers)


def _etag(name: str) -> str:
    return f'"{name}"'


def _range(call: Call, name: str) -> Mapping[str, str]:
    """Returns the caller's range, unless it is wanted of other bytes only than those that the name stands for."""
    wanted, condition = call.request.headers.get("range"), call.request.headers.get("if-range")
    return {"Range": wanted} if wanted and condition in {None, _etag(name)} else {}


def _passed_on(download: Download, headers: Mapping[str, str]) -> Response:
    told = {name: download.headers[name] for name in _PASSED_ON if name in download.headers}
    return OwnedStream(download.content, download.close, status=download.status, headers={**told, **headers})


def _no_such_picture(call: Call) -> Response:
    return failure(404, texts.NO_SUCH_PICTURE, call.language, _NO_STORE)
