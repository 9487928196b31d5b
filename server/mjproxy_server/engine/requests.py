"""What a caller asks of the engine, before it is checked."""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from mjproxy_server.engine.images import GivenImage
from mjproxy_server.model.account import ANY_ACCOUNT, AccountFilter
from mjproxy_server.model.command import Change, Press, Shorten
from mjproxy_server.model.vocabulary import Bot, Dimensions, Mode


class ImagineRequest(Struct, frozen=True):
    """Draw a prompt, after the images if there are any."""

    prompt: str
    images: tuple[GivenImage, ...] = ()


@dataclass(frozen=True, slots=True)
class BlendRequest:
    """Mix two to five images."""

    images: tuple[GivenImage, ...]
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class DescribeRequest:
    """Write prompts that describe an image, and translate them if a language is given."""

    image: GivenImage
    language: str = ""


@dataclass(frozen=True, slots=True)
class FaceSwapRequest:
    """Put the face of one image into another."""

    source: GivenImage
    target: GivenImage


NewCommand = ImagineRequest | BlendRequest | DescribeRequest | Shorten | FaceSwapRequest
FollowUp = Change | Press


class Options(Struct, frozen=True, kw_only=True):
    """What goes with every command; "" and None mean not given."""

    request_id: str = ""
    state: str = ""
    notify_hook: str = ""
    bot: Bot | None = None
    mode: Mode | None = None
    account_filter: AccountFilter = ANY_ACCOUNT


NO_OPTIONS: Final = Options()
"""Most submissions have none."""


class SubmitRequest(Struct, frozen=True, kw_only=True):
    """A submission.

    Attributes:
        caller: The name under which the task is filed.
        sees: The caller whose tasks may be parents; None for everybody's.
        options: What goes with every command.
        command: What to do.
        digest: A digest of the whole request, by which a repeated request id is told from a reused one; b"" where the
            request has no id.
    """

    caller: str
    sees: str | None
    options: Options
    command: NewCommand | FollowUp
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalRequest:
    """The caller's answer to a modal.

    Attributes:
        sees: The caller whose tasks may be answered for; None for everybody's.
        task_id: The task in status MODAL.
        prompt: The prompt; "" for the one that the bot proposes.
        mask: The mask of a region, or None.
        state: Replaces the task's own, unless None.
        notify_hook: Replaces the task's own, unless None.
    """

    sees: str | None
    task_id: str
    prompt: str = ""
    mask: GivenImage | None = None
    state: str | None = None
    notify_hook: str | None = None
