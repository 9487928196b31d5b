"""The watchdog of one account: jobs that are silent for too long are looked for in the history, then given up.

When it looks, which jobs are silent and how their tasks fail is decided by functions of data.
"""

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
            await self._clock.sleep(pause(self.account))
            silent = self._silent()
            if silent and self._link.ready:
                await self._give_up(silent)

    def _silent(self) -> list[Task]:
        return silent(self._workload, self.account, self._clock.monotonic(), lag=self._link.lag)

    async def _give_up(self, tasks: Sequence[Task]) -> None:
        """Ends the tasks that stay silent even after the channel's history was read."""
        if not await self._history.read_for(tasks):
            return
        await self._translations.join()  # Results that the history held may still be on their way.
        for task in self._silent():
            await self._store.record(task.id, Failed(now_ms(self._clock), silence(task, self.account)))


def pause(account: Account) -> float:
    """Returns after how many seconds an account's jobs are looked at again."""
    return account.timeout_minutes * 60.0 / SILENCE_CHECKS


def silent(workload: Workload, account: Account, now: float, *, lag: float) -> list[Task]:
    """Returns the tasks whose jobs are silent for longer than their account allows.

    Args:
        workload: The account's tasks.
        account: The account.
        now: The time, by the clock that is never set.
        lag: How many seconds what was heard lies behind what has come: a sign of life may wait there.
    """
    return workload.silent_since(now - account.timeout_minutes * 60.0 - lag)


def silence(task: Task, account: Account) -> Failure:
    """Returns why a silent task fails; a dialogue of which nobody heard leaves no trace, and is not the bot's fault.

    The press is not sent again, for it draws if the Remix mode was off, and what it draws may be queued yet.
    """
    opened = any(step.outcome == "opened" for step in task.trace.attempt)
    if depends_on_remix(task) and not opened and not task.trace.progress_message_id:
        return Failure(Reason.OUTCOME_UNKNOWN, "Outcome unknown", _UNHEARD.format(account.timeout_minutes))
    return Failure(Reason.TIMED_OUT, "Timed out", _SILENT.format(account.timeout_minutes))


_SILENT: Final = "The bot gave no sign of life for {} minutes, and the channel holds no result."
_UNHEARD: Final = (
    "Discord took the press of the button, which draws, or opens a dialogue if the Remix mode is on. Nothing was heard"
    " of either for {} minutes, and the channel holds nothing of it: the dialogue may have been opened while the"
    " connection was broken. Look into the channel before you submit it again."
)
