"""The pages of applications, which Discord shows in a frame and serves on a host of their own.

They are not Discord's API: they want no token and have no rate-limit buckets. What Discord's client sends along is the
page's own origin.
"""

from collections.abc import Mapping

import httpx

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.rest.answers import failure_of
from mjproxy_server.discord.rest.http import request


class Frames:
    """Posts to the pages of applications, each request once."""

    def __init__(self, *, http: httpx.AsyncClient, endpoints: Endpoints) -> None:
        self._http = http
        self._endpoints = endpoints

    async def post(self, application_id: str, path: str, payload: Mapping[str, object]) -> bytes:
        """Post once and return the body of the 2xx answer.

        Raises:
            Rejected: If the page answered with a 4xx.
            DiscordUnavailable: If there was no usable answer.
        """
        own = f"https://{application_id}.discordsays.com"
        origin = self._endpoints.interaction_frame_server or own
        headers = {"Origin": own, "Referer": f"{own}/"}
        answer = await request(self._http, "POST", origin.rstrip("/") + path, headers=headers, json=payload)
        failure = failure_of(answer)
        if failure is not None:
            raise failure
        return answer.content
