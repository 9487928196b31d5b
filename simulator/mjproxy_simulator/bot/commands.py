"""What comes of the bots' commands."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot import info, notices, settings_panel
from mjproxy_simulator.bot.answers import Answer, Reply, SendSeed, ShowJob, StartJobs, StopJob
from mjproxy_simulator.bot.jobs import JobMaker, Occasion
from mjproxy_simulator.bot.prompts import text_of
from mjproxy_simulator.bot.queue import Queue
from mjproxy_simulator.model.jobs import Job, Kind, Status
from mjproxy_simulator.model.members import CustomOption, Face, Member, Mode, Variability
from mjproxy_simulator.model.messages import CommandFile

_Handler = Callable[["Commands", Occasion], Answer]
_FACES: Final = 10
_CUSTOM_OPTIONS: Final = 20
_OPTION_NAME: Final = re.compile(r"(?:--)?([A-Za-z]\w{0,31})")
_MODES: Final = {
    Mode.FAST: "Done! Your jobs now consume fast-hours, but finish sooner. You can always switch back with /relax",
    Mode.RELAXED: "Done! Your jobs now do not consume fast-hours, but might take a little longer. You can always "
    "switch back with /fast",
    Mode.TURBO: "Done! Your jobs now consume fast-hours twice as fast, but finish much sooner. You can always switch "
    "back with /fast",
}


class Commands:
    """Decides about commands, and changes nothing.

    Args:
        jobs: Makes jobs.
        queue: Knows which jobs wait and run.
        find_job: Looks a job up.
        job_of_message: Looks up the job that a message, by its id, shows the progress or the result of.
        username: Gives a user's name.
        link: Writes a link to a file that came with a command.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self,
        *,
        jobs: JobMaker,
        queue: Queue,
        find_job: Callable[[str], Job | None],
        job_of_message: Callable[[int], Job | None],
        username: Callable[[int], str],
        link: Callable[[CommandFile], str],
        now: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._find_job = find_job
        self._job_of_message = job_of_message
        self._username = username
        self._link = link
        self._now = now

    def decide(self, at: Occasion) -> Answer:
        """Return what comes of a command.

        Raises:
            RefusedError: Nothing, and why.
        """
        handler = _HANDLERS.get(at.request.invocation.name or "")
        if handler is None:
            raise notices.invalid_request(f"`/{at.request.invocation.name}` is not known.")
        return handler(self, at)

    def imagine(self, at: Occasion) -> Answer:
        """Draw a prompt."""
        return StartJobs((self._jobs.imagine(at, at.request.prompt or ""),))

    def blend(self, at: Occasion) -> Answer:
        """Mix images."""
        urls = tuple(self._link(file) for file in at.request.files)
        if len(urls) < 2:
            raise notices.invalid_request("Give two images or more.")
        return StartJobs((self._jobs.blend(at, urls, at.request.options.get("dimensions", "")),))

    def describe(self, at: Occasion) -> Answer:
        """Write prompts for an image."""
        link = at.request.options.get("link")
        if at.request.files:
            file = at.request.files[0]
            aspect = _aspect(file.attachment.width, file.attachment.height)
            job = self._jobs.of_words(at, Kind.DESCRIBE, "", images=(self._link(file),), aspect=aspect)
            return StartJobs((job,))
        if link is None:
            raise notices.invalid_request("Give an image or a link.")
        if not self._jobs.is_image(link):
            raise notices.refusal("invalid_link")
        return StartJobs((self._jobs.of_words(at, Kind.DESCRIBE, "", images=(link,)),))

    def shorten(self, at: Occasion) -> Answer:
        """Find out which words of a prompt matter."""
        text = text_of(" ".join((at.request.prompt or "").split()))
        if not text:
            raise notices.refusal("empty_prompt")
        return StartJobs((self._jobs.of_words(at, Kind.SHORTEN, text),))

    def show(self, at: Occasion) -> Answer:
        """Post a result again."""
        job = self._find_job(at.request.options.get("job_id", "").strip().lower())
        if job is None or job.user_id != at.member.user_id or job.status is not Status.FINISHED or job.kind.words:
            raise notices.invalid_request("There is no finished job of yours with this id.")
        return ShowJob(job)

    def info(self, at: Occasion) -> Answer:
        """Tell about the account."""
        user_id = at.member.user_id
        embed = info.info(at.member, self._username(user_id), self._queue.line(user_id), self._now())
        return Reply(embeds=(embed,), deferred=True)

    def settings(self, at: Occasion) -> Answer:
        """Show the settings."""
        member = at.member
        return Reply(settings_panel.text(member), components=settings_panel.rows(member), deferred=True)

    def prefer(self, at: Occasion) -> Answer:
        """Change a preference."""
        change = _PREFERENCES.get(at.request.subcommand or "")
        if change is None:
            raise notices.invalid_request("Choose what you prefer.")
        text, member = change(at.member, at.request.options)
        return Reply(text, member=member)

    def cancel(self, at: Occasion) -> Answer:
        """Stop the job that a message belongs to."""
        job = None if at.request.message is None else self._job_of_message(at.request.message.id)
        if job is None:
            raise notices.restricted("This message belongs to no job.")
        return self.stop(at, job)

    def stop(self, at: Occasion, job: Job) -> Answer:
        """Stop a job.

        Raises:
            RefusedError: It is somebody else's, or over.
        """
        if job.user_id != at.member.user_id:
            raise notices.restricted("This job is not yours.")
        if job.status.over:
            raise notices.ended_job()
        return StopJob(job.id)

    def send_privately(self, at: Occasion) -> Answer:
        """Send the result that a message shows to the private channel."""
        job = None if at.request.message is None else self._job_of_message(at.request.message.id)
        if job is None or job.status is not Status.FINISHED:
            raise notices.restricted("This message shows no result.")
        return SendSeed(job)

    def report(self, at: Occasion) -> Answer:
        """Take note of what somebody finds wrong with a job."""
        if at.request.message is None or self._job_of_message(at.request.message.id) is None:
            raise notices.restricted("This message belongs to no job.")
        return Reply("Thank you! The job was reported to our moderators.")

    def switch_mode(self, at: Occasion) -> Answer:
        """Change how jobs are paid for."""
        mode = Mode("relaxed") if at.request.invocation.name == "relax" else Mode(at.request.invocation.name or "")
        member = settings_panel.with_mode(at.member, mode)
        if member.mode is not mode:
            raise notices.restricted("Your plan has no relaxed mode.")
        return Reply(_MODES[mode], member=member)

    def switch_visibility(self, at: Occasion) -> Answer:
        """Hide jobs from others, or do not."""
        stealth = at.request.invocation.name in {"stealth", "private"}
        member = settings_panel.with_stealth(at.member, stealth=stealth)
        if member.stealth is not stealth:
            raise notices.restricted("Your plan has no stealth mode.")
        return Reply(f"Done! Your jobs are now {'hidden from' if stealth else 'visible to'} others.", member=member)

    def save_face(self, at: Occasion) -> Answer:
        """Keep a face under a name, and use it from now on."""
        name = at.request.options.get("idname", "")
        others = tuple(face for face in at.member.faces if face.name != name)
        if not name or not at.request.files or len(others) >= _FACES:
            raise notices.invalid_request(f"Give an image and a name; up to {_FACES} faces are kept.")
        face = Face(name, self._link(at.request.files[0]))
        return Reply(f"idname {name} created", member=replace(at.member, faces=(*others, face), face=name))

    def set_face(self, at: Occasion) -> Answer:
        """Use another face from now on."""
        face = self._face(at)
        return Reply(f"You have set idname {face.name}", member=replace(at.member, face=face.name))

    def list_faces(self, at: Occasion) -> Answer:
        """Name the faces kept."""
        return Reply("id list: " + ", ".join(face.name for face in at.member.faces))

    def delete_face(self, at: Occasion) -> Answer:
        """Forget a face."""
        name = self._face(at).name
        kept = tuple(face for face in at.member.faces if face.name != name)
        return Reply(f"idname {name} deleted", member=replace(at.member, faces=kept, face=None))

    def delete_faces(self, at: Occasion) -> Answer:
        """Forget all faces."""
        return Reply("all ids deleted", member=replace(at.member, faces=(), face=None))

    def swap_face(self, at: Occasion) -> Answer:
        """Put a face into an uploaded picture."""
        if not at.request.files:
            raise notices.invalid_request("Give an image.")
        return StartJobs((self._jobs.face_swap(at, self._face(at).url, self._link(at.request.files[0])),))

    def swap_face_of_message(self, at: Occasion) -> Answer:
        """Put the face in use into the picture of a message."""
        message = at.request.message
        if message is None or not message.attachments:
            raise notices.invalid_request("This message has no picture.")
        picture = self._link(CommandFile(message.channel_id, message.attachments[0]))
        return StartJobs((self._jobs.face_swap(at, self._face(at).url, picture),))

    def _face(self, at: Occasion) -> Face:
        name = at.request.options.get("idname") or at.member.face or ""
        face = at.member.find_face(name.partition(",")[0])
        if face is None:
            raise notices.invalid_request(f"There is no face named `{name}`.")
        return face


