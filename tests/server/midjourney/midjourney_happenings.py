"""What has happened in a channel, so that it can be told once more, and otherwise."""

from dataclasses import dataclass, field

from mjproxy_server.midjourney.messages import Event
from mjproxy_server.model.facts import Fact, Failed, Finished, Held, Progressed, Retrying, Started, Taken
from mjproxy_server.model.task import Failure, Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Reason, Setback


@dataclass(frozen=True, slots=True)
class Sent:
    """A task was sent.

    Attributes:
        task: The task as it waited.
        nonce: The nonce that it was sent with, by which everything about its job is known to be so.
        at: When that was, in Unix milliseconds.
    """

    task: Task
    nonce: str
    at: int


@dataclass(frozen=True, slots=True)
class Told:
    """An event was heard.

    Attributes:
        event: The event.
        nonce: What the job that it is about was sent with, if that is one of ours; else "".
        at: When it was heard, in Unix milliseconds.
        shown: How much had been shown in the channel when it was sent.
        may_overtake: It may as well be heard before what was heard before it.
    """

    event: Event
    nonce: str
    at: int
    shown: int
    may_overtake: bool


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A task was ended before its job."""

    task_id: str


Happening = Sent | Told | GivenUp


@dataclass
class Chronicle:
    """All that has happened, and the truth of it.

    Attributes:
        happenings: What has happened, in its order.
        shown: What the channel has shown, in its order: messages as they stood after each change, and deletions.
        owners: What the job was sent with that each name belongs to: the id of a message or of an interaction, a
            nonce, a text. What is nobody's of ours has the nonce of a stranger, or "".
        retried: The nonces of the jobs whose failure was answered by another try, with the button that it presses.
    """

    happenings: list[Happening] = field(default_factory=list)
    shown: list[Event] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    retried: dict[str, Source | None] = field(default_factory=dict)

    def check(self, task: Task, fact: Fact) -> None:
        """Fails if a fact was given to a task that it does not belong to."""
        match fact:
            case Finished(result=result):
                named = result.prompt if result.prompt in self.owners else result.message_id
            case Started() | Progressed() | Held():
                named = fact.message_id
            case Taken():
                named = fact.nonce
            case _:
                return
        sent_with = {step.nonce for step in task.trace.attempt}
        assert self.owners[named] in sent_with, f"{fact} of {self.owners[named]} was given to {task}"


def retrying(task: Task, at: int, appeal: Source | None) -> Task:
    """The task after its job has failed, waiting to be sent once more."""
    after = transition(task, Retrying(at, Setback.FAULT, appeal))
    assert after.trace.failed
    return after


def given_up(task: Task, at: int) -> Task:
    """The task after nobody would wait for its job any longer."""
    return transition(task, Failed(at, Failure(Reason.TIMED_OUT, "", "")))
