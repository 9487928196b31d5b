"""Performs one step of a job: what the timeline says becomes messages."""

from collections.abc import Callable
from dataclasses import replace

from mjproxy_simulator.bot import job_messages
from mjproxy_simulator.bot.members import Members
from mjproxy_simulator.bot.notices import NOTICES, Moment
from mjproxy_simulator.bot.timeline import Act, Announce, Finish, GiveUp, MarkSource, Pause, Progress, Retire, Start
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import EmbeddedImage, Message
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches


class Performer:
    """Acts for the bot. Messages that somebody has deleted meanwhile are passed over.

    Args:
        store: Has the messages and files.
        messenger: Posts and edits messages.
        directory: Knows names and private channels.
        members: Knows who wants results in the private channel, too.
        snowflakes: Gives ids to messages and attachments.
        place: Tells to which channel and attachment a link to the CDN leads.
        switches: How what is uncertain is played.
    """

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        directory: Directory,
        members: Members,
        snowflakes: Snowflakes,
        place: Callable[[str], tuple[int, int, str] | None],
        switches: Switches,
    ) -> None:
        self._place = place
        self._store = store
        self._messenger = messenger
        self._directory = directory
        self._members = members
        self._snowflakes = snowflakes
        self._switches = switches

    def perform(self, job: Job, act: Act) -> Job:
        """Do one step; return the job with what changed by it."""
        match act:
            case Start():
                return self._start(job)
            case Announce():
                self._announce(job)
            case MarkSource():
                self._mark_source(job)
            case Pause():
                self._pause(job)
            case Progress():
                self._progress(job, act)
            case Retire():
                self._retire(job)
            case GiveUp():
                self._give_up(job)
            case Finish():
                return self._finish(job)
        return job

    def stop(self, job: Job) -> None:
        """Show that a job was cancelled."""
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.stopped(job, message))

    def show(self, job: Job, announcement: Message) -> None:
        """Post the result of a job once more, after the message that announces it or in its place."""
        edits = self._switches.now.show_result == "edit"
        message_id = announcement.id if edits else self._snowflakes.next()
        shown = job_messages.shown(self._final(job, message_id), announcement.channel_id)
        if edits:
            self._messenger.edit(replace(shown, type=announcement.type, invocation=announcement.invocation))
        else:
            self._messenger.post(shown)

    def tell_seed(self, job: Job, user_id: int) -> None:
        """Tell a user the seed of a job, in the private channel; somebody without an account here has none."""
        if account := self._directory.by_user(user_id):
            channel_id = account.private_channel_with(job.application_id)
            message_id = self._snowflakes.next()
            self._messenger.post(
                job_messages.seed(job, message_id, channel_id, self._snowflakes.next, self._owner(job))
            )

    def _start(self, job: Job) -> Job:
        if there := self._progress_message(job):
            if not job.kind.words:  # What describes a picture once more says nothing before it is done.
                start = job_messages.start(job, there.id, self._switches.now)
                self._messenger.edit(replace(start, flags=there.flags))
            return replace(job, nonce=None)
        message = job_messages.start(job, self._snowflakes.next(), self._switches.now)
        self._messenger.post(message, job.nonce)
        return replace(job, progress_id=message.id, nonce=None)

    def _announce(self, job: Job) -> None:
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.announced(job, message))

    def _mark_source(self, job: Job) -> None:
        if job.source_id is None or job.custom_id is None:
            return
        if job.kind is Kind.REROLL and not self._switches.now.reroll_mark:
            return
        if source := self._store.message(job.source_id):
            self._messenger.edit(source.with_pressed(job.custom_id))

    def _pause(self, job: Job) -> None:
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.paused(job, message))

    def _progress(self, job: Job, act: Progress) -> None:
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.progress(job, message, self._visible(act), self._snowflakes.next))

    def _visible(self, act: Progress) -> Progress:
        return act if self._switches.now.previews else replace(act, preview=False)

    def _retire(self, job: Job) -> None:
        if message := self._progress_message(job):
            self._messenger.delete(message)

    def _give_up(self, job: Job) -> None:
        how = self._switches.now.give_up
        edits = NOTICES[job.outcome or "went_wrong"].moment is Moment.EDIT if how == "by_notice" else how == "edit"
        if not edits:
            self._messenger.post(job_messages.apology(job, self._snowflakes.next(), self._switches.now))
        elif message := self._progress_message(job):
            self._messenger.edit(job_messages.given_up(job, message, self._switches.now))

    def _finish(self, job: Job) -> Job:
        if job.kind.words or job.kind is Kind.FACE_SWAP:
            return self._complete(job)
        message = self._final(job, self._snowflakes.next())
        self._messenger.post(message)
        if self._members.of(job.user_id).auto_dm:
            self.tell_seed(job, job.user_id)
        return replace(job, final_id=message.id)

    def _final(self, job: Job, message_id: int) -> Message:
        return job_messages.final(job, message_id, self._snowflakes.next, self._owner(job), self._switches.now)

    def _complete(self, job: Job) -> Job:
        message = self._progress_message(job)
        if message is None:
            return job
        self._messenger.edit(self._completed(job, message))
        return replace(job, final_id=message.id)

    def _completed(self, job: Job, message: Message) -> Message:
        match job.kind:
            case Kind.DESCRIBE:
                return job_messages.described(job, message, self._image(job.images[0]))
            case Kind.SHORTEN:
                return job_messages.shortened(job, message, self._switches.now)
        return job_messages.swapped(job, message, self._snowflakes.next, self._owner(job))

    def _image(self, url: str) -> EmbeddedImage:
        place = self._place(url)
        attachment = None if place is None else self._store.attachment(place[0], place[1])
        return EmbeddedImage(url) if attachment is None else EmbeddedImage(url, attachment.width, attachment.height)

    def _owner(self, job: Job) -> str:
        return self._directory.name(job.user_id)

    def _progress_message(self, job: Job) -> Message | None:
        return None if job.progress_id is None else self._store.message(job.progress_id)
