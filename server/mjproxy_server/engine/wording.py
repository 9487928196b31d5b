"""What a prompt becomes before it is queued, and what the bot's own texts become for their readers."""

from typing import Final

from msgspec import Struct, structs

from mjproxy_server.model.command import Describe
from mjproxy_server.model.errors import BannedPrompt
from mjproxy_server.model.facts import Finished
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.prompts.prompts import Prompts


class Wording(Struct, frozen=True):
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


def wants_chinese(task: Task) -> bool:
    """Returns whether a task ends with a text that is to be told in Chinese too."""
    if task.action is Action.SHORTEN:
        return True
    return isinstance(task.command, Describe) and task.command.language.lower().startswith("zh")


async def in_chinese(finished: Finished, prompts: Prompts) -> Finished:
    """Returns the end of a task with its text in Chinese; as it is if nobody translates it."""
    text = finished.result.prompt
    chinese = await prompts.to_chinese(text)
    if chinese == text:
        return finished
    return structs.replace(finished, result=structs.replace(finished.result, prompt_zh=chinese))
