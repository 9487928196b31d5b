"""The commands that a caller can give, as they are stored with their task.

The stored command *is* the request: what a worker sends to the bot is derived from it, before a crash or after one.
"""

from msgspec import Struct

from mjproxy_server.model.vocabulary import Action, Dimensions


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


class Blend(Struct, frozen=True, tag="blend"):
    """Mixes two to five images.

    Attributes:
        images: The images; Discord takes them as files only, so links are refused before.
        dimensions: The shape of the result.
    """

    images: tuple[StoredImage, ...]
    dimensions: Dimensions


class Describe(Struct, frozen=True, tag="describe"):
    """Writes prompts that describe an image.

    Attributes:
        image: The image.
        language: The language that the result is translated to besides: "zh", or "" for none.
    """

    image: ImageSource
    language: str = ""


class Shorten(Struct, frozen=True, tag="shorten"):
    """Analyses a prompt and proposes shorter ones."""

    prompt: str


class FaceSwap(Struct, frozen=True, tag="face_swap"):
    """Puts the face of one image into another."""

    source: StoredImage
    target: StoredImage


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
    """Presses a button of a finished task.

    Attributes:
        task_id: The finished task.
        custom_id: The button's custom id.
        skip_modal: Submit a remix as it is, without asking the caller.
    """

    task_id: str
    custom_id: str
    skip_modal: bool = False


Command = Imagine | Blend | Describe | Shorten | FaceSwap | Change | Press


def stored_images(command: Command) -> tuple[StoredImage, ...]:
    """Returns the images whose bytes the store keeps for a command."""
    images = _images(command)
    return tuple(image for image in images if isinstance(image, StoredImage)) if images else ()


def _images(command: Command) -> tuple[ImageSource, ...]:
    match command:
        case Imagine() | Blend():
            return command.images
        case Describe():
            return (command.image,)
        case FaceSwap():
            return (command.source, command.target)
        case Shorten() | Change() | Press():
            return ()
