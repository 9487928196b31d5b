"""Makes the records of jobs: from a command, or as a follow-up of another job."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from mjproxy_simulator.bot import derivations, notices
from mjproxy_simulator.bot.derivations import Derived
from mjproxy_simulator.bot.presses import JobPress
from mjproxy_simulator.bot.prompts import Defaults, Prompt, default_version, rewrite, short_link
from mjproxy_simulator.bot.requests import Request
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.applications import NIJI
from mjproxy_simulator.model.jobs import Job, Kind, Status, Variant
from mjproxy_simulator.model.members import Member, Variability
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.uncertain import Switches, Uncertain

_USUAL_STYLIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Occasion:
    """A request, who makes it, and what its first job would be numbered."""

    request: Request
    member: Member
    number: int
    now_ms: int


class JobMaker:
    """Makes jobs, and changes nothing.

    Args:
        seed: Gives jobs their ids and pictures.
        find_job: Looks a job up.
        is_image: Whether an image can be had from a URL.
        switches: How what is uncertain is played.
    """

    def __init__(
        self,
        seed: Seed,
        find_job: Callable[[str], Job | None],
        is_image: Callable[[str], bool],
        switches: Switches,
    ) -> None:
        self._seed = seed
        self._find_job = find_job
        self.is_image = is_image
        self._switches = switches

    def imagine(self, at: Occasion, raw: str, place: int = 0) -> Job:
        """Return the job that draws a prompt; `place` tells several of one request apart.

        Raises:
            RefusedError: The bot does not draw it.
        """
        prompt = self._rewritten(at, raw)
        job = self._blank(at, Kind.IMAGINE, place)
        return self._of_prompt(job, prompt, prompt.links)

    def blend(self, at: Occasion, urls: tuple[str, ...], dimensions: str) -> Job:
        """Return the job that mixes images.

        Raises:
            RefusedError: The bot does not mix them.
        """
        if len(set(urls)) < len(urls):
            raise notices.refusal("duplicate_images")
        prompt = self._rewritten(at, " ".join((*urls, dimensions)))
        return self._of_prompt(self._blank(at, Kind.BLEND), prompt, urls)

    def of_words(
        self,
        at: Occasion,
        kind: Kind,
        text: str,
        *,
        images: tuple[str, ...] = (),
        aspect: tuple[int, int] = (1, 1),
    ) -> Job:
        """Return the job that describes an image, or shortens a prompt."""
        return replace(self._blank(at, kind), prompt=text, images=images, aspect=aspect)

    def face_swap(self, at: Occasion, face: str, picture: str) -> Job:
        """Return the job that puts a face into a picture; both are URLs."""
        return replace(self._blank(at, Kind.FACE_SWAP), images=(face, picture))

    def follow_up(self, at: Occasion, press: JobPress, raw: str | None = None) -> Job:
        """Return the job of a button; `raw` is the prompt that the user has written for it, None for the parent's.

        Raises:
            RefusedError: The bot does not draw it.
        """
        parent = self.parent(press.job_id)
        if press.kind is Kind.REROLL and parent.kind.film and parent.parent is not None:
            again = JobPress(parent.kind, parent.index, parent.parent, parent.variant)
            return self.follow_up(at, again, raw)
        variant = press.variant if press.variant or press.kind is not Kind.VARIATION else _usual_variant(at)
        job = replace(
            self._blank(at, press.kind),
            mode=parent.mode if self._switches.now.follow_up_mode == "of_parent" else _mode(at.member),
            prompt=parent.prompt,
            aspect=parent.aspect,
            parent=parent.id,
            index=press.index,
            variant=variant,
            zoom=press.zoom,
            images=() if press.kind.film else parent.images,
        )
        return self._derived(job, parent) if raw is None else self._remixed(at, job, parent, raw)

    def region(self, at: Occasion, job_id: str, index: int, raw: str, mask: str) -> Job:
        """Return the job that draws the marked region of a picture anew.

        Raises:
            RefusedError: The bot does not draw it.
        """
        press = JobPress(Kind.REGION, index, job_id)
        job = self.follow_up(at, press, raw or None)
        return replace(job, mask=mask, remix=job.remix and at.member.remix)

    def parent(self, job_id: str) -> Job:
        """Return the job that a button belongs to.

        Raises:
            RefusedError: It is gone.
        """
        job = self._find_job(job_id)
        if job is None:
            raise notices.lost_job()
        return job

    def _derived(self, job: Job, parent: Job) -> Job:
        derived = _derivation(job, parent, self._switches.now)
        return replace(job, prompt=derived.prompt, aspect=derived.aspect)

    def _remixed(self, at: Occasion, job: Job, parent: Job, raw: str) -> Job:
        prompt = self._rewritten(at, raw)
        known = {short_link(url): url for url in parent.images}
        links = tuple(known.get(short_link(link), link) for link in prompt.links)
        mine = self._of_prompt(job, prompt, () if job.kind.film else links)
        mine = replace(mine, remix=prompt.echo != parent.prompt, zoom=prompt.zoom or job.zoom)
        if job.kind is Kind.PAN:
            return self._derived(replace(mine, aspect=parent.aspect), replace(parent, prompt=prompt.echo))
        keeps_shape = job.kind in {Kind.REGION, Kind.VARIATION} or prompt.aspect is None
        return replace(mine, aspect=parent.aspect if keeps_shape else mine.aspect)

    def _rewritten(self, at: Occasion, raw: str) -> Prompt:
        request = at.request
        return rewrite(raw, request.profile, self.is_image, _defaults(at.member, request), self._switches.now)

    def _of_prompt(self, job: Job, prompt: Prompt, images: tuple[str, ...]) -> Job:
        return replace(
            job,
            prompt=prompt.echo,
            mode=prompt.mode,
            seed=job.seed if prompt.seed is None else prompt.seed,
            aspect=prompt.aspect or (1, 1),
            images=images,
        )

    def _blank(self, at: Occasion, kind: Kind, place: int = 0) -> Job:
        request, number, how = at.request, at.number + place, self._switches.now
        return Job(
            id=self._seed.uuid("job", number),
            number=number,
            kind=kind,
            application_id=request.application_id,
            channel_id=request.channel_id,
            profile=request.profile,
            prompt="",
            mode=_mode(at.member),
            seed=self._seed.integer("picture", number),
            aspect=(1, 1),
            invocation=request.invocation,
            created_ms=at.now_ms,
            custom_id=request.custom_id,
            nonce=None if place else request.nonce,
            pauses=how.relaxed_wait == "paused",
            retires=kind is Kind.UPSCALE and how.upscale_start == "deleted",
            status=Status.QUEUED,
        )


def _mode(member: Member) -> str:
    return f"{member.mode}, stealth" if member.stealth else member.mode


def _derivation(job: Job, parent: Job, how: Uncertain) -> Derived:
    match job.kind:
        case Kind.PAN if job.variant is not None:
            return derivations.panned(parent.prompt, parent.aspect, job.variant)
        case Kind.SQUARE:
            return derivations.squared(parent.prompt)
        case Kind.REMASTER:
            return derivations.remastered(parent.prompt, parent.aspect, default_version(job.profile))
        case Kind.ANIMATE | Kind.EXTEND if job.variant is not None:
            frame = start_frame(parent, job.index) if how.film_prompt == "with_link" else None
            return derivations.animated(parent.prompt, parent.aspect, job.variant, frame)
    return Derived(parent.prompt, parent.aspect)


def start_frame(parent: Job, index: int) -> str:
    """Return the link of a picture on Midjourney's own mirror, with which the prompt of a film begins."""
    return f"https://cdn.midjourney.com/{parent.id}/0_{max(0, index - 1)}.png"


def _usual_variant(at: Occasion) -> Variant | None:
    if at.request.profile is Profile.OF_2023:
        return None
    return Variant.STRONG if at.member.variability is Variability.HIGH else Variant.SUBTLE


def _defaults(member: Member, request: Request) -> Defaults:
    """Return what holds for a prompt; one that a button brought along has it all written in already."""
    of_2026 = request.profile is Profile.OF_2026
    options = dict([_version(member, request)]) if member.version or request.application_id == NIJI.id else {}
    if member.stylize != _USUAL_STYLIZE:
        options["s"] = str(member.stylize)
    if member.raw:
        options |= {"raw": ""} if of_2026 else {"style": "raw"}
    suffix = "" if request.custom_id else member.suffix
    custom = {each.name: each.value for each in member.options}
    return Defaults(options, suffix, custom, member.mode, stealth=member.stealth)


def _version(member: Member, request: Request) -> tuple[str, str]:
    if member.version is None:
        return "niji", "7" if request.profile is Profile.OF_2026 else "5"
    niji, _, number = member.version.rpartition(" ")
    return ("niji", number) if niji else ("v", f"{float(number):.1f}")
