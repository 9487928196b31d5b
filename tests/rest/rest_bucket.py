"""An object store on a real socket: as much of S3's protocol as it takes to put objects, and to get parts of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

_UPLOAD: Final = b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
_UPLOADED: Final = b'<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>'


@dataclass
class Bucket:
    """Keeps objects by path, bucket included, with their content types. While it is `away` it fails everything."""

    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    parts: dict[int, bytes] = field(default_factory=dict)
    away: bool = False
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serves for so long."""
        handler = type("Handler", (_Handler,), {"bucket": self})
        with ThreadingHTTPServer(("127.0.0.1", self.port), handler) as server:
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket

    def do_PUT(self) -> None:
        path, query = self._target()
        content = self.rfile.read(int(self.headers["content-length"]))
        assert "Credential=the-id/" in self.headers["authorization"]
        if number := query.get("partNumber"):
            self.bucket.parts[int(number[0])] = content
        elif not self.bucket.away:
            self.bucket.objects[path] = self.headers["content-type"], content
        self._answer(200)

    def do_POST(self) -> None:
        path, query = self._target()
        self.rfile.read(int(self.headers["content-length"] or 0))
        if "uploads" in query:
            self.bucket.objects[path] = self.headers["content-type"], b""
            self._answer(200, _UPLOAD)
        else:
            parts = [content for _, content in sorted(self.bucket.parts.items())]
            self.bucket.objects[path] = self.bucket.objects[path][0], b"".join(parts)
            self._answer(200, _UPLOADED)

    def do_GET(self) -> None:
        found = self.bucket.objects.get(self._target()[0])
        if found is None:
            self._answer(404)
            return
        kind, content = found
        if wanted := self.headers["range"]:
            first, last = map(int, wanted.removeprefix("bytes=").split("-"))
            said = {"content-range": f"bytes {first}-{last}/{len(content)}"}
            self._answer(206, content[first : last + 1], kind, said)
        else:
            self._answer(200, content, kind)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _target(self) -> tuple[str, dict[str, list[str]]]:
        target = urlsplit(self.path)
        return target.path, parse_qs(target.query, keep_blank_values=True)

    def _answer(
        self, status: int, content: bytes = b"", kind: str = "application/xml", headers: dict[str, str] | None = None
    ) -> None:
        said = {"content-type": kind, "content-length": str(len(content)), "etag": '"1"'} | (headers or {})
        self.send_response(503 if self.bucket.away else status)
        for name, value in (said | {"last-modified": "Fri, 01 Aug 2025 00:00:00 GMT"}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""
