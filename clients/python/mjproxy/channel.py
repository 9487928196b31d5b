"""How this client connects: channel options, TLS, and the key that goes with each call."""

from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

import grpc

from mjproxy.loopback import is_loopback

# Both directions carry pictures by value: the server takes submissions of up to 64 MiB.
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024

CHANNEL_OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    # A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds. A healthy watch never pings:
    # it brings a bookmark every 15 seconds. The keepalive's timeout is that of TCP, to which a proxy on the way answers
    # by itself; the ping has one of its own. And after two pings without data, more come only once a minute by default.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # By default a channel that lost its server waits up to two minutes before it knocks again.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # In spite of its name this is the time that an attempt to connect has at least; a far server needs it for TLS.
    ("grpc.min_reconnect_backoff_ms", 5_000),
)

_HTTPS_PORT: Final = 443

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust a server, and how to be trusted by it, where the well-known authorities do not suffice.

    Attributes:
        root_certificates: PEM of the authorities to trust; None for those that gRPC brings along, or that are in the
            file which GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names.
        private_key: PEM of the client's key, for mutual TLS.
        certificate_chain: PEM of the client's certificate, for mutual TLS.
    """

    root_certificates: bytes | None = None
    private_key: bytes | None = field(default=None, repr=False)
    certificate_chain: bytes | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is, and how to speak to it.

    Attributes:
        target: "host:port", or any other gRPC target.
        tls: Encrypts the connection; None for plain text.
    """

    target: str
    tls: Tls | None = None

    @classmethod
    def parse(cls, target: str, tls: Tls | bool = False) -> Self:
        """Reads what a caller names a server by.

        Args:
            target: "host:port" or "http://host:port" in plain text; "https://host" or "https://host:port" with TLS; or
                any other gRPC target, such as "unix:///run/mjproxy.sock".
            tls: True, or whom to trust, for TLS without "https://".

        Raises:
            ValueError: It is a URL without a host or with a path, "http://" without a port or with TLS.
        """
        wanted = Tls() if tls is True else tls or None
        if not target.startswith(("http://", "https://")):
            return cls(target, wanted)
        url = urlsplit(target)
        if not url.hostname or url.path.strip("/") or url.query or url.username:
            raise ValueError(f"target: {target!r} is no address of a gRPC server; write https://HOST:PORT")
        if url.scheme == "https":
            return cls(f"{_host(url.hostname)}:{url.port or _HTTPS_PORT}", wanted or Tls())
        if wanted or not url.port:
            raise ValueError(f"target: {target!r} is plain text; write HOST:PORT, or https:// for TLS")
        return cls(f"{_host(url.hostname)}:{url.port}")


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def open_channel(target: str, tls: Tls | None = None, options: tuple[tuple[str, int], ...] = ()) -> grpc.aio.Channel:
    """Opens a channel; it connects with the first call.

    Other hosts are reached by way of the proxy that the environment names, if it names one; this machine is not.

    Args:
        target: "host:port", or any other gRPC target.
        tls: Encrypts the connection; None for plain text.
        options: Of gRPC's, instead of or beside those of this module.
    """
    by_proxy = not is_loopback(target.rpartition(":")[0])
    chosen = tuple((dict(CHANNEL_OPTIONS) | {"grpc.enable_http_proxy": int(by_proxy)} | dict(options)).items())
    if tls is None:
        return grpc.aio.insecure_channel(target, options=chosen)
    credentials = grpc.ssl_channel_credentials(tls.root_certificates, tls.private_key, tls.certificate_chain)
    return grpc.aio.secure_channel(target, credentials, options=chosen)


def authorization(key: str | None) -> Metadata:
    """The metadata that carries a key; none without one."""
    return (("authorization", f"Bearer {key}"),) if key else ()