def _aspect(width: int | None, height: int | None) -> tuple[int, int]:
    if not width or not height:
        return 1, 1
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor


def _toggle_remix(member: Member, _: Mapping[str, str]) -> tuple[str, Member]:
    if member.remix:
        return "Remix mode turned off! You can always turn it on again.", replace(member, remix=False)
    return "Remix mode turned on! Buttons now let you change the prompt.", replace(member, remix=True)


def _toggle_auto_dm(member: Member, _: Mapping[str, str]) -> tuple[str, Member]:
    state = "off" if member.auto_dm else "on"
    return f"Auto-DM turned {state}!", replace(member, auto_dm=not member.auto_dm)


def _set_suffix(member: Member, options: Mapping[str, str]) -> tuple[str, Member]:
    suffix = " ".join(options.get("new_value", "").split())
    text = f"Suffix set to `{suffix}`" if suffix else "Suffix removed."
    return text, replace(member, suffix=suffix)


def _set_option(member: Member, options: Mapping[str, str]) -> tuple[str, Member]:
    match = _OPTION_NAME.fullmatch(options.get("option", "").strip())
    if match is None:
        raise notices.invalid_request("The name of an option has letters, digits and underscores.")
    name, value = match[1], " ".join(options.get("value", "").split())
    others = tuple(each for each in member.options if each.name != name)
    if not value:
        return f"Custom option `--{name}` removed.", replace(member, options=others)
    if len(others) >= _CUSTOM_OPTIONS:
        raise notices.invalid_request(f"Up to {_CUSTOM_OPTIONS} custom options are kept.")
    text = f"Custom option `--{name}` set to `{value}`"
    return text, replace(member, options=(*others, CustomOption(name, value)))


