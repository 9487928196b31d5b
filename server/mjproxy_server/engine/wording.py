"""What a prompt becomes before it is queued."""

from dataclasses import dataclass
from typing import Final

from mjproxy_server.model.errors import BannedPrompt
from mjproxy_server.prompts.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Wording:
    """A prompt in two languages.

    Attributes:
        written: As the caller wrote it.
        english: As it is sent; the same where it is English already or could not be translated.
    """

    written: str
    english: str


WORDLESS: Final = Wording("", "")
"""For commands without a prompt."""


async def worded(prompts: Prompts, text: str, longest: int) -> Wording:
    """Returns a prompt with its translation, unless that has more than `longest` characters.

    Raises:
        BannedPrompt: It has a banned word.
    """
    english = await prompts.to_english(text)
    banned = await prompts.banned_word(english)
    if banned is not None:
        raise BannedPrompt(english, banned)
    return Wording(text, english if len(english) <= longest else text)
