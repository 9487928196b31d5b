"""The socket at which callers find the shim."""

import socket

from mjproxy.launcher.address import Address

_BACKLOG = 2048

# A caller whose machine or network is gone says nothing any more, not even that. What he holds (a connection, half an
# upload, a picture that is read from Discord) is let go of after two minutes without a sign of him, or one in which he
# takes nothing. Connections have this from the socket that accepts them; some systems know other names for it, or none.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 60_000}


def listen(address: Address) -> socket.socket:
    """Listens.

    Raises:
        OSError: That cannot be done there; the message says what to do.
    """
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listener = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        remedy = "stop what listens there, or set rest_listen to another address (port 0 takes a free one)"
        raise OSError(error.errno, f"rest_listen: cannot listen on {address} ({error.strerror}); {remedy}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return listener


def announcement(listener: socket.socket) -> str:
    """Returns what the ready line says of the socket: `rest=http://HOST:PORT`."""
    return f"rest=http://{Address(*listener.getsockname()[:2])}"
