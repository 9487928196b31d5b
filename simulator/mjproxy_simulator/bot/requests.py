"""What reaches the bot, and how it makes a job of it."""

from collections.abc import Callable
from dataclasses import dataclass

from mjproxy_simulator.bot import notices
from mjproxy_simulator.bot.buttons import CancelPress, JobPress, read
from mjproxy_simulator.bot.prompts import rewrite
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.applications import MIDJOURNEY
from mjproxy_simulator.model.jobs import Job, Kind, Status
from mjproxy_simulator.model.messages import Invocation
from mjproxy_simulator.model.seeds import Seed


@dataclass(frozen=True, slots=True)
class Request:
    """An interaction that Discord hands to a bot.

    Attributes:
        invocation: Who asked, by which command or on which message.
        application_id: The bot that is asked.
        channel_id: Where.
        profile: How the bot behaves there.
        nonce: What the first message of the answer has to repeat.
        prompt: The option of that name of a command.
        custom_id: The button that was pressed.
    """

    invocation: Invocation
    application_id: int
    channel_id: int
    profile: Profile
    nonce: str | None = None
    prompt: str | None = None
    custom_id: str | None = None


def kind_of(request: Request) -> str:
    """Return what a request is about, in one word."""
    if request.custom_id is None:
        return request.invocation.name or "other"
    match read(request.custom_id):
        case JobPress(kind=kind):
            return str(kind)
        case CancelPress():
            return "cancel"
    return "other"


class Planner:
    """Decides what a request comes to, and changes nothing.

    Args:
        seed: Gives jobs their ids and pictures.
        find_job: Looks a job up.
        is_image: Whether an image can be had from a URL.
    """

    def __init__(self, seed: Seed, find_job: Callable[[str], Job | None], is_image: Callable[[str], bool]) -> None:
        self._seed = seed
        self._find_job = find_job
        self._is_image = is_image

    def plan(self, request: Request, number: int, now_ms: int) -> Job | CancelPress:
        """Return the job to start, with the given number, or the one to stop.

        Raises:
            RefusedError: The bot does neither, and says why.
        """
        if request.custom_id is None:
            return self._command(request, number, now_ms)
        match read(request.custom_id):
            case JobPress() as press:
                return self._follow_up(request, press, number, now_ms)
            case CancelPress() as cancel:
                self._check_running(cancel)
                return cancel
        raise notices.not_played(f"the button `{request.custom_id}`")

    def _command(self, request: Request, number: int, now_ms: int) -> Job:
        if request.application_id != MIDJOURNEY.id or request.invocation.name != "imagine":
            raise notices.not_played(f"the command `/{request.invocation.name}`")
        prompt = rewrite(request.prompt or "", request.profile, self._is_image)
        return Job(
            id=self._seed.uuid("job", number),
            number=number,
            kind=Kind.IMAGINE,
            application_id=request.application_id,
            channel_id=request.channel_id,
            profile=request.profile,
            prompt=prompt.echo,
            mode=prompt.mode,
            seed=self._seed.integer("picture", number) if prompt.seed is None else prompt.seed,
            aspect=prompt.aspect or (1, 1),
            invocation=request.invocation,
            created_ms=now_ms,
            nonce=request.nonce,
            status=Status.QUEUED,
        )

    def _follow_up(self, request: Request, press: JobPress, number: int, now_ms: int) -> Job:
        parent = self._find_job(press.job_id)
        if parent is None:
            raise notices.lost_job()
        return Job(
            id=self._seed.uuid("job", number),
            number=number,
            kind=press.kind,
            application_id=request.application_id,
            channel_id=request.channel_id,
            profile=request.profile,
            prompt=parent.prompt,
            mode=parent.mode,
            seed=self._seed.integer("picture", number),
            aspect=parent.aspect,
            invocation=request.invocation,
            created_ms=now_ms,
            custom_id=request.custom_id,
            nonce=request.nonce,
            parent=parent.id,
            index=press.index,
            status=Status.QUEUED,
        )

    def _check_running(self, cancel: CancelPress) -> None:
        job = self._find_job(cancel.job_id)
        if job is None:
            raise notices.lost_job()
        if job.status.over:
            raise notices.ended_job()
