"""The bots' application commands, with the ids and versions that were seen on the real Discord (2024 to 2026)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from mjproxy_simulator.model.accounts import User
from mjproxy_simulator.model.bots import INSIGHT_FACE_ID, MIDJOURNEY_ID, NIJI_ID


class CommandType(IntEnum):
    """Where a command is called from."""

    CHAT_INPUT = 1
    MESSAGE = 3


class OptionType(IntEnum):
    """What an option takes."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    ATTACHMENT = 11


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of a command."""

    type: OptionType
    name: str
    description: str
    required: bool = False
    options: "tuple[Option, ...]" = ()


@dataclass(frozen=True, slots=True)
class Command:
    """An application command in its current version."""

    id: int
    version: int
    name: str
    description: str
    options: tuple[Option, ...] = ()
    type: CommandType = CommandType.CHAT_INPUT


@dataclass(frozen=True, slots=True)
class Application:
    """A bot; its user has the application's id."""

    user: User
    description: str
    commands: tuple[Command, ...]

    @property
    def id(self) -> int:
        """The id of the application and of its user."""
        return self.user.id

    def command(self, command_id: int) -> Command | None:
        """Return the command with this id."""
        return next((command for command in self.commands if command.id == command_id), None)


_PROMPT = Option(OptionType.STRING, "prompt", "The prompt to imagine", required=True)
_IMAGES = tuple(
    Option(OptionType.ATTACHMENT, f"image{n}", f"Image {n} to add to the blend", required=n <= 2) for n in range(1, 6)
)
_DIMENSIONS = Option(OptionType.STRING, "dimensions", "The dimensions of the image")
_DESCRIBED = (
    Option(OptionType.ATTACHMENT, "image", "The image to describe"),
    Option(OptionType.STRING, "link", "The link of the image to describe"),
)
_JOB_ID = Option(OptionType.STRING, "job_id", "The job to show", required=True)
_SUFFIX = Option(OptionType.STRING, "new_value", "What to append to every prompt")
_OPTION = Option(OptionType.STRING, "option", "The name of the option", required=True)
_OPTION_VALUE = Option(OptionType.STRING, "value", "What it stands for; nothing to remove it")
_OPTIONS = (
    Option(OptionType.SUB_COMMAND, "set", "Set a custom option.", options=(_OPTION, _OPTION_VALUE)),
    Option(OptionType.SUB_COMMAND, "list", "List your custom options."),
)
_PREFERENCES = (
    Option(OptionType.SUB_COMMAND_GROUP, "option", "Custom options.", options=_OPTIONS),
    Option(OptionType.SUB_COMMAND, "remix", "Toggle remix mode."),
    Option(OptionType.SUB_COMMAND, "auto_dm", "Whether to send results to your direct messages."),
    Option(OptionType.SUB_COMMAND, "suffix", "What to append to every prompt.", options=(_SUFFIX,)),
    Option(OptionType.SUB_COMMAND, "variability", "Toggle how much variations differ."),
)
_ID_NAME = Option(OptionType.STRING, "idname", "The name of the face", required=True)
_SOME_ID_NAME = Option(OptionType.STRING, "idname", "The name of the face")
_PICTURE = Option(OptionType.ATTACHMENT, "image", "The picture", required=True)


def _command(identifier: int, version: int, name: str, description: str, *options: Option) -> Command:
    return Command(identifier, version, name, description, options)


def _message_command(identifier: int, version: int, name: str) -> Command:
    return Command(identifier, version, name, "", type=CommandType.MESSAGE)


