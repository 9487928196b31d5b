"""The closed sets of words that the domain speaks in.

Each value is its name, so that what is stored and logged reads as it is written here.
"""

from enum import IntEnum, StrEnum, auto


class _Name(StrEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:  # noqa: ARG004
        return name


class Action(_Name):
    """What a task does."""

    IMAGINE = auto()
    UPSCALE = auto()
    VARIATION = auto()
    REROLL = auto()
    DESCRIBE = auto()
    BLEND = auto()
    SHORTEN = auto()
    ZOOM = auto()
    PAN = auto()
    VIDEO = auto()
    SWAP_FACE = auto()
    BOOKMARK = auto()


class Status(_Name):
    """Where a task is in its life."""

    NOT_START = auto()
    SUBMITTED = auto()
    IN_PROGRESS = auto()
    MODAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    CANCELLED = auto()

    @property
    def ended(self) -> bool:
        """True for the three states that never change."""
        return self in ENDED

    @property
    def at_work(self) -> bool:
        """True while the task may have a job at the bot."""
        return self in AT_WORK


ENDED = frozenset({Status.SUCCESS, Status.FAILURE, Status.CANCELLED})
AT_WORK = frozenset({Status.SUBMITTED, Status.IN_PROGRESS})
QUEUED_OR_AT_WORK = frozenset({Status.NOT_START}) | AT_WORK


class Bot(_Name):
    """The bot that works on a task."""

    MIDJOURNEY = auto()
    NIJI = auto()
    INSIGHT_FACE = auto()


class Mode(_Name):
    """How fast, and at what price, the bot works."""

    FAST = auto()
    RELAX = auto()
    TURBO = auto()


class DeliveryOutcome(_Name):
    """What became of an attempt to deliver a callback."""

    DELIVERED = auto()
    """The hook has taken it."""
    RETRY = auto()
    """It failed, and may be tried again."""
    DROP = auto()
    """It must not be tried again."""


class Dimensions(_Name):
    """The shape of a blend: 2:3, 1:1 or 3:2."""

    PORTRAIT = auto()
    SQUARE = auto()
    LANDSCAPE = auto()


class WhenHeld(_Name):
    """What becomes of the waiting tasks of an account whose owner has to act."""

    WAIT = auto()
    MOVE = auto()


class Setback(_Name):
    """Why the bot did not do a job, where that need not be the end of the task."""

    FAULT = auto()
    """Midjourney calls the failure its own."""
    BUSY = auto()
    """The bot is too busy to take it."""
    MODERATED = auto()
    """The prompt was refused, and the bot offers to have it judged once more."""
    EXHAUSTED = auto()
    """The hours of the mode are used up."""


class Level(_Name):
    """How strong a setting of the bot is."""

    LOW = auto()
    MEDIUM = auto()
    HIGH = auto()
    VERY_HIGH = auto()


class SubmitCode(IntEnum):
    """What a submission came to; the numbers are those of the /mj JSON API, but for NEEDS_MODAL."""

    SUCCESS = 1
    NOT_FOUND = 3
    VALIDATION_ERROR = 4
    FAILURE = 9
    EXISTED = 21
    IN_QUEUE = 22
    QUEUE_REJECTED = 23
    BANNED_PROMPT = 24
    NEEDS_MODAL = 121


class Fault(_Name):
    """What is wrong with a field, for programs that say it in another language; the numbers go beside it."""

    EMPTY = auto()
    TOO_LONG = auto()
    TOO_MANY = auto()
    NEGATIVE = auto()
    OUT_OF_RANGE = auto()
    FOREIGN_PAGE = auto()
    FACE_SWAPS_ONLY = auto()
    SEVERAL_JOBS = auto()

    NO_LINK = auto()
    LINK_WITH_PASSWORD = auto()
    LINK_TO_PRIVATE_HOST = auto()
    LINK_UNUSABLE = auto()

    IMAGE_TYPE = auto()
    IMAGE_BROKEN = auto()
    TOO_MANY_BYTES = auto()
    TOO_MANY_PIXELS = auto()

    MASK_SIZE = auto()
    MASK_COLOURS = auto()
    MASK_WITHOUT_WHITE = auto()


class Reason(_Name):
    """Why something was refused or failed; the names of `mjproxy.v1.ErrorReason` without their prefix."""

    INVALID_FIELD = auto()
    INVALID_IMAGE = auto()
    TASK_NOT_FOUND = auto()
    PARENT_NOT_FOUND = auto()
    PARENT_NOT_FINISHED = auto()
    ACTION_NOT_OFFERED = auto()
    NO_ACCOUNT = auto()
    ACCOUNT_UNAVAILABLE = auto()
    QUEUE_FULL = auto()
    BANNED_PROMPT = auto()
    REQUEST_ID_REUSED = auto()
    NOT_MODAL = auto()
    UNAUTHENTICATED = auto()
    PERMISSION_DENIED = auto()
    REVISION_GONE = auto()
    ACCOUNT_NOT_FOUND = auto()
    ACCOUNT_EXISTS = auto()
    UNAVAILABLE = auto()
    INTERNAL = auto()
    NOT_IMPLEMENTED = auto()
    ACCOUNT_CONFIGURED = auto()
    ACCOUNT_NOT_CONNECTED = auto()
    BOT_SILENT = auto()

    PROMPT_REJECTED = auto()
    MODERATED = auto()
    BOT_ERROR = auto()
    DISCORD_REFUSED = auto()
    BOT_BUSY = auto()
    ACCOUNT_HELD = auto()
    TIMED_OUT = auto()
    OUTCOME_UNKNOWN = auto()
    INTERRUPTED = auto()
    MODAL_EXPIRED = auto()
    STOPPED = auto()
