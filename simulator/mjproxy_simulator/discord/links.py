"""Signed CDN links, which expire a day after they were written.

Format: `/attachments/{channel}/{attachment}/{file}?ex=<expiry>&is=<issue>&hm=<signature>&`, times in hexadecimal Unix
seconds. Source: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, quote, urlsplit

_MIRRORED = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/0_([0-3])\.(?:png|webp|jpeg)")
LIFETIME_SECONDS = 24 * 3600


class Links:
    """Writes and checks the addresses of the simulated hosts.

    Args:
        key: Signs the links.
        base_url: Where they lead, such as `http://127.0.0.1:8090`.
        now: The wall clock, in Unix seconds.
    """

    def __init__(self, key: bytes, base_url: str, now: Callable[[], float]) -> None:
        self._key = key
        self._base_url = base_url
        self._now = now

    @property
    def gateway_url(self) -> str:
        """The address of the gateway, without path or query."""
        return self._base_url.replace("http", "ws", 1)

    def attachment(self, channel_id: int, attachment_id: int, filename: str, *, expired: bool = False) -> str:
        """Return a fresh link to an attachment, or one whose time has run out."""
        return self._signed(f"/attachments/{channel_id}/{attachment_id}/{quote(filename)}", expired=expired)

    def ephemeral_attachment(self, owner_id: int, attachment_id: int, filename: str) -> str:
        """Return a fresh link to a file that came with a command."""
        return self._signed(f"/ephemeral-attachments/{owner_id}/{attachment_id}/{quote(filename)}")

    def mirror(self, job_id: str) -> str:
        """Return the link of the first picture of a job on Midjourney's own host."""
        return f"{self._base_url}/{job_id}/0_0.png"

    def upload(self, name: str, ticket: str) -> str:
        """Return the address where one file may be put."""
        return f"{self._base_url}/upload/{quote(name)}?upload_id={ticket}"

    def check(self, path: str, query: Mapping[str, str]) -> bool:
        """Return whether a link's signature is ours and its time has not run out."""
        expires, issue, signature = (query.get(name, "") for name in ("ex", "is", "hm"))
        if not hmac.compare_digest(self._sign(path, expires, issue).encode(), signature.encode()):
            return False
        return self._now() < int(expires, 16)

    def own(self, url: str) -> tuple[int, int, str] | None:
        """Return channel (or command), attachment and file name of a link to this CDN, however old; None otherwise."""
        if not url.startswith((f"{self._base_url}/attachments/", f"{self._base_url}/ephemeral-attachments/")):
            return None
        parts = urlsplit(url).path.split("/")
        if len(parts) != 5 or not (parts[2].isdecimal() and parts[3].isdecimal()):
            return None
        return int(parts[2]), int(parts[3]), parts[4]

    def mirrored(self, url: str) -> tuple[str, int] | None:
        """Return the job, and which of its pictures (0 to 3), of a link to Midjourney's own host here; else None."""
        match = _MIRRORED.fullmatch(url.removeprefix(self._base_url)) if url.startswith(self._base_url) else None
        return None if match is None else (match[1], int(match[2]))

    def renewed(self, url: str) -> str:
        """Return a link to this CDN signed anew, and any other URL as it is."""
        return url if self.own(url) is None else self._signed(urlsplit(url).path)

    def resolves(self, url: str) -> bool:
        """Return whether an image can be had from a URL; one of another host is taken at its word.

        Names under `.invalid` never resolve (RFC 2606), so that a test has a link to fail with.
        """
        try:
            parts = urlsplit(url)
        except ValueError:  # Such as `http://[::1`.
            return False
        if url.startswith(f"{self._base_url}/"):
            return self.check(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        return bool(parts.hostname) and not f".{parts.hostname}".endswith(".invalid")

    def _signed(self, path: str, *, expired: bool = False) -> str:
        issued = int(self._now()) - (LIFETIME_SECONDS if expired else 0)
        expires, issue = f"{issued + LIFETIME_SECONDS:x}", f"{issued:x}"
        return f"{self._base_url}{path}?ex={expires}&is={issue}&hm={self._sign(path, expires, issue)}&"

    def _sign(self, path: str, expires: str, issue: str) -> str:
        return hmac.digest(self._key, f"{path}?{expires}&{issue}".encode(), "sha256").hex()
