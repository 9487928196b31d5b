"""Which addresses never leave this machine, and so must not be asked of the proxy that the environment names."""

import ipaddress


def is_loopback(host: str) -> bool:
    """True for "localhost" and for the loopback addresses of IPv4 and IPv6, the latter with or without brackets."""
    bare = host.removeprefix("[").removesuffix("]")
    if bare.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
