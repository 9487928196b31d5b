"""What comes of the bot's buttons and menus, and of the forms that they open."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot import analysis, buttons, derivations, notices, settings_panel
from mjproxy_simulator.bot.answers import Answer, EditMessage, OpenDialog, Reply, StartJobs
from mjproxy_simulator.bot.commands import Commands
from mjproxy_simulator.bot.jobs import JobMaker, Occasion
from mjproxy_simulator.bot.notices import NOTICES
from mjproxy_simulator.bot.presses import (
    BookmarkPress,
    CancelPress,
    CustomZoomPress,
    DetailsPress,
    JobPress,
    Press,
    RegionPress,
    Remedy,
    RemedyPress,
    RetryPress,
    SettingPress,
    SuggestionPress,
    read,
)
from mjproxy_simulator.model.dialogs import Dialog, Frame, Modal, TextField
from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import Embed, Invocation, Message
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.uncertain import Switches

_REMIXABLE: Final = {Kind.VARIATION, Kind.REROLL, Kind.PAN, Kind.ANIMATE, Kind.EXTEND}
_TITLES: Final = {
    Kind.VARIATION: "Remix Prompt",
    Kind.REROLL: "Imagine This!",
    Kind.PAN: "Pan Prompt",
    Kind.ANIMATE: "Animate Prompt",
    Kind.EXTEND: "Animate Prompt",
}


class Presser:
    """Decides about buttons, and changes nothing.

    Args:
        jobs: Makes jobs.
        commands: Stops jobs.
        find_message: Looks a message up.
        job_of_message: Looks up the job whose progress or result a message shows.
        seed: Gives frames their tokens.
        switches: How what is uncertain is played.
    """

    def __init__(
        self,
        *,
        jobs: JobMaker,
        commands: Commands,
        find_message: Callable[[int], Message | None],
        job_of_message: Callable[[int], Job | None],
        seed: Seed,
        switches: Switches,
    ) -> None:
        self._jobs = jobs
        self._commands = commands
        self._find_message = find_message
        self._job_of_message = job_of_message
        self._seed = seed
        self._switches = switches

    def decide(self, at: Occasion) -> Answer:
        """Return what comes of a button, or of the form that it opened.

        Raises:
            RefusedError: Nothing, and why.
        """
        press = read(at.request.custom_id or "")
        if at.request.submitted:
            return self._submit(at, press, at.request.prompt or "")
        if (dialog := self._dialog(at, press)) is not None:
            return OpenDialog(dialog)
        return self._press(at, press)

    def _press(self, at: Occasion, press: Press) -> Answer:
        match press:
            case JobPress():
                return StartJobs((self._jobs.follow_up(at, press),))
            case CancelPress(job_id=job_id):
                return self._commands.stop(at, self._jobs.parent(job_id))
            case BookmarkPress():
                return Reply(_rating(at), ephemeral=self._switches.now.bookmark_visibility == "ephemeral")
            case SettingPress(name=name, value=value):
                return _set(at, name, at.request.value if value is None else value)
            case RemedyPress(remedy=remedy):
                return self._remedy(at, remedy)
        return self._press_below_words(at, press)

    def _press_below_words(self, at: Occasion, press: Press) -> Answer:
        match press:
            case SuggestionPress():
                prompts = _suggested(at)
                return StartJobs(tuple(self._jobs.imagine(at, prompt, n) for n, prompt in enumerate(prompts)))
            case RetryPress():
                return self._describe_again(at)
            case DetailsPress():
                return self._show_details(at)
        raise notices.invalid_request(f"The button `{at.request.custom_id}` is not known.")

    def _submit(self, at: Occasion, press: Press, prompt: str) -> Answer:
        match press:
            case JobPress():
                return StartJobs((self._jobs.follow_up(at, press, prompt),))
            case CustomZoomPress(job_id=job_id):
                zoom = JobPress(Kind.ZOOM, 1, job_id, zoom=1.0)
                return StartJobs((self._jobs.follow_up(at, zoom, prompt),))
            case SuggestionPress():
                return StartJobs((self._jobs.imagine(at, prompt),))
        raise notices.invalid_request("This form is not known.")

    def _dialog(self, at: Occasion, press: Press) -> Dialog | None:
        """Return the form or page that a button opens; with remix mode on, many open one."""
        match press:
            case RegionPress():
                return self._frame(at, "Vary (Region)", "/inpaint/index.html")
            case RemedyPress(remedy=Remedy.CONTINUE):
                return self._frame(at, "Action required to continue", "/verify/index.html")
            case CustomZoomPress(job_id=job_id):
                parent = self._jobs.parent(job_id)
                prompt = derivations.for_zoom_form(parent.prompt, parent.aspect)
                name = "MJ::OutpaintCustomZoomModal"
                return _form(f"{name}::{job_id}", "Zoom Out", f"{name}::prompt", "Custom Zoom Prompt", prompt)
            case SuggestionPress(kind=kind, number=number) if number:
                return _suggestion_form(at, kind, number, _suggested(at))
            case JobPress(kind=kind) if at.member.remix and kind in _REMIXABLE:
                return self._remix_form(at, press)
        return None

    def _frame(self, at: Occasion, title: str, path: str) -> Frame:
        return Frame(self._seed.hex("frame", at.request.invocation.id, digits=48), title, path)

    def _remix_form(self, at: Occasion, press: JobPress) -> Modal:
        job = self._jobs.follow_up(at, press)
        prompt = self._jobs.parent(press.job_id).prompt if press.kind is Kind.PAN else job.prompt
        custom_id, field = _remix_ids(press, at.request.invocation.message_id or 0)
        return _form(custom_id, _TITLES[press.kind], field, "New prompt for image", prompt)

    def _describe_again(self, at: Occasion) -> Answer:
        message = _pressed(at)
        first = self._job_of_message(message.id)
        if first is None:
            raise notices.lost_job()
        job = self._jobs.of_words(at, Kind.DESCRIBE, "", images=first.images, aspect=first.aspect)
        return StartJobs((replace(job, progress_id=message.id, nonce=None),))

    def _show_details(self, at: Occasion) -> Answer:
        message = _pressed(at)
        job = self._job_of_message(message.id)
        if job is None:
            raise notices.lost_job()
        tokens = analysis.weigh(job.prompt)
        prompts = analysis.shortened(tokens)
        embed = replace(message.embeds[0], description=analysis.details(tokens, prompts))
        rows = buttons.rows_of_analysis(len(prompts))
        return EditMessage(replace(message, embeds=(embed,), components=rows))

    def _remedy(self, at: Occasion, remedy: Remedy) -> Answer:
        message = _pressed(at)
        prompt = _refused_prompt(message)
        free = _let_go(at.member)
        if prompt is not None and remedy in {Remedy.APPEAL, Remedy.RESUBMIT}:
            answer = self._once_more(at, message.invocation, prompt)
            return replace(answer, member=free, appealed=True) if isinstance(answer, StartJobs) else answer
        done = Embed("Acknowledged", "Thank you. You can go on now.", notices.SUCCESS)
        return EditMessage(replace(message, embeds=(done,), components=()), member=free)

    def _once_more(self, at: Occasion, refused: Invocation | None, prompt: str) -> Answer:
        """Return what comes of what was refused: a command to draw, a button, or the form that it opened."""
        if refused is None or refused.custom_id is None:
            return StartJobs((self._jobs.imagine(at, prompt),))
        source = self._find_message(refused.message_id or 0)
        if source is None:
            raise notices.lost_job()
        invocation = replace(refused, id=at.request.invocation.id)
        request = replace(at.request, invocation=invocation, prompt=prompt, custom_id=refused.custom_id, message=source)
        return self.decide(replace(at, request=request))


def _pressed(at: Occasion) -> Message:
    if at.request.message is None:
        raise notices.lost_job()
    return at.request.message


def _let_go(member: Member) -> Member:
    """Return a user without a hold, unless it is one that no button ends."""
    lasts = member.hold is not None and NOTICES[member.hold].holds
    return member if lasts else replace(member, hold=None)


def _suggested(at: Occasion) -> list[str]:
    embeds = _pressed(at).embeds
    return analysis.read_numbered(embeds[0].description) if embeds else []


def _refused_prompt(message: Message) -> str | None:
    """Return the prompt that a notice speaks of, as it stands at its foot."""
    footer = message.embeds[0].footer if message.embeds else None
    name, _, prompt = (footer or "").partition(" ")
    return prompt if name == "/imagine" and prompt else None


def _set(at: Occasion, name: str, value: str | None) -> Answer:
    member = settings_panel.changed(at.member, name, value or "")
    if member is None:
        raise notices.invalid_request("There is no such setting.")
    message = replace(_pressed(at), content=settings_panel.text(member), components=settings_panel.rows(member))
    return EditMessage(message, member=member)


def _rating(at: Occasion) -> str:
    request = at.request
    place = f"{request.guild_id or '@me'}/{request.channel_id}/{request.invocation.message_id}"
    return f"You have successfully rated [this job](https://discord.com/channels/{place}) with 😍"


def _suggestion_form(at: Occasion, kind: Kind, number: int, prompts: list[str]) -> Modal:
    if number > len(prompts):
        raise notices.invalid_request("There is no such prompt.")
    prompt = prompts[number - 1]
    if kind is Kind.DESCRIBE:
        name = "MJ::Picreader::Modal"
        return _form(f"{name}::{number}", "Imagine This!", f"{name}::PromptField", "Prompt", prompt)
    name = "MJ::ImagineModal"
    message_id = at.request.invocation.message_id
    return _form(f"{name}::{message_id}", "Imagine This!", f"{name}::new_prompt", "Prompt", prompt)


def _remix_ids(press: JobPress, message_id: int) -> tuple[str, str]:
    """Return the custom ids of a remix form and of its field, as clients build them by formula."""
    match press.kind:
        case Kind.REROLL:
            return f"MJ::ImagineModal::{message_id}", "MJ::ImagineModal::new_prompt"
        case Kind.PAN:
            return f"MJ::PanModal::{press.variant}::{press.job_id}::{press.index}", "MJ::PanModal::prompt"
        case Kind.ANIMATE | Kind.EXTEND:
            extends = int(press.kind is Kind.EXTEND)
            form = f"MJ::AnimateModal::{press.job_id}::{press.index}::{press.variant}::{extends}"
            return form, "MJ::AnimateModal::prompt"
    strong = int(press.variant is not Variant.SUBTLE)
    return f"MJ::RemixModal::{press.job_id}::{press.index}::{strong}", "MJ::RemixModal::new_prompt"


def _form(custom_id: str, title: str, field: str, label: str, value: str) -> Modal:
    return Modal(custom_id, title, (TextField(field, label, value),))
