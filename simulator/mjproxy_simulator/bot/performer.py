"""Performs one step of a job: what the timeline says becomes messages."""

from dataclasses import replace

from mjproxy_simulator.bot import job_messages
from mjproxy_simulator.bot.timeline import Act, Finish, MarkSource, Progress, Retire, Start
from mjproxy_simulator.discord.messenger import Messenger
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Message
from mjproxy_simulator.model.snowflakes import Snowflakes
from mjproxy_simulator.store import Store


class Performer:
    """Acts for the bot. Messages that somebody has deleted meanwhile are passed over."""

    def __init__(self, store: Store, messenger: Messenger, directory: Directory, snowflakes: Snowflakes) -> None:
        self._store = store
        self._messenger = messenger
        self._directory = directory
        self._snowflakes = snowflakes

    def perform(self, job: Job, act: Act) -> Job:
        """Do one step; return the job with what changed by it."""
        match act:
            case Start():
                return self._start(job)
            case MarkSource():
                self._mark_source(job)
            case Progress():
                self._progress(job, act)
            case Retire():
                self._retire(job)
            case Finish():
                return self._finish(job)
        return job

    def stop(self, job: Job) -> None:
        """Show that a job was cancelled."""
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.stopped(job, message))

    def _start(self, job: Job) -> Job:
        message = job_messages.start(job, self._snowflakes.next())
        self._messenger.post(message, job.nonce)
        return replace(job, progress_id=message.id, nonce=None)

    def _mark_source(self, job: Job) -> None:
        if job.source_id is None or job.custom_id is None:
            return
        if source := self._store.message(job.source_id):
            self._messenger.edit(source.with_pressed(job.custom_id))

    def _progress(self, job: Job, act: Progress) -> None:
        if message := self._progress_message(job):
            self._messenger.edit(job_messages.progress(job, message, act, self._snowflakes.next()))

    def _retire(self, job: Job) -> None:
        if message := self._progress_message(job):
            self._messenger.delete(message)

    def _finish(self, job: Job) -> Job:
        user = self._directory.user(job.user_id)
        attachment_id, message_id = self._snowflakes.next(), self._snowflakes.next()
        message = job_messages.final(job, message_id, attachment_id, user.username if user else "someone")
        self._messenger.post(message)
        return replace(job, final_id=message.id)

    def _progress_message(self, job: Job) -> Message | None:
        return None if job.progress_id is None else self._store.message(job.progress_id)
