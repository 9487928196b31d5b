"""Which job is a message about? The questions; `correlate` has the theory, and learns from the answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from mjproxy_server.midjourney.content import Verb
from mjproxy_server.midjourney.jobs import By, Job, Jobs, Key, prompt_key, source_key
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.outcomes import queued_prompt
from mjproxy_server.midjourney.telling import is_about_a_job, is_anothers
from mjproxy_server.midjourney.texts import SeenTexts


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells of a message.

    Attributes:
        session_id: The gateway session that is told of what is sent now; "" if there is none.
        shown: The messages that the history shows; none if the session itself tells.
    """

    session_id: str
    shown: frozenset[str] = frozenset()


class Owners:
    """Finds the jobs that messages are about.

    Args:
        jobs: The jobs.
        texts: The texts that messages are known to have had.

    Attributes:
        user_id: The account's Discord user; "" until it is known.
    """

    def __init__(self, jobs: Jobs, texts: SeenTexts) -> None:
        self.user_id = ""
        self._jobs = jobs
        self._texts = texts

    def certain(self, message: BotMessage) -> Job | None:
        """Return the job that the message names."""
        return self._rewriter(message) or self._by_exact_key(message)

    def claimants(self, message: BotMessage, telling: Telling) -> list[Job]:
        """Return which jobs the message looks like; none if its job is certain, or no matter."""
        if message.announces_copy or self.certain(message):
            return []
        alike = self.lookalikes(message, telling) or []
        return [] if all(is_early(job, message, telling) for job in alike) else alike

    def lookalikes(self, message: BotMessage, telling: Telling) -> list[Job] | None:
        """Return which jobs a message that names none looks like; None if it can be no job of this user."""
        if not self.is_ours(message) or not is_about_a_job(message):
            return None
        return [] if is_anothers(message) else self._candidates(message, telling)

    def is_ours(self, message: BotMessage) -> bool:
        """Return True if the message is about something that the account's user has asked for."""
        return bool(self.user_id) and message.user_id == self.user_id

    def _rewriter(self, message: BotMessage) -> Job | None:
        """Return the job that gave its source a new text; any other version of the source is its own job's.

        The text has to be younger than the press by Discord's own clock, which the interaction tells.
        """
        if message.proposal is None:
            return None
        since = self._texts.since(message.id, message.proposal.description, message.edited_at)
        rewriters = [job for job in self._jobs.find(source_key(message.id)) if job.may_have_written(since)]
        return rewriters[0] if len(rewriters) == 1 and rewriters[0].interaction_id else None

    def _by_exact_key(self, message: BotMessage) -> Job | None:
        return (
            self._jobs.exactly(By.NONCE, message.nonce)
            or self._jobs.exactly(By.INTERACTION, message.interaction_id)
            or self._jobs.exactly(By.MESSAGE, message.id)
            or self._replied_to(message)
            or self._jobs.exactly(By.JOB, message.job_id)
        )

    def _replied_to(self, message: BotMessage) -> Job | None:
        """Return the job to whose progress the message replies; a reply to what ended a job is about another one."""
        job = self._jobs.exactly(By.MESSAGE, message.reference_id)
        return job if job and message.reference_id not in {job.result_id, job.notice_id} else None

    def _candidates(self, message: BotMessage, telling: Telling) -> list[Job]:
        for keys in self._likenesses_of(message):
            alike = (job for key in keys for job in self._jobs.find(key))
            told = (job for job in alike if job.may_be_told_in(telling.session_id))
            if candidates := [job for job in told if job.may_own(message)]:
                copies = self._jobs.find((By.COPY, message.bot)) if message.is_result else []
                return [*candidates, *(job for job in copies if job.may_copy(message))]
        return []

    def _likenesses_of(self, message: BotMessage) -> Iterator[list[Key]]:
        """Yield what the message looks like; what comes first decides, if anything answers to it."""
        content, reference_id = message.content, message.reference_id
        if reference_id:
            echo = [source_key(reference_id, content.prompt)] if content else []
            yield [source_key(reference_id), *echo]
        # A reply to a known result is about a button of it, not about a command with the same prompt.
        if content and not self._jobs.exactly(By.MESSAGE, reference_id):
            yield [prompt_key(message.bot, content.verb, content.prompt)]
        if not reference_id and (prompt := queued_prompt(message)):
            yield [prompt_key(message.bot, Verb.IMAGINE, prompt)]


def is_early(job: Job, message: BotMessage, telling: Telling) -> bool:
    """True if the message would be the job's result, and its progress, to which that does not reply, is still shown."""
    return not message.reference_id and job.shows_progress_in(telling.shown)
