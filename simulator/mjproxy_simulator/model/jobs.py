"""The record of a job: all that is needed to play it to its end, to draw its pictures, and to build on them."""

from dataclasses import dataclass
from enum import StrEnum

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.members import Mode
from mjproxy_simulator.model.messages import Invocation


class Kind(StrEnum):
    """What a job does.

    One picture comes of UPSCALE, UPSCALE_HD, VIDEO_UPSCALE and FACE_SWAP, none of DESCRIBE and SHORTEN, and four of
    all others; those of ANIMATE and EXTEND are films.
    """

    IMAGINE = "imagine"
    BLEND = "blend"
    UPSCALE = "upscale"
    UPSCALE_HD = "upscale_hd"
    VARIATION = "variation"
    REROLL = "reroll"
    ZOOM = "zoom"
    SQUARE = "square"
    PAN = "pan"
    REGION = "region"
    REMASTER = "remaster"
    ANIMATE = "animate"
    EXTEND = "extend"
    VIDEO_UPSCALE = "video_upscale"
    DESCRIBE = "describe"
    SHORTEN = "shorten"
    FACE_SWAP = "face_swap"

    @property
    def single(self) -> bool:
        """Whether one picture, or one film, comes of it instead of four."""
        return self in {Kind.UPSCALE, Kind.UPSCALE_HD, Kind.VIDEO_UPSCALE, Kind.FACE_SWAP}

    @property
    def film(self) -> bool:
        """Whether what comes of it moves."""
        return self in {Kind.ANIMATE, Kind.EXTEND, Kind.VIDEO_UPSCALE}

    @property
    def words(self) -> bool:
        """Whether only words come of it."""
        return self in {Kind.DESCRIBE, Kind.SHORTEN}


class Variant(StrEnum):
    """In which of several ways a job does what it does."""

    SUBTLE = "subtle"
    STRONG = "strong"
    CREATIVE = "creative"
    TWOFOLD = "2x"
    FOURFOLD = "4x"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    LOW = "low"
    HIGH = "high"
    LIGHT = "light"
    BETA = "beta"
    MAX = "max"


class Status(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self in {Status.FINISHED, Status.STOPPED, Status.FAILED}


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the bot.

    Attributes:
        id: The UUID in its file names and custom ids.
        number: Its place in the order in which jobs were taken, from 1.
        prompt: As the bot writes it back, not as it was sent.
        mode: "fast", "relaxed" or "turbo", perhaps with ", stealth".
        seed: Decides the pictures, together with the prompt.
        aspect: Width and height of a picture of the result, as a ratio; that of a pan differs from its
            parent's.
        invocation: What asked for it.
        custom_id: The button that asked for it, None for a command.
        nonce: What its first message has to repeat; None once it was said.
        parent: The job it builds on, and `index` which of that job's four pictures (1 to 4; 0 means all of them).
        variant: VARIATION: subtle, strong, or None where the bot names neither; UPSCALE_HD: all that an upscale is;
            PAN: left, right, up or down; ANIMATE and EXTEND: low or high motion.
        zoom: ZOOM: how many times more than the parent's picture is seen, from 1 to 2.
        mask: REGION: the name of the upload that holds the mask (white is drawn anew).
        images: The URLs of the images in the prompt, of those to blend, or of the one to describe; FACE_SWAP: the face
            and the picture that gets it. Links to this simulator's own CDN may have expired since.
        remix: Whether the user gave a follow-up a prompt of its own.
        pauses: Whether it says that it is paused while it waits for its turn.
        retires: Whether its progress message is deleted before its result comes, in whatever profile.
        outcome: The notice (by name) with which the bot gives the job up; None for one that succeeds.
        beat: How many steps of its timeline were played.
        progress_id: The message that shows its progress.
        final_id: The message with its result.
    """

    id: str
    number: int
    kind: Kind
    application_id: int
    channel_id: int
    profile: Profile
    prompt: str
    mode: str
    seed: int
    aspect: tuple[int, int]
    invocation: Invocation
    created_ms: int
    custom_id: str | None = None
    nonce: str | None = None
    parent: str | None = None
    index: int = 0
    variant: Variant | None = None
    zoom: float | None = None
    mask: str | None = None
    images: tuple[str, ...] = ()
    remix: bool = False
    pauses: bool = False
    retires: bool = False
    outcome: str | None = None
    status: Status = Status.RUNNING
    beat: int = 0
    progress_id: int | None = None
    final_id: int | None = None

    @property
    def paid(self) -> Mode:
        """How it is paid for."""
        return Mode(self.mode.partition(",")[0])

    @property
    def picture_count(self) -> int:
        """How many pictures have come of it."""
        if self.status is not Status.FINISHED or self.kind.words:
            return 0
        return 1 if self.kind.single else 4

    @property
    def user_id(self) -> int:
        """Whose job it is."""
        return self.invocation.user_id

    @property
    def source_id(self) -> int | None:
        """The message whose button asked for it."""
        return self.invocation.message_id
