"""Which texts messages have had.

The bot rewrites a message that proposes prompts when it is asked to try again or to show details. Other things change
the message too (a button of it was pressed), and old versions of it are delivered again: only a text that was not seen
before is an answer.
"""

from collections import OrderedDict

_MOST_MESSAGES = 1000


class SeenTexts:
    """Remembers the texts of the messages seen last."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, set[str]] = OrderedDict()

    def learn(self, message_id: str, text: str) -> None:
        """Take note that the message has or had the text."""
        self._texts.setdefault(message_id, set()).add(text)
        self._texts.move_to_end(message_id)
        if len(self._texts) > _MOST_MESSAGES:
            self._texts.popitem(last=False)

    def knows(self, message_id: str, text: str) -> bool:
        """Return True if the message is known to have or have had the text."""
        return text in self._texts.get(message_id, ())
