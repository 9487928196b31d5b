"""The words of the contract's enumerations, as plain strings for people and programs."""

import re
from enum import StrEnum
from typing import Self

from mjproxy.v1 import account_pb2, task_service_pb2
from mjproxy.v1 import task_pb2 as pb


class Term(StrEnum):
    """A word, and the number that stands for it in `mjproxy.v1`."""

    number: int

    def __new__(cls, word: str, number: int) -> Self:
        """Makes a member of its word and its number."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.number = number
        return member

    @classmethod
    def of(cls, number: int) -> Self:
        """The word of a number; "unknown" where a newer server uses a number that this client has not heard of."""
        return next((term for term in cls if term.number == number), cls["UNKNOWN"])

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """The words that a caller may use: all but "unknown"."""
        return tuple(term.value for term in cls if term.number)

    @classmethod
    def parse(cls, word: str) -> Self:
        """Reads a caller's word.

        Raises:
            ValueError: It is none of `words()`.
        """
        if word not in cls.words():
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
            raise ValueError(f"{name}: {word!r} is none of {', '.join(cls.words())}")
        return cls[word.upper()]


class Status(Term):
    """Where a task is in its life."""

    number: pb.TaskStatus.ValueType

    UNKNOWN = "unknown", pb.TASK_STATUS_UNSPECIFIED
    NOT_START = "not_start", pb.TASK_STATUS_NOT_START
    SUBMITTED = "submitted", pb.TASK_STATUS_SUBMITTED
    IN_PROGRESS = "in_progress", pb.TASK_STATUS_IN_PROGRESS
    MODAL = "modal", pb.TASK_STATUS_MODAL
    SUCCESS = "success", pb.TASK_STATUS_SUCCESS
    FAILURE = "failure", pb.TASK_STATUS_FAILURE
    CANCELLED = "cancelled", pb.TASK_STATUS_CANCELLED

    @property
    def ended(self) -> bool:
        """True if the task's status never changes again."""
        return self in {Status.SUCCESS, Status.FAILURE, Status.CANCELLED}


class Action(Term):
    """What a task does."""

    number: pb.Action.ValueType

    UNKNOWN = "unknown", pb.ACTION_UNSPECIFIED
    IMAGINE = "imagine", pb.ACTION_IMAGINE
    UPSCALE = "upscale", pb.ACTION_UPSCALE
    VARIATION = "variation", pb.ACTION_VARIATION
    REROLL = "reroll", pb.ACTION_REROLL
    DESCRIBE = "describe", pb.ACTION_DESCRIBE
    BLEND = "blend", pb.ACTION_BLEND
    SHORTEN = "shorten", pb.ACTION_SHORTEN
    ZOOM = "zoom", pb.ACTION_ZOOM
    PAN = "pan", pb.ACTION_PAN
    VIDEO = "video", pb.ACTION_VIDEO
    SWAP_FACE = "swap_face", pb.ACTION_SWAP_FACE
    BOOKMARK = "bookmark", pb.ACTION_BOOKMARK


class Mode(Term):
    """How fast, and at what price, the bot works."""

    number: pb.Mode.ValueType

    UNKNOWN = "unknown", pb.MODE_UNSPECIFIED
    FAST = "fast", pb.MODE_FAST
    RELAX = "relax", pb.MODE_RELAX
    TURBO = "turbo", pb.MODE_TURBO


class Bot(Term):
    """The bot that works on a task."""

    number: pb.BotType.ValueType

    UNKNOWN = "unknown", pb.BOT_TYPE_UNSPECIFIED
    MIDJOURNEY = "midjourney", pb.BOT_TYPE_MIDJOURNEY
    NIJI = "niji", pb.BOT_TYPE_NIJI
    INSIGHT_FACE = "insight_face", pb.BOT_TYPE_INSIGHT_FACE


class Shape(Term):
    """The shape of a blend."""

    number: task_service_pb2.BlendDimensions.ValueType

    UNKNOWN = "unknown", task_service_pb2.BLEND_DIMENSIONS_UNSPECIFIED
    PORTRAIT = "portrait", task_service_pb2.BLEND_DIMENSIONS_PORTRAIT
    SQUARE = "square", task_service_pb2.BLEND_DIMENSIONS_SQUARE
    LANDSCAPE = "landscape", task_service_pb2.BLEND_DIMENSIONS_LANDSCAPE


class WhenHeld(Term):
    """What becomes of the waiting tasks of an account whose owner has to act."""

    number: account_pb2.WhenHeld.ValueType

    UNKNOWN = "unknown", account_pb2.WHEN_HELD_UNSPECIFIED
    WAIT = "wait", account_pb2.WHEN_HELD_WAIT
    MOVE = "move", account_pb2.WHEN_HELD_MOVE


class Level(Term):
    """How strong a setting of the bot is."""

    number: account_pb2.SettingLevel.ValueType

    UNKNOWN = "unknown", account_pb2.SETTING_LEVEL_UNSPECIFIED
    LOW = "low", account_pb2.SETTING_LEVEL_LOW
    MEDIUM = "medium", account_pb2.SETTING_LEVEL_MEDIUM
    HIGH = "high", account_pb2.SETTING_LEVEL_HIGH
    VERY_HIGH = "very_high", account_pb2.SETTING_LEVEL_VERY_HIGH
