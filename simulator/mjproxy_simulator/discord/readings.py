"""Messages in Discord's form read back: what the simulator has to know of one that it did not write itself.

The form itself is kept beside it, and told as it is.
"""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.model.messages import Button, Choice, Component, Message, MessageFlags, Select
from mjproxy_simulator.model.snowflakes import LARGEST_ID

Identifier = Annotated[int, Field(ge=0, le=LARGEST_ID)]
_TOLD_BY_THE_GATEWAY_ALONE: Final = {"nonce", "guild_id", "member", "channel_type"}


class _Author(BaseModel):
    id: Identifier


class _Choice(BaseModel):
    label: str
    value: str


class _Component(BaseModel):
    custom_id: str | None = None
    options: tuple[_Choice, ...] | None = None

    def component(self) -> Component:
        """Return the button or menu."""
        if self.options is None or self.custom_id is None:
            return Button(self.custom_id)
        return Select(self.custom_id, tuple(Choice(each.label, each.value) for each in self.options))


class _Row(BaseModel):
    components: tuple[_Component, ...] = ()


class PlaceReading(BaseModel):
    """Which message it is, and where."""

    id: Identifier
    channel_id: Identifier


class PartialMessageReading(PlaceReading):
    """What an update tells of a message: as little as where it is."""

    author: _Author = _Author(id=0)
    content: str = ""
    flags: int = Field(default=0, ge=0)
    components: tuple[_Row, ...] = ()


class MessageReading(PartialMessageReading):
    """What has to be known of a message."""

    author: _Author


def read_message(form: Json) -> Message:
    """Return the message that has a form.

    Raises:
        pydantic.ValidationError: It is not that of a message.
    """
    reading = MessageReading.model_validate(form)
    return Message(
        id=reading.id,
        channel_id=reading.channel_id,
        author_id=reading.author.id,
        content=reading.content,
        flags=MessageFlags(reading.flags),
        components=tuple(tuple(each.component() for each in row.components) for row in reading.components),
        verbatim={key: value for key, value in form.items() if key not in _TOLD_BY_THE_GATEWAY_ALONE},
    )
