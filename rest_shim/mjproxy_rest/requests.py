"""Bodies of the JSON API, and how each becomes a request of `mjproxy.v1`.

Every body is a model whose fields are its table: name, type, and whether it may be missing. For all of them an absent
key, null, "" and [] are the same, and unknown keys are ignored, because the API's clients send any of these. Types are
strict: a body with a wrong one is refused with the field's name. Whether the values make sense is the server's to
decide.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from mjproxy.v1.task_pb2 import ACTION_REROLL, ACTION_UPSCALE, ACTION_VARIATION, Action, Mode
from mjproxy.v1.task_service_pb2 import (
    AccountFilter,
    ActionCommand,
    BlendCommand,
    BlendDimensions,
    ChangeCommand,
    DescribeCommand,
    FaceSwapCommand,
    Image,
    ImagineCommand,
    ShortenCommand,
    SubmitModalRequest,
    SubmitOptions,
    SubmitTaskRequest,
    UploadImagesRequest,
)
from mjproxy_rest import texts
from mjproxy_rest.faults import found_in_body
from mjproxy_rest.images import MAX_IMAGE_MIB, ImageTooLarge, image
from mjproxy_rest.texts import Text
from mjproxy_rest.vocabulary import BOT_WORDS


class InvalidBody(Exception):
    """A body that cannot be translated.

    Attributes:
        text: Which field is wrong, and what to send instead.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


_BLANK: tuple[object, ...] = (None, "", [])
_BOT_ALIASES = {"MJ": "MID_JOURNEY", "NIJI": "NIJI_JOURNEY"}
_BOTS = {word: number for number, word in BOT_WORDS.items()}

# What the server takes.
_MOST_PROMPT_IMAGES = 5
_MOST_UPLOADS = 10


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _bot_word(value: object) -> object:
    word = _upper(value)
    return _BOT_ALIASES.get(word, word) if isinstance(word, str) else word


def _without_blanks(value: object) -> object:
    return [item for item in value if item not in _BLANK] if isinstance(value, list) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("missing", "Field required")
    return value


def _id_text(value: object) -> object:
    """Some clients send ids as numbers, which is harmless: 16 digits are exact in a double."""
    return str(value) if type(value) is int else value


RequiredText = Annotated[str, AfterValidator(_not_blank)]
TaskId = Annotated[str, BeforeValidator(_id_text)]
RequiredTaskId = Annotated[TaskId, AfterValidator(_not_blank)]
Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Texts = Annotated[list[str], BeforeValidator(_without_blanks)]
ModeWord = Annotated[Literal["FAST", "RELAX", "TURBO"], BeforeValidator(_upper)]
BotWord = Annotated[Literal["MID_JOURNEY", "NIJI_JOURNEY", "INSIGHT_FACE"], BeforeValidator(_bot_word)]
DimensionsWord = Annotated[Literal["PORTRAIT", "SQUARE", "LANDSCAPE"], BeforeValidator(_upper)]
ChangeWord = Annotated[Literal["UPSCALE", "VARIATION", "REROLL"], BeforeValidator(_upper)]


