"""The messages with which the bot answers at once, without a job."""

from dataclasses import replace

from mjproxy_simulator.bot.answers import Reply
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.model.messages import Message, MessageFlags, MessageType


def message_of(reply: Reply, request: Request, message_id: int) -> Message:
    """Return the message that says what the bot has to say."""
    return replace(
        _empty(request, message_id),
        content=reply.content,
        embeds=reply.embeds,
        components=reply.components,
        flags=MessageFlags.EPHEMERAL if reply.ephemeral else MessageFlags.NONE,
    )


def thinking(message: Message) -> Message:
    """Return the message that stands there until the bot has thought."""
    return replace(message, content="", embeds=(), components=(), flags=message.flags | MessageFlags.LOADING)


def displaying(request: Request, message_id: int) -> Message:
    """Return the message that announces a result which is posted again."""
    return replace(_empty(request, message_id), content="Displaying...")


def _empty(request: Request, message_id: int) -> Message:
    pressed = request.invocation.message_id
    return Message(
        id=message_id,
        channel_id=request.channel_id,
        author_id=request.application_id,
        type=MessageType.CHAT_INPUT_COMMAND if pressed is None else MessageType.REPLY,
        reference=pressed,
        invocation=request.invocation,
    )
