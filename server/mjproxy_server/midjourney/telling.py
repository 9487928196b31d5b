"""What one message says by itself, whosever it is: which job it may be about, and how far that is. Pure."""

from mjproxy_server.midjourney.content import Content, Phase, Verb
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.outcomes import failure_of, queued_prompt
from mjproxy_server.model.facts import Fact, Finished, Progressed, Started
from mjproxy_server.model.task import Result

ONGOING = frozenset({Phase.WAITING, Phase.RUNNING, Phase.PAUSED})
"""The phases of a job that is yet to bring its result."""


def is_about_a_job(message: BotMessage) -> bool:
    """True if the message speaks of a job, whatever it says of it."""
    return bool(message.content or message.is_rating or failure_of(message)) or queued_prompt(message) is not None


def is_anothers(message: BotMessage) -> bool:
    """True if the message must be another's, however much it looks like one of ours: by a key that is not known.

    Only a job that was submitted on a page of the bot's own begins without a nonce.
    """
    return bool(message.nonce or (queued_prompt(message) is not None and _begins_without_nonce(message)))


def may_begin_in_a_frame(message: BotMessage) -> bool:
    """True if the message may begin a job that was submitted on a page of the bot's own.

    It looks like the beginning of others from the same source. What follows it says more.
    """
    content = message.content
    begins = content is not None and content.phase is Phase.WAITING and content.verb is Verb.IMAGINE
    return begins and _begins_without_nonce(message)


def _begins_without_nonce(message: BotMessage) -> bool:
    return bool(message.interaction_id and message.reference_id and not message.nonce)


def announced_prompt(message: BotMessage) -> str | None:
    """Return the prompt of the job that the message says is under way; None if it says so of none."""
    if message.content:
        return message.content.prompt if message.content.phase in ONGOING else None
    return queued_prompt(message)


def progress(message: BotMessage, content: Content, at: int) -> list[Fact]:
    """Return what a message says of a job that has not ended.

    Args:
        message: The message.
        content: Its text.
        at: When it was received, in Unix milliseconds.
    """
    if content.phase is Phase.WAITING:
        return [Started(at, message.id, message.interaction_id, message.job_id, message.flags)]
    if content.phase is Phase.DONE:
        return []  # no picture: neither a report nor a result
    return [Progressed(at, message.id, content.percent, message.picture, message.job_id, content.mode)]


def finished(message: BotMessage, at: int) -> Finished:
    """Return the end of the job whose result the message brings; received at that time, in Unix milliseconds."""
    text = message.proposal
    result = Result(
        message_id=message.id,
        content=message.text,
        flags=message.flags,
        reference_id=message.reference_id,
        prompt=message.content.prompt if message.content else (text.description if text else ""),
        picture=message.picture or (text.image if text else None),
        job_id=message.job_id,
        buttons=message.buttons,
    )
    return Finished(at, result, message.content.mode if message.content else None)
