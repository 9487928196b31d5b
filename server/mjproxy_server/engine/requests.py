"""What a caller asks of the engine, before it is checked."""

from dataclasses import dataclass, field

from mjproxy_server.engine.images import GivenImage
from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.command import Change, Press
from mjproxy_server.model.vocabulary import Bot, Mode


@dataclass(frozen=True, slots=True)
class ImagineRequest:
    """Draw a prompt, after the images if there are any."""

    prompt: str
    images: tuple[GivenImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What goes with every command; "" and None mean not given."""

    request_id: str = ""
    state: str = ""
    notify_hook: str = ""
    bot: Bot | None = None
    mode: Mode | None = None
    account_filter: AccountFilter = field(default_factory=AccountFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """A submission.

    Attributes:
        caller: The name under which the task is filed.
        sees: The caller whose tasks may be parents; None for everybody's.
        options: What goes with every command.
        command: What to do.
        digest: A digest of the whole request, by which a repeated request id is told from a reused one.
    """

    caller: str
    sees: str | None
    options: Options
    command: ImagineRequest | Change | Press
    digest: bytes
