"""What goes into the REST client and what comes out of it."""

from dataclasses import dataclass, field

import msgspec


class User(msgspec.Struct, frozen=True):
    """A Discord user."""

    id: str
    username: str


class ApplicationCommand(msgspec.Struct, frozen=True):
    """A command of an application, with what an interaction must name to invoke it.

    Several applications may own commands of one name: choose by `application_id` and `name`.
    """

    id: str
    application_id: str
    version: str
    name: str
    type: int = 1


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file to upload."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that was uploaded and can be named in an interaction or a message of the same channel.

    Attributes:
        filename: Its name as given.
        uploaded_filename: Discord's name for it.
    """

    filename: str
    uploaded_filename: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Discord took the interaction; its events follow on the gateway."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is proved that Discord did not take the interaction.

    Attributes:
        http_status: The status of the refusal; None if the request never reached Discord.
        code: Discord's code of the error, None if there is none.
        message: Why, in words.
        retry_after: Seconds to wait before trying again, None if waiting does not help or nothing is known.
    """

    http_status: int | None
    code: int | None
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Discord may or may not have taken the interaction; only other evidence can tell."""

    reason: str


InteractionOutcome = Taken | Refused | InDoubt
