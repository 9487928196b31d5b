"""The socket at which callers find the shim."""

import socket

from mjproxy.launcher.address import Address

_BACKLOG = 2048


def listen(address: Address) -> socket.socket:
    """Listens.

    Raises:
        OSError: That cannot be done there; the message says what to do.
    """
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        remedy = "stop what listens there, or set rest_listen to another address (port 0 takes a free one)"
        raise OSError(error.errno, f"rest_listen: cannot listen on {address} ({error.strerror}); {remedy}") from error


def announcement(listener: socket.socket) -> str:
    """Returns what the ready line says of the socket: `rest=http://HOST:PORT`."""
    return f"rest=http://{Address(*listener.getsockname()[:2])}"
