"""Who calls, and what they may do.

Without keys the service is open: everybody is the same anonymous administrator (and the server then listens on
loopback only). A service key, which the launcher makes for its own REST shim, opens nothing to anybody else and
closes nothing either.
"""

import hmac
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from mjproxy_server.model.errors import PermissionDenied, Unauthenticated


class Role(StrEnum):
    """What a key allows."""

    USER = "user"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the name of the key, and its role."""

    name: str
    role: Role

    @property
    def sees(self) -> str | None:
        """The caller whose tasks are visible; None for everybody's."""
        return self.name if self.role is Role.USER else None


ANYBODY = Caller("", Role.ADMIN)
SERVICE = Caller("service", Role.SERVICE)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of the service. They are compared in constant time and never shown."""

    callers: Mapping[str, Caller] = field(repr=False)
    service_key: str | None = field(default=None, repr=False)

    def caller(self, key: str) -> Caller:
        """Returns who has the key.

        Raises:
            Unauthenticated: Keys are configured, and this is none of them.
        """
        if self.service_key and _same(key, self.service_key):
            return SERVICE
        if not self.callers:
            return ANYBODY
        found = [caller for known, caller in self.callers.items() if _same(key, known)]
        if not found:
            raise Unauthenticated
        return found[0]


def key_of(metadata: Mapping[str, str]) -> str:
    """Returns the key in a call's metadata: `mj-api-secret`, else `authorization`, bare or after "Bearer"; or ""."""
    authorization = metadata.get("authorization", "")
    scheme, _, rest = authorization.partition(" ")
    bare = rest.strip() if scheme.lower() == "bearer" else authorization
    return metadata.get("mj-api-secret", "") or bare


_caller: ContextVar[Caller] = ContextVar("caller")


def enter(caller: Caller) -> None:
    """Makes the caller known to the rest of this call."""
    _caller.set(caller)


def current() -> Caller:
    """Returns who calls."""
    return _caller.get()


def require_admin() -> None:
    """Lets only administrators pass.

    Raises:
        PermissionDenied: The caller is none.
    """
    if current().role is not Role.ADMIN:
        raise PermissionDenied(Role.ADMIN)


def require_service() -> None:
    """Lets only services and administrators pass.

    Raises:
        PermissionDenied: The caller is neither.
    """
    if current().role is Role.USER:
        raise PermissionDenied(f"{Role.SERVICE} or {Role.ADMIN}")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
