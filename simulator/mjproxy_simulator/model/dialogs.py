"""What the bot puts before a user to fill in: a form, or a page of its own in a frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextField:
    """A text that is asked for, and what stands there at first."""

    custom_id: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Modal:
    """A form."""

    custom_id: str
    title: str
    fields: tuple[TextField, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A page of the bot's own, which sends what was filled in to the bot and not to Discord.

    Attributes:
        token: Stands for the form there.
        path: Where the page is on the bot's host.
    """

    token: str
    title: str
    path: str

    @property
    def custom_id(self) -> str:
        """What the event that opens it carries."""
        return f"MJ::iframe::{self.token}"


Dialog = Modal | Frame