class Body(BaseModel):
    """What every body has in common."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", frozen=True, hide_input_in_errors=True, strict=True
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_blanks(cls, data: object) -> object:
        return {key: value for key, value in data.items() if value not in _BLANK} if isinstance(data, dict) else data


class AccountFilterBody(Body):
    """`accountFilter`: which accounts may work on a task."""

    instance_id: str = ""
    modes: Annotated[list[ModeWord], BeforeValidator(_without_blanks)] = []
    remark: str = ""
    remix: bool | None = None

    def message(self) -> AccountFilter:
        """Returns it as the server knows it."""
        modes = [Mode.Value(f"MODE_{mode}") for mode in self.modes]
        return AccountFilter(account_id=self.instance_id, modes=modes, remark=self.remark, remix=self.remix)


class SubmitBody(Body):
    """What every submission has in common."""

    state: str = ""
    notify_hook: str = ""

    @abstractmethod
    def request(self) -> SubmitTaskRequest:
        """Returns the command and the options that are in the body.

        Raises:
            InvalidBody: A field has the right type, but cannot be read.
        """

    def _options(self) -> SubmitOptions:
        return SubmitOptions(state=self.state, notify_hook=self.notify_hook)


class NewTaskBody(SubmitBody):
    """What every command has in common that is no follow-up: mode and account are its own to choose."""

    mode: ModeWord | None = None
    account_filter: AccountFilterBody | None = None

    def _options(self) -> SubmitOptions:
        options = super()._options()
        if self.mode:
            options.mode = Mode.Value(f"MODE_{self.mode}")
        if self.account_filter:
            options.account_filter.CopyFrom(self.account_filter.message())
        return options


class CommandBody(NewTaskBody):
    """What every command has in common that more than one bot knows."""

    bot_type: BotWord | None = None

    def _options(self) -> SubmitOptions:
        options = super()._options()
        if self.bot_type:
            options.bot_type = _BOTS[self.bot_type]
        return options


class ImagineBody(CommandBody):
    """`/submit/imagine`: draw a prompt. `base64` is the older form of `base64Array`."""

    prompt: RequiredText
    base64_array: Texts = []
    base64: str = ""

    def request(self) -> SubmitTaskRequest:
        """Returns an `ImagineCommand`."""
        return SubmitTaskRequest(
            options=self._options(), imagine=ImagineCommand(prompt=self.prompt, images=self._images())
        )

    def _images(self) -> list[Image]:
        listed = _images("base64Array", self.base64_array, most=_MOST_PROMPT_IMAGES - bool(self.base64))
        return [*listed, _image("base64", self.base64)] if self.base64 else listed


class BlendBody(CommandBody):
    """`/submit/blend`: mix two to five pictures."""

    base64_array: Texts = []
    dimensions: DimensionsWord = "SQUARE"

    def request(self) -> SubmitTaskRequest:
        """Returns a `BlendCommand`."""
        if not 2 <= len(self.base64_array) <= 5:
            raise InvalidBody(texts.FIELD_WRONG.fill(field="base64List", detail="send two to five pictures"))
        command = BlendCommand(
            images=[_image("base64Array", text) for text in self.base64_array],
            dimensions=BlendDimensions.Value(f"BLEND_DIMENSIONS_{self.dimensions}"),
        )
        return SubmitTaskRequest(options=self._options(), blend=command)


class DescribeBody(CommandBody):
    """`/submit/describe`: write prompts for a picture, given as bytes or by a link."""

    base64: str = ""
    link: str = ""
    language: str = ""

    def request(self) -> SubmitTaskRequest:
        """Returns a `DescribeCommand`."""
        image = _either_image(base64=self.base64, link=self.link)
        command = DescribeCommand(image=image, language=self.language or "zh")
        return SubmitTaskRequest(options=self._options(), describe=command)


class ShortenBody(CommandBody):
    """`/submit/shorten`: analyse a prompt."""

    prompt: RequiredText

    def request(self) -> SubmitTaskRequest:
        """Returns a `ShortenCommand`."""
        return SubmitTaskRequest(options=self._options(), shorten=ShortenCommand(prompt=self.prompt))


class SwapBody(NewTaskBody):
    """`/insight-face/swap`: put a face into a picture; each is given as bytes or by a link."""

    source_base64: str = ""
    source_url: str = ""
    target_base64: str = ""
    target_url: str = ""

    def request(self) -> SubmitTaskRequest:
        """Returns a `FaceSwapCommand`."""
        command = FaceSwapCommand(
            source=_either_image(sourceBase64=self.source_base64, sourceUrl=self.source_url),
            target=_either_image(targetBase64=self.target_base64, targetUrl=self.target_url),
        )
        return SubmitTaskRequest(options=self._options(), face_swap=command)


class UploadBody(Body):
    """`/submit/upload-discord-images`: keep pictures at Discord, for use in prompts."""

    base64_array: Texts = []
    account_filter: AccountFilterBody | None = None

    def request(self) -> UploadImagesRequest:
        """Returns the pictures.

        Raises:
            InvalidBody: There is none, or one cannot be read.
        """
        if not self.base64_array:
            raise InvalidBody(texts.FIELD_EMPTY.fill(field="base64Array"))
        return UploadImagesRequest(
            images=_images("base64Array", self.base64_array, most=_MOST_UPLOADS),
            account_filter=self.account_filter.message() if self.account_filter else None,
        )


class ModalBody(Body):
    """`/submit/modal`: confirm what waits for it. What is missing stays as it was when the button was pressed."""

    task_id: RequiredTaskId
    prompt: str = ""
    mask_base64: str = ""
    state: str | None = None
    notify_hook: str | None = None

    def request(self) -> SubmitModalRequest:
        """Returns the answer to the modal."""
        mask = _image("maskBase64", self.mask_base64) if self.mask_base64 else None
        return SubmitModalRequest(
            task_id=self.task_id, prompt=self.prompt, mask=mask, state=self.state, notify_hook=self.notify_hook
        )


class ChangeBody(SubmitBody):
    """`/submit/change`: work on a grid by kind and index."""

    task_id: RequiredTaskId
    action: ChangeWord
    index: Int32 = 0

    def request(self) -> SubmitTaskRequest:
        """Returns a `ChangeCommand`."""
        action = Action.Value(f"ACTION_{self.action}")
        command = ChangeCommand(task_id=self.task_id, action=action, index=self.index)
        return SubmitTaskRequest(options=self._options(), change=command)


class SimpleChangeBody(SubmitBody):
    """`/submit/simple-change`: the same in one text, "ID U1" to "ID U4", "ID V1" to "ID V4" or "ID R", in any case."""

    content: RequiredText

    def request(self) -> SubmitTaskRequest:
        """Returns a `ChangeCommand`."""
        change = _SIMPLE_CHANGE.fullmatch(self.content)
        if change is None:
            raise InvalidBody(texts.FIELD_WRONG.fill(field="content", detail='send "ID U1" (U1-U4, V1-V4 or R)'))
        action = _SIMPLE_ACTIONS[(change["kind"] or "R").upper()]
        command = ChangeCommand(task_id=change["id"], action=action, index=int(change["index"] or 0))
        return SubmitTaskRequest(options=self._options(), change=command)


_SIMPLE_CHANGE = re.compile(r"\s*(?P<id>\S+)\s+(?:(?P<kind>[uv])(?P<index>[1-4])|r)\s*", re.ASCII | re.IGNORECASE)
_SIMPLE_ACTIONS = {"U": ACTION_UPSCALE, "V": ACTION_VARIATION, "R": ACTION_REROLL}


class ActionBody(SubmitBody):
    """`/submit/action`: press a button."""

    task_id: RequiredTaskId
    custom_id: RequiredText

    def request(self) -> SubmitTaskRequest:
        """Returns an `ActionCommand`."""
        command = ActionCommand(task_id=self.task_id, custom_id=self.custom_id)
        return SubmitTaskRequest(options=self._options(), action=command)


class IdsBody(Body):
    """`/task/list-by-condition`: these tasks."""

    ids: Annotated[list[TaskId], BeforeValidator(_without_blanks)] = []

    def unique(self) -> list[str]:
        """Returns each id once, in the order asked for."""
        return list(dict.fromkeys(self.ids))


class PageQuery(Body):
    """The query of a list: `?page_size=&page_token=`."""

    # A query has nothing but text, and these names are as the URL has them.
    model_config = ConfigDict(alias_generator=None, strict=False)

    page_size: Int32 = 0
    page_token: str = ""

    @property
    def pages(self) -> bool:
        """True if the caller wants pages; without a query it expects everything at once."""
        return bool(self.page_size or self.page_token)


_Body = TypeVar("_Body", bound=Body)


def parse_body(model: type[_Body], raw: bytes) -> _Body:
    """Reads a body, whatever its Content-Type says.

    Raises:
        InvalidBody: It is no JSON object, or has a field of a wrong type.
    """
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidBody(texts.NOT_AN_OBJECT) from None
    return _validate(model, data)


def parse_query(model: type[_Body], query: Mapping[str, str]) -> _Body:
    """Reads the query of a URL.

    Raises:
        InvalidBody: A parameter has a wrong value.
    """
    return _validate(model, dict(query))


def _validate(model: type[_Body], data: object) -> _Body:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidBody(found_in_body(error.errors(include_url=False, include_input=False)[0])) from None


def _image(field: str, text: str) -> Image:
    try:
        return image(text)
    except ImageTooLarge:
        raise InvalidBody(texts.IMAGE_TOO_LARGE.fill(field=field, limit=MAX_IMAGE_MIB)) from None
    except ValueError:
        raise InvalidBody(texts.BROKEN_BASE64.fill(field=field)) from None


def _images(field: str, listed: list[str], most: int) -> list[Image]:
    if len(listed) > most:
        raise InvalidBody(texts.TOO_MANY_IMAGES.fill(field=field, limit=most))
    return [_image(field, text) for text in listed]


def _either_image(**fields: str) -> Image:
    """Reads the first of the fields that is there; the sentence for the absence of all names the first."""
    for field, text in fields.items():
        if text:
            return _image(field, text)
    raise InvalidBody(texts.FIELD_EMPTY.fill(field=next(iter(fields))))
