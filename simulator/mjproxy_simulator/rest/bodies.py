"""The bodies of requests, and how they are read."""

from collections.abc import Sized
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Final, Literal, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from mjproxy_simulator.model.snowflakes import LARGEST_ID
from mjproxy_simulator.rest import errors

_DIGITS: Final = len(str(LARGEST_ID))


def _as_snowflake(value: object) -> int:
    text = str(value)[: _DIGITS + 1]
    if isinstance(value, str | int) and text.isdecimal() and int(text) <= LARGEST_ID:
        return int(text)
    raise PydanticCustomError("NUMBER_TYPE_COERCE", 'Value "{value}" is not snowflake.', {"value": text})


Identifier = Annotated[int, BeforeValidator(_as_snowflake)]
"""A snowflake, which clients send as a string or as a number."""


def _length(low: int, high: int) -> AfterValidator:
    """Return a check of how long a text or a list is."""

    def check(value: Sized) -> Sized:
        if low <= len(value) <= high:
            return value
        context = {"low": low, "high": high}
        raise PydanticCustomError("BASE_TYPE_BAD_LENGTH", "Must be between {low} and {high} in length.", context)

    return AfterValidator(check)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Nonce = Annotated[str, Field(max_length=25), BeforeValidator(_as_text)]
"""What a client makes up to recognise an answer by; repeated to it as a string, whatever it was."""


class Body(BaseModel):
    """A body; keys that mean nothing here are passed over, as Discord does."""

    model_config = ConfigDict(frozen=True)


class CommandOption(Body):
    """A value given to a command's option, or the part of a command that is called, with options of its own."""

    type: int
    name: str
    value: str | int | float | bool | None = None
    options: tuple["CommandOption", ...] = ()


class UploadedFile(Body):
    """A file put on the upload host before."""

    id: str | int
    filename: str
    uploaded_filename: str


class CommandData(Body):
    """Which command is called, with what."""

    id: Identifier
    version: Identifier
    name: str
    type: int = 1
    options: tuple[CommandOption, ...] = ()
    attachments: tuple[UploadedFile, ...] = ()
    target_id: Identifier | None = None

    def text(self, name: str) -> str | None:
        """Return the value of a text option."""
        return next((str(option.value) for option in self.options if option.name == name), None)


class ComponentData(Body):
    """Which button is pressed, or what is chosen from which menu."""

    component_type: int
    custom_id: str = Field(max_length=100)
    values: tuple[str, ...] = ()


class ModalField(Body):
    """A text that was filled in."""

    type: int
    custom_id: str = Field(max_length=100)
    value: str = Field(max_length=4000)


class ModalRow(Body):
    """A row of a form."""

    type: int
    components: tuple[ModalField, ...] = ()


class ModalData(Body):
    """Which form is sent in, with what; `id` is the interaction that opened it."""

    id: Identifier
    custom_id: str = Field(max_length=100)
    components: tuple[ModalRow, ...] = ()

    def fields(self) -> dict[str, str]:
        """Return what was filled in, by custom id."""
        return {field.custom_id: field.value for row in self.components for field in row.components}


class InteractionBody(Body):
    """What all interactions have."""

    application_id: Identifier
    channel_id: Identifier
    guild_id: Identifier | None = None
    session_id: str | None = None
    nonce: Nonce | None = None


class CommandBody(InteractionBody):
    """A command."""

    type: Literal[2]
    data: CommandData


class ComponentBody(InteractionBody):
    """A press of a button."""

    type: Literal[3]
    message_id: Identifier
    message_flags: int | None = None
    data: ComponentData


class ModalBody(InteractionBody):
    """A form sent in."""

    type: Literal[5]
    data: ModalData


AnyInteraction = CommandBody | ComponentBody | ModalBody
_INTERACTIONS: Final[dict[int, type[AnyInteraction]]] = {2: CommandBody, 3: ComponentBody, 5: ModalBody}


class FileRequest(Body):
    """A file that is going to be uploaded."""

    id: str | int
    filename: Annotated[str, Field(pattern=r"^[^/\\]*$"), _length(1, 260)]
    file_size: int = Field(ge=1)


class SlotsBody(Body):
    """A request for places to put files."""

    files: Annotated[tuple[FileRequest, ...], _length(1, 10)]


class MessageBody(Body):
    """A message to post."""

    content: str = Field(default="", max_length=2000)
    nonce: Nonce | None = None
    enforce_nonce: bool = False
    attachments: Annotated[tuple[UploadedFile, ...], _length(0, 10)] = ()


class RecipientsBody(Body):
    """With whom to open a private channel."""

    recipients: Annotated[tuple[Identifier, ...], _length(1, 1)]


class RefreshBody(Body):
    """Links to sign anew."""

    attachment_urls: Annotated[tuple[str, ...], _length(1, 50)]


_B = TypeVar("_B", bound=BaseModel)


async def read_json(request: Request) -> object:
    """Return the body of a request: JSON, or the part `payload_json` of a form.

    Raises:
        DiscordError: It is neither.
    """
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        body = _payload_part(content_type, body)
    try:
        content: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise errors.invalid_json() from None
    return content


async def read_body(request: Request, model: type[_B]) -> _B:
    """Return the body of a request in the form that a route wants.

    Raises:
        DiscordError: It does not have that form.
    """
    return _validated(model, await read_json(request))


def interaction(content: object) -> AnyInteraction:
    """Return the body of an interaction, which has the form that its type wants.

    Raises:
        DiscordError: It does not have that form.
    """
    if not isinstance(content, dict):
        raise errors.invalid_form((), "BASE_TYPE_BAD_DICT", "Only dictionaries may be used")
    kind = content.get("type")
    model = _INTERACTIONS.get(kind) if isinstance(kind, int) else None
    if model is None:
        raise errors.invalid_form(("type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 5}.")
    return _validated(model, content)


def _validated(model: type[_B], content: object) -> _B:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise errors.invalid_fields(error) from None


def _payload_part(content_type: str, body: bytes) -> bytes:
    """Return the part `payload_json`; the standard library reads forms as the MIME messages that they are."""
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode("latin-1") + body)
    for part in form.walk():
        if part.get_param("name", header="content-disposition") == "payload_json":
            return _decoded(part)
    return b""


def _decoded(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
