"""A TLS front before a server that speaks plain text, with a certificate that can be replaced while it runs."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SELF_SIGNED: Final = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "1"),
    *("-subj", "/CN=front", "-addext", "subjectAltName=IP:127.0.0.1"),
)


def make_certificate(path: Path) -> Path:
    """Makes a certificate for 127.0.0.1 that signs itself, with its key beside it."""
    subprocess.run(
        [*_SELF_SIGNED, "-keyout", path.with_suffix(".key"), "-out", path], check=True, capture_output=True, timeout=60
    )
    return path


class TlsFront:
    """Passes on what comes to a server; `url` is where it is found."""

    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._passing: set[asyncio.Task[None]] = set()
        self.url = ""

    def show(self, certificate: Path) -> None:
        """Shows this certificate to whoever connects from now on."""
        self._context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    @classmethod
    @asynccontextmanager
    async def serve(cls, behind: str, certificate: Path) -> AsyncIterator[TlsFront]:
        front = cls(behind)
        front.show(certificate)
        server = await asyncio.start_server(front._pass_on, "127.0.0.1", 0, ssl=front._context)
        front.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield front
        finally:
            server.close()
            for passing in front._passing:
                passing.cancel()
            await asyncio.gather(*front._passing, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._behind.hostname, self._behind.port)
        for source, target in ((reader, back), (there, writer)):
            passing = asyncio.create_task(_copy(source, target))
            self._passing.add(passing)
            passing.add_done_callback(self._passing.discard)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    finally:
        target.close()
