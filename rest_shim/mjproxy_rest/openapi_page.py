"""The OpenAPI document and the page to read it and try it, served without a key: neither tells a secret.

The page is RapiDoc (https://rapidocweb.com, MIT licence), shipped with this package, so that nothing is loaded from
elsewhere. `page/rapidoc-min.js` is that file of the npm package `rapidoc` 9.3.8, without the line with its source map.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mjproxy_rest.openapi import document
from mjproxy_rest.responses import json_response

_FOLDER: Final = Path(__file__).parent / "page"
_COMPRESSED: Final = Middleware(GZipMiddleware, minimum_size=2048)

# The page runs no script but its own and asks no host but this one. Styles may stand in elements, where RapiDoc has
# them, and pictures may come from wherever a task's picture is.
_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src * data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_routes() -> Iterator[BaseRoute]:
    """Yields the document, the page and what the page is made of."""
    encoded = orjson.dumps(document())

    async def answer(_: Request) -> Response:
        return json_response(encoded)

    yield Route("/mj/openapi.json", answer, middleware=[_COMPRESSED])
    yield Route("/mj", _page)
    yield Mount("/mj/page", StaticFiles(directory=_FOLDER), middleware=[_COMPRESSED])


async def _page(_: Request) -> Response:
    return FileResponse(_FOLDER / "index.html", headers=_HEADERS)
