"""Forms and frames that the bot has opened and that nobody has sent in yet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.model.dialogs import Dialog, Frame

_LIFE_SECONDS: Final = 900.0  # Discord's interaction tokens live as long.


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """A dialog, what opened it, and when it closes by itself."""

    dialog: Dialog
    opener: Request
    closes: float


class Dialogs:
    """The open dialogs. They are forgotten with the simulator, as is the session that they were told to.

    Args:
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: dict[int, OpenDialog] = {}

    def open(self, opener: Request, dialog: Dialog) -> None:
        """Open a dialog; those whose time has run out are closed."""
        now = self._now()
        for key in [key for key, each in self._open.items() if each.closes <= now]:
            del self._open[key]
        self._open[opener.invocation.id] = OpenDialog(dialog, opener, now + _LIFE_SECONDS)

    def find(self, opener_id: int, user_id: int) -> OpenDialog | None:
        """Return the dialog that an interaction of a user opened."""
        found = self._open.get(opener_id)
        if found is None or found.closes <= self._now() or found.opener.invocation.user_id != user_id:
            return None
        return found

    def frame(self, token: str) -> OpenDialog | None:
        """Return the frame with a token."""
        for each in self._open.values():
            if isinstance(each.dialog, Frame) and each.dialog.token == token and each.closes > self._now():
                return each
        return None

    def close(self, opener_id: int) -> None:
        """Close a dialog that was sent in."""
        self._open.pop(opener_id, None)

    def clear(self) -> None:
        """Close all dialogs."""
        self._open.clear()
