"""The watchdog of one account: jobs that are silent for too long are looked for in the history, then given up."""

from collections.abc import Sequence
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.dialogues import depends_on_remix
from mjproxy_server.engine.history import History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.translations import Translations
from mjproxy_server.engine.workload import Workload
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Reason

SILENCE_CHECKS: Final = 4
"""How many times within its time-out a job's silence is looked at."""


class Watchdog:
    """Ends the tasks of one account whose jobs stay silent for longer than it allows.

    Args:
        account: The account, which tells how long that is.
        workload: Its tasks.
        link: Its way to Discord; while it is not ready, silence says nothing of the jobs.
        history: Tells what was not heard.
        translations: Results that were heard and are not stored yet.
        store: The task log.
        clock: The time.

    Attributes:
        account: The account; it may be replaced by itself with other settings at any time.
    """

    def __init__(
        self,
        account: Account,
        workload: Workload,
        *,
        link: Link,
        history: History,
        translations: Translations,
        store: PatientStore,
        clock: Clock,
    ) -> None:
        self.account = account
        self._workload = workload
        self._link = link
        self._history = history
        self._translations = translations
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Looks for silent jobs until cancelled."""
        while True:
            timeout = self.account.timeout_minutes * 60.0
            await self._clock.sleep(timeout / SILENCE_CHECKS)
            silent = self._silent_for(timeout)
            if silent and self._link.ready:
                await self._give_up(silent, timeout)

    def _silent_for(self, seconds: float) -> list[Task]:
        """A sign of life may have come and wait to be heard."""
        return self._workload.silent_since(self._clock.monotonic() - seconds - self._link.lag)

    async def _give_up(self, silent: Sequence[Task], seconds: float) -> None:
        """Ends the tasks that stay silent even after the channel's history was read."""
        if not await self._history.read_for(silent):
            return
        await self._translations.join()  # Results that the history held may still be on their way.
        for task in self._silent_for(seconds):
            failure = _silence(task, self.account.timeout_minutes)
            await self._store.record(task.id, Failed(now_ms(self._clock), failure))


def _silence(task: Task, minutes: int) -> Failure:
    """Why a silent task fails; a dialogue of which nobody heard leaves no trace, and is not the bot's fault.

    The press is not sent again, for it draws if the Remix mode was off, and what it draws may be queued yet.
    """
    opened = any(step.outcome == "opened" for step in task.trace.attempt)
    if depends_on_remix(task) and not opened and not task.trace.progress_message_id:
        return Failure(Reason.OUTCOME_UNKNOWN, "Outcome unknown", _UNHEARD.format(minutes))
    return Failure(Reason.TIMED_OUT, "Timed out", _SILENT.format(minutes))


_SILENT: Final = "The bot gave no sign of life for {} minutes, and the channel holds no result."
_UNHEARD: Final = (
    "Discord took the press of the button, which draws, or opens a dialogue if the Remix mode is on. Nothing was heard"
    " of either for {} minutes, and the channel holds nothing of it: the dialogue may have been opened while the"
    " connection was broken. Look into the channel before you submit it again."
)
