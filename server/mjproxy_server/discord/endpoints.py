"""Where Discord is found, and how addresses that Discord itself names are led to the configured hosts.

Every host can be replaced by a reverse proxy. Discord hands out two kinds of address at run time, the resume URL of a
gateway session and the URL of an upload slot; their hosts are replaced here, their paths and queries are kept.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

API_PATH = "/api/v9"
GATEWAY_QUERY = {"encoding": "json", "v": "9", "compress": "zlib-stream"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The hosts of Discord, or of the reverse proxies that stand for them.

    Attributes:
        server: Origin of the REST API.
        cdn: Origin of attachments.
        gateway: WebSocket URL of the gateway; its query is set here and need not be given.
        resume_gateway: Replaces the host of the resume URL that READY names.
        upload_server: Replaces the host of the upload URLs that Discord hands out.
        interaction_frame_server: Replaces `https://<application id>.discordsays.com`, the host of iframe modals.
        proxy: HTTP or SOCKS proxy for every connection, such as `socks5h://user:password@127.0.0.1:1080`.
    """

    server: str = "https://discord.com"
    cdn: str = "https://cdn.discordapp.com"
    gateway: str = "wss://gateway.discord.gg"
    resume_gateway: str | None = None
    upload_server: str | None = None
    interaction_frame_server: str | None = None
    proxy: str | None = field(default=None, repr=False)  # It may hold a password.

    @property
    def api_url(self) -> str:
        """The base URL of all REST routes, without a slash at its end."""
        return self.server.rstrip("/") + API_PATH

    @property
    def gateway_url(self) -> str:
        """The URL to open for a new session."""
        return with_gateway_query(self.gateway)

    def resume_url(self, told: str) -> str:
        """Return the URL to open to resume a session whose READY named `told`, which may lack path and query."""
        return with_gateway_query(moved_to(told, self.resume_gateway))

    def upload_url(self, told: str) -> str:
        """Return the URL to PUT a file to, given the one in the upload slot."""
        return moved_to(told, self.upload_server)


def moved_to(url: str, host: str | None) -> str:
    """Return `url` with scheme and host of `host`, keeping path and query; unchanged if `host` is None."""
    if host is None:
        return url
    old, new = urlsplit(url), urlsplit(host)
    return urlunsplit((new.scheme, new.netloc, new.path.rstrip("/") + old.path, old.query, ""))


def with_gateway_query(url: str) -> str:
    """Return `url` with the gateway's query parameters, keeping others that it has."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | GATEWAY_QUERY
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(query), ""))
