"""How this client connects: channel options, TLS, and the key that goes with each call."""

from dataclasses import dataclass, field
from typing import Final

import grpc

from mjproxy.loopback import is_loopback

# Both directions carry pictures by value: the server takes submissions of up to 64 MiB.
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024

CHANNEL_OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    # A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds. A healthy watch never pings:
    # it brings a bookmark every 15 seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # By default a channel that lost its server waits up to two minutes before it knocks again.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust a server, and how to be trusted by it, where the system's certificates do not suffice.

    Attributes:
        root_certificates: PEM of the authorities to trust; None for the system's.
        private_key: PEM of the client's key, for mutual TLS.
        certificate_chain: PEM of the client's certificate, for mutual TLS.
    """

    root_certificates: bytes | None = None
    private_key: bytes | None = field(default=None, repr=False)
    certificate_chain: bytes | None = None


def open_channel(target: str, tls: Tls | None = None) -> grpc.aio.Channel:
    """Opens a channel; it connects with the first call.

    Other hosts are reached by way of the proxy that the environment names, if it names one; this machine is not.

    Args:
        target: "host:port", or any other gRPC target.
        tls: Encrypts the connection; None for plain text.
    """
    options = (*CHANNEL_OPTIONS, ("grpc.enable_http_proxy", int(not is_loopback(target.rpartition(":")[0]))))
    if tls is None:
        return grpc.aio.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(tls.root_certificates, tls.private_key, tls.certificate_chain)
    return grpc.aio.secure_channel(target, credentials, options=options)


def authorization(key: str | None) -> Metadata:
    """The metadata that carries a key; none without one."""
    return (("authorization", f"Bearer {key}"),) if key else ()