MIDJOURNEY = Application(
    user=User(MIDJOURNEY_ID, "Midjourney Bot", None, "9282", "f6ce562a6b4979c4b1cbc5b436d3be76", bot=True),
    description="Create images with Midjourney",
    commands=(
        _command(938956540159881230, 1237876415471554623, "imagine", "Create images with Midjourney", _PROMPT),
        _command(
            1062880104792997970,
            1237876415471554624,
            "blend",
            "Blend images together seamlessly!",
            *_IMAGES,
            _DIMENSIONS,
        ),
        _command(
            1092492867185950852, 1237876415471554625, "describe", "Writes a prompt based on your image.", *_DESCRIBED
        ),
        _command(1121575372539039774, 1237876415471554626, "shorten", "Analyzes and shortens a prompt.", _PROMPT),
        _command(1169435442328911902, 1247736572414001224, "show", "Shows a job again.", _JOB_ID),
        _command(972289487818334209, 1237876415735660565, "info", "View information about your profile."),
        _command(1000850743479255081, 1237876415790055475, "settings", "View and adjust your personal settings."),
        _command(972289487818334212, 1237876415735660572, "fast", "Switch to fast mode."),
        _command(972289487818334213, 1237876415735660573, "relax", "Switch to relax mode."),
        _command(1124132684143271996, 1237876415790055474, "turbo", "Switch to turbo mode."),
        _command(1065569343456419860, 1237876415735660576, "stealth", "Switch to stealth mode."),
        _command(972289487818334210, 1237876415735660566, "private", "Switch to stealth mode."),
        _command(972289487818334211, 1237876415735660567, "public", "Switch to public mode."),
        _command(984273800587776053, 1237876415790055476, "prefer", "Set your preferences.", *_PREFERENCES),
        _message_command(987795925764280352, 1237876415790055477, "Cancel Job"),
        _message_command(987795925764280353, 1237876415790055478, "DM Results"),
        _message_command(991449849599885383, 1237876415790055479, "Report Job"),
    ),
)
"""The Midjourney bot. The versions of `prefer` and its neighbours vary between captures; these serve as current."""

NIJI = Application(
    user=User(NIJI_ID, "niji・journey Bot", None, "9145", None, bot=True),
    description="Create anime-style images with niji・journey",
    commands=(
        _command(1023054140580057099, 1248805223892254774, "imagine", "Create images with niji・journey", _PROMPT),
        _command(
            1061216934374424697,
            1248805223892254775,
            "blend",
            "Blend images together seamlessly!",
            *_IMAGES,
            _DIMENSIONS,
        ),
        _command(
            1092683500743831652, 1248805223892254776, "describe", "Writes a prompt based on your image.", *_DESCRIBED
        ),
        _command(1121575453916942376, 1248805223892254777, "shorten", "Analyzes and shortens a prompt.", _PROMPT),
        _command(1023054140580057101, 1248805223892254781, "show", "Shows a job again.", _JOB_ID),
        _command(1023054140580057102, 1248805223892254782, "info", "View information about your profile."),
        _command(1023054140634579025, 1493662157915684906, "settings", "View and adjust your personal settings."),
        _command(1023054140580057107, 1248805223925940261, "fast", "Switch to fast mode."),
        _command(1023054140634579024, 1248805223925940262, "relax", "Switch to relax mode."),
    ),
)
"""A second bot that owns an `imagine` as well: a client that looks for a command by its name alone finds two."""

INSIGHT_FACE = Application(
    user=User(INSIGHT_FACE_ID, "InsightFaceSwap", None, "5191", None, bot=True),
    description="Swap faces",
    commands=(
        _command(1097018209481261127, 1097018209481261130, "saveid", "Save a face.", _ID_NAME, _PICTURE),
        _command(1097030226204184646, 1097030226204184647, "swapid", "Swap a face.", _SOME_ID_NAME, _PICTURE),
        _command(1097018209481261128, 1097018209481261131, "setid", "Set the face to use.", _ID_NAME),
        _command(1097018209481261129, 1097018209481261132, "listid", "List the saved faces."),
        _command(1097030226204184644, 1097030226204184648, "delid", "Delete a face.", _ID_NAME),
        _command(1097030226204184645, 1097030226204184649, "delall", "Delete all faces."),
        _message_command(1097030226204184643, 1097030226204184650, "INSwapper"),
    ),
)
"""The face-swap bot. Only the ids of `saveid` and `swapid` were captured; the others stand in for the real ones."""

APPLICATIONS = (MIDJOURNEY, NIJI, INSIGHT_FACE)

BotName = Literal["midjourney", "niji", "insightface"]
BY_NAME: Final[dict[BotName, Application]] = {"midjourney": MIDJOURNEY, "niji": NIJI, "insightface": INSIGHT_FACE}


def application(identifier: int) -> Application | None:
    """Return the bot with this id."""
    return next((each for each in APPLICATIONS if each.id == identifier), None)