def _list_options(member: Member, _: Mapping[str, str]) -> tuple[str, Member]:
    listed = "\n".join(f"`--{each.name}`: {each.value}" for each in member.options)
    return f"Custom options:\n{listed}" if listed else "You have no custom options.", member


def _toggle_variability(member: Member, _: Mapping[str, str]) -> tuple[str, Member]:
    high = member.variability is Variability.LOW
    text = f"{'High' if high else 'Low'} variability mode turned on!"
    return text, replace(member, variability=Variability.HIGH if high else Variability.LOW)


_PREFERENCES: Final[dict[str, Callable[[Member, Mapping[str, str]], tuple[str, Member]]]] = {
    "remix": _toggle_remix,
    "auto_dm": _toggle_auto_dm,
    "suffix": _set_suffix,
    "option set": _set_option,
    "option list": _list_options,
    "variability": _toggle_variability,
}
_HANDLERS: Final[dict[str, _Handler]] = {
    "imagine": Commands.imagine,
    "blend": Commands.blend,
    "describe": Commands.describe,
    "shorten": Commands.shorten,
    "show": Commands.show,
    "info": Commands.info,
    "settings": Commands.settings,
    "prefer": Commands.prefer,
    "fast": Commands.switch_mode,
    "relax": Commands.switch_mode,
    "turbo": Commands.switch_mode,
    "stealth": Commands.switch_visibility,
    "private": Commands.switch_visibility,
    "public": Commands.switch_visibility,
    "Cancel Job": Commands.cancel,
    "DM Results": Commands.send_privately,
    "Report Job": Commands.report,
    "saveid": Commands.save_face,
    "setid": Commands.set_face,
    "listid": Commands.list_faces,
    "delid": Commands.delete_face,
    "delall": Commands.delete_faces,
    "swapid": Commands.swap_face,
    "INSwapper": Commands.swap_face_of_message,
}
