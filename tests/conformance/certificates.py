"""Certificates of servers that clients are to trust or not, made anew for each run by `openssl`."""

import ssl
import subprocess
from pathlib import Path
from typing import Final

_NEW: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "1")
_OF_A_SERVER: Final = ("-addext", "basicConstraints=CA:FALSE")

# Which authority signs a server's certificate, and for which host.
_SERVERS: Final = {
    "trusted": ("authority", "IP:127.0.0.1"),
    "of_a_stranger": ("stranger", "IP:127.0.0.1"),
    "of_another_host": ("authority", "DNS:mj.example"),
}


class Certificates:
    """Those of an authority that clients are told to trust, of a stranger, and of servers that one of them vouches for.

    Each is made when it is first asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def authority(self) -> Path:
        """The PEM file of the authority that clients are told to trust."""
        return self._made("authority")

    def server(self, kind: str) -> ssl.SSLContext:
        """Returns what a gRPC server encrypts with.

        Args:
            kind: The certificate that it shows: "trusted", "of_a_stranger" or "of_another_host".
        """
        signer, host = _SERVERS[kind]
        signed = ("-CA", str(self._made(signer)), "-CAkey", str(self._made(signer).with_suffix(".key")))
        certificate = self._made(kind, *signed, *_OF_A_SERVER, "-addext", f"subjectAltName={host}")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        context.set_alpn_protocols(["h2"])
        return context

    def _made(self, name: str, *options: str) -> Path:
        """Returns a certificate, whose key lies beside it; one that nobody signs signs itself."""
        certificate = self._folder / f"{name}.crt"
        if not certificate.exists():
            files = ("-keyout", str(certificate.with_suffix(".key")), "-out", str(certificate))
            command = ("openssl", "req", "-x509", *_NEW, *files, "-subj", f"/CN={name}", *options)
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        return certificate
