"""The bot's own host, where its pages in frames live (`{application}.discordsays.com` in life).

A client that opens the page of Vary (Region) marks a region on it and sends the page's form to this host, not to
Discord. Two variants of that request have been seen: the older one has the token of the page in its body, the one of
2026 has it in its path, below `/.proxy`.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.answers import decided
from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.cdn.archive import upload_path
from mjproxy_simulator.model.entries import Entry
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_MASK_BYTES: Final = 10 * 1024 * 1024
_REGION_PAGE: Final = (
    "<!doctype html><title>Vary (Region)</title><p>Mark a region, and describe what is to be there.</p>"
)
_CONFIRMATION_PAGE: Final = (
    "<!doctype html><title>Action required to continue</title>"
    "<p>The control API confirms it: PATCH /control/accounts/ID with hold null.</p>"
)
_IMAGES: Final = (b"\x89PNG\r\n\x1a\n", b"RIFF")
_HOSTS: Final = ("", "/.proxy", "/discordsays/{application_id:int}", "/discordsays/{application_id:int}/.proxy")


class _Region(BaseModel):
    customId: str = ""  # noqa: N815 -- the page's own spelling
    prompt: str = Field(default="", max_length=4000)
    full_prompt: str | None = None
    mask: Annotated[str, Field(min_length=1, max_length=_MASK_BYTES)]


class Frames:
    """The pages, and what is sent from them.

    Args:
        bot: Draws the regions.
        store: Has the ledger.
        folder: Where masks are put, beside the uploads.
        picture: Writes a link to the picture of a job, by the job's id.
        switches: How what is uncertain is played.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self,
        *,
        bot: Bot,
        store: Store,
        folder: Path,
        picture: Callable[[str], str],
        switches: Switches,
        now: Callable[[], float],
    ) -> None:
        self._bot = bot
        self._store = store
        self._folder = folder
        self._picture = picture
        self._switches = switches
        self._now = now

    def routes(self) -> list[BaseRoute]:
        """Return the routes, below every path under which clients look for the host."""
        regions = [route for host in _HOSTS for route in self._region_routes(f"{host}/inpaint")]
        return [*regions, *(Route(f"{host}/verify/index.html", self.confirmation_page) for host in _HOSTS)]

    def _region_routes(self, root: str) -> list[BaseRoute]:
        return [
            Route(f"{root}/index.html", self.region_page),
            Route(f"{root}/api/get-image-info/{{width:int}}/{{height:int}}/{{token}}", self.image_info),
            Route(f"{root}/api/submit-job", self.submit, methods=["POST"]),
            Route(f"{root}/api/submit-job/{{token}}", self.submit, methods=["POST"]),
        ]

    async def region_page(self, request: Request) -> Response:  # noqa: ARG002
        """Serve the page of Vary (Region); a client of flesh and blood would paint on it."""
        return HTMLResponse(_REGION_PAGE)

    async def confirmation_page(self, request: Request) -> Response:  # noqa: ARG002
        """Serve the page on which a person confirms something; it does not let the account go by itself."""
        return HTMLResponse(_CONFIRMATION_PAGE)

    async def image_info(self, request: Request) -> Response:
        """Tell the page what the picture is, and its prompt."""
        job = self._bot.job_in_frame(request.path_params["token"])
        if job is None:
            return _refused(HTTPStatus.NOT_FOUND, "This form is not open.")
        return JsonResponse({"prompt": job.prompt, "image_url": self._picture(job.id)})

    async def submit(self, request: Request) -> Response:
        """Take a marked region."""
        try:
            body = _Region.model_validate_json(await request.body())
            mask = _decoded(body.mask)
        except ValidationError:
            return _refused(HTTPStatus.BAD_REQUEST, "Send a JSON object with customId, prompt and mask.")
        except ValueError:
            return _refused(HTTPStatus.BAD_REQUEST, "mask: send a PNG or WebP file in base64.")
        name = f"{hashlib.sha256(mask).hexdigest()}/mask"
        await asyncio.to_thread(upload_path(self._folder, name).write_bytes, mask)
        token = request.path_params.get("token", body.customId)
        return self._submit(token, body.full_prompt or body.prompt, name)

    def _submit(self, token: str, prompt: str, mask: str) -> Response:
        opener = self._bot.opener_of_frame(token)
        answer = None if opener is None else self._bot.submit_region(token, prompt, mask)
        if opener is None or answer is None:
            return _refused(HTTPStatus.NOT_FOUND, "This form is not open.")
        entry = Entry(
            time=self._now(),
            user_id=str(opener.invocation.user_id),
            guild_id=None if opener.guild_id is None else str(opener.guild_id),
            channel_id=str(opener.channel_id),
            kind="region_submit",
            custom_id=opener.custom_id,
            prompt=prompt,
            status=HTTPStatus.OK,
        )
        self._store.add_entry(decided(entry, answer))
        return JsonResponse({"success": True} if self._switches.now.region_answer == "success" else {})


def _decoded(mask: str) -> bytes:
    content = base64.b64decode(mask, validate=True)
    if not content.startswith(_IMAGES):
        raise ValueError("neither PNG nor WebP")
    return content


def _refused(status: HTTPStatus, message: str) -> Response:
    return JsonResponse({"error": message}, status)
