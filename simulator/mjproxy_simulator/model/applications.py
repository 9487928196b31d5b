"""The bots' application commands, with the ids and versions that were seen on the real Discord (2024 to 2026)."""

from dataclasses import dataclass
from enum import IntEnum

from mjproxy_simulator.model.accounts import User


class CommandType(IntEnum):
    """Where a command is called from."""

    CHAT_INPUT = 1
    MESSAGE = 3


class OptionType(IntEnum):
    """What an option takes."""

    SUB_COMMAND = 1
    STRING = 3
    ATTACHMENT = 11


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of a command."""

    type: OptionType
    name: str
    description: str
    required: bool = False


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
_REMIX = Option(OptionType.SUB_COMMAND, "remix", "Toggle remix mode")

MIDJOURNEY = Application(
    user=User(936929561302675456, "Midjourney Bot", None, "9282", "f6ce562a6b4979c4b1cbc5b436d3be76", bot=True),
    description="Create images with Midjourney",
    commands=(
        Command(
            938956540159881230, 1237876415471554623, "imagine", "Create images with Midjourney", options=(_PROMPT,)
        ),
        Command(
            1062880104792997970,
            1237876415471554624,
            "blend",
            "Blend images together seamlessly!",
            options=(*_IMAGES, _DIMENSIONS),
        ),
        Command(
            1092492867185950852,
            1237876415471554625,
            "describe",
            "Writes a prompt based on your image.",
            options=_DESCRIBED,
        ),
        Command(
            1121575372539039774,
            1237876415471554626,
            "shorten",
            "Analyzes and shortens a prompt.",
            options=(_PROMPT,),
        ),
        Command(1169435442328911902, 1247736572414001224, "show", "Shows a job again.", options=(_JOB_ID,)),
        Command(972289487818334209, 1237876415735660565, "info", "View information about your profile."),
        Command(1000850743479255081, 1237876415790055475, "settings", "View and adjust your personal settings."),
        Command(972289487818334212, 1237876415735660572, "fast", "Switch to fast mode."),
        Command(972289487818334213, 1237876415735660573, "relax", "Switch to relax mode."),
        Command(1124132684143271996, 1237876415790055474, "turbo", "Switch to turbo mode."),
        Command(984273800587776053, 1237876415790055476, "prefer", "Set your preferences.", options=(_REMIX,)),
        Command(987795925764280352, 1237876415790055477, "Cancel Job", "", type=CommandType.MESSAGE),
    ),
)
"""The Midjourney bot. The versions of `prefer` and its neighbours vary between captures; these serve as current."""

NIJI = Application(
    user=User(1022952195194359889, "niji・journey Bot", None, "9145", None, bot=True),
    description="Create anime-style images with niji・journey",
    commands=(
        Command(
            1023054140580057099,
            1248805223892254774,
            "imagine",
            "Create images with niji・journey",
            options=(_PROMPT,),
        ),
    ),
)
"""A second bot that owns an `imagine` as well: a client that looks for a command by its name alone finds two."""

APPLICATIONS = (MIDJOURNEY, NIJI)


def application(identifier: int) -> Application | None:
    """Return the bot with this id."""
    return next((each for each in APPLICATIONS if each.id == identifier), None)
