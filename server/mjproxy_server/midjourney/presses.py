"""Which buttons of a message were pressed since it was last seen.

Discord shows a button that was pressed in style 1 ever after (observed for U and V of a grid), and tells so by an
update of its message. A button found pressed proves nothing: it may have been so for days. One that *turns* proves a
press.
"""

from collections import OrderedDict

from mjproxy_server.midjourney.messages import BotMessage

_MOST_MESSAGES = 1000
_PRESSED_STYLE = 1


class PressedButtons:
    """Remembers the pressed buttons of the messages seen last."""

    def __init__(self) -> None:
        self._pressed: OrderedDict[str, frozenset[str]] = OrderedDict()

    def turned(self, message: BotMessage) -> frozenset[str]:
        """Return the custom ids that are pressed in this version of a message and were not in an earlier one."""
        if not message.buttons:
            return frozenset()
        pressed = frozenset([button.custom_id for button in message.buttons if button.style == _PRESSED_STYLE])
        before = self._pressed.get(message.id)
        self._remember(message.id, pressed | (before or frozenset()))
        return frozenset() if before is None else pressed - before

    def _remember(self, message_id: str, pressed: frozenset[str]) -> None:
        self._pressed[message_id] = pressed
        self._pressed.move_to_end(message_id)
        if len(self._pressed) > _MOST_MESSAGES:
            self._pressed.popitem(last=False)
