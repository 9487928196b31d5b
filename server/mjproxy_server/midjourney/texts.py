"""Which texts messages have had, and since when.

The bot rewrites a message that proposes prompts when it is asked to try again or to show details. Other things change
the message too (a button of it was pressed), and old versions of it are delivered again: only a text that is younger
than the question is an answer.
"""

from collections import OrderedDict

_MOST_MESSAGES = 1000


class SeenTexts:
    """Remembers the texts of the messages seen last."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, dict[str, int]] = OrderedDict()

    def learn(self, message_id: str, text: str, since: int = 0) -> None:
        """Take note that the message has or had the text, at a time in Unix milliseconds; 0 if long since."""
        texts = self._texts.setdefault(message_id, {})
        texts[text] = min(since, texts.get(text, since))
        self._texts.move_to_end(message_id)
        if len(self._texts) > _MOST_MESSAGES:
            self._texts.popitem(last=False)

    def since(self, message_id: str, text: str, at: int) -> int:
        """Return since when the message is known to have had a text that it has at this time, in Unix milliseconds."""
        return min(at, self._texts.get(message_id, {}).get(text, at))
