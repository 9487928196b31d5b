"""The commands that a caller can give, as they are stored with their task.

The stored command *is* the request: what a worker sends to the bot is derived from it, before a crash or after one.
"""

from msgspec import Struct

from mjproxy_server.model.vocabulary import Action


class StoredImage(Struct, frozen=True, tag="stored"):
    """An image whose bytes the store keeps until its task ends.

    Attributes:
        digest: SHA-256 of the bytes, in hexadecimal.
        media_type: For instance "image/png"; told by the content.
    """

    digest: str
    media_type: str


class LinkedImage(Struct, frozen=True, tag="linked"):
    """An image that Discord fetches itself from a http or https URL."""

    url: str


ImageSource = StoredImage | LinkedImage


class Imagine(Struct, frozen=True, tag="imagine"):
    """Draws a prompt, after the images if there are any."""

    prompt: str
    images: tuple[ImageSource, ...] = ()


class Change(Struct, frozen=True, tag="change"):
    """Works on a finished grid by kind and index.

    Attributes:
        task_id: The finished task.
        action: UPSCALE, VARIATION or REROLL.
        index: 1 to 4; 0 for REROLL.
    """

    task_id: str
    action: Action
    index: int = 0


class Press(Struct, frozen=True, tag="press"):
    """Presses a button of a finished task, by the button's custom id."""

    task_id: str
    custom_id: str


Command = Imagine | Change | Press
