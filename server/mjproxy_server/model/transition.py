"""The life of a task, in one pure function: `transition(task, fact) -> task`.

                             ┌──────────────── Retrying ──────────────────┐
                             ▼                                            │
    MODAL ──Confirmed──▶ NOT_START ──Taken, Started, Progressed──▶ SUBMITTED / IN_PROGRESS ──Finished──▶ SUCCESS
      │                      │                                            │
      └──────────────────────┴──────────── Failed, Cancelled ─────────────┴──────────▶ FAILURE / CANCELLED

What holds of every task that came out of it, whatever the facts and their order:

- An end never changes; only the seed of a picture may be found afterwards.
- Progress never falls; it is 100 exactly if the task succeeded.
- submitted_at <= started_at <= finished_at, as far as they are set, and both of the latter are set at the end.
- What was once known of the trace is not forgotten, until the task is tried again: then its steps keep it.

Facts arrive late, twice and out of order. A fact that tells nothing new returns the same task, by which a caller sees
that there is nothing to store. Nor is it a sign of life: a progress message that is read again in the channel's history
does not show that the job still runs. Between two attempts, what is told of the first one changes nothing either; but
if it has a result after all, that is the task's.
"""

from functools import reduce, singledispatch

from msgspec.structs import replace

from mjproxy_server.model.facts import (
    Cancelled,
    CancelRequested,
    Confirmed,
    Fact,
    Failed,
    Finished,
    Held,
    Moved,
    NotTaken,
    Opened,
    Progressed,
    Reported,
    Retrying,
    SeedFound,
    Sending,
    Started,
    Taken,
)
from mjproxy_server.model.task import Failure, Result, Step, Task, Trace
from mjproxy_server.model.vocabulary import Mode, Reason, Setback, Status

_MOST_BEFORE_SUCCESS = 99
_OF_AN_ATTEMPT = Taken | Opened | NotTaken | Started | Progressed | Held | Retrying


def transition(task: Task, fact: Fact) -> Task:
    """Returns what the fact makes of the task; the very same object if it changes nothing."""
    if task.status.ended and not isinstance(fact, SeedFound):
        return task
    if task.trace.failed and isinstance(fact, _OF_AN_ATTEMPT):
        return task
    after = _apply(fact, task)
    return task if after == task else after


@singledispatch
def _apply(fact: object, task: Task) -> Task:  # noqa: ARG001
    raise TypeError(f"not a fact: {type(fact).__name__}")


@_apply.register
def _(fact: Sending, task: Task) -> Task:
    mode = fact.mode or task.mode
    sending = _traced(
        task,
        steps=(*task.trace.steps, Step(nonce=fact.nonce, sent_at=fact.at, mode=mode, session_id=fact.session_id)),
        interaction_id=fact.interaction_id or task.trace.interaction_id,
    )
    return replace(sending, mode=mode)


@_apply.register
def _(fact: Taken, task: Task) -> Task:
    if not _is_newest(task.trace, fact.nonce):
        return task
    known = _traced(
        task,
        steps=_settled(task.trace, "taken"),
        interaction_id=fact.interaction_id or task.trace.interaction_id,
    )
    return _alive(task, known, fact.at, at_least=Status.SUBMITTED)


@_apply.register
def _(fact: Opened, task: Task) -> Task:
    if not _is_newest(task.trace, fact.nonce):
        return task
    opened = replace(task.trace.steps[-1], outcome="opened")
    known = _traced(
        task,
        steps=(*task.trace.steps[:-1], opened),
        interaction_id=fact.interaction_id or task.trace.interaction_id,
    )
    return _alive(task, known, fact.at, at_least=Status.SUBMITTED)


@_apply.register
def _(fact: NotTaken, task: Task) -> Task:
    if not _is_newest(task.trace, fact.nonce) or not task.trace.in_doubt:
        return task
    waiting = _traced(task, steps=_settled(task.trace, "refused"))
    return _end(waiting, fact.at, Status.CANCELLED) if task.cancel_requested_at else waiting


@_apply.register
def _(fact: Started, task: Task) -> Task:
    known = _traced(
        task,
        steps=_settled(task.trace, "taken"),
        interaction_id=fact.interaction_id or task.trace.interaction_id,
        progress_message_id=fact.message_id or task.trace.progress_message_id,
        progress_flags=fact.flags or task.trace.progress_flags,
        job_id=task.trace.job_id or fact.job_id,
    )
    return _alive(task, known, fact.at, at_least=Status.IN_PROGRESS)


@_apply.register
def _(fact: Progressed, task: Task) -> Task:
    known = _traced(
        task,
        steps=_settled(task.trace, "taken"),
        progress_message_id=fact.message_id or task.trace.progress_message_id,
        job_id=task.trace.job_id or fact.job_id,
    )
    seen = replace(
        known,
        progress=max(task.progress, min(fact.percent or 0, _MOST_BEFORE_SUCCESS)),
        picture=fact.picture or task.picture,
        mode=fact.mode or task.mode,
    )
    return _alive(task, seen, fact.at, at_least=Status.IN_PROGRESS)


@_apply.register
def _(fact: Reported, task: Task) -> Task:
    return reduce(transition, fact.reports, task)


@_apply.register
def _(fact: Held, task: Task) -> Task:
    known = _traced(
        task,
        steps=_settled(task.trace, "taken"),
        progress_message_id=fact.message_id or task.trace.progress_message_id,
    )
    return _alive(task, known, fact.at, at_least=Status.SUBMITTED)


@_apply.register
def _(fact: Finished, task: Task) -> Task:
    known = _traced(
        task,
        steps=_settled(task.trace, "taken"),
        job_id=fact.result.job_id or task.trace.job_id,
        last_sign_at=max(task.trace.last_sign_at, fact.at),
    )
    return _end(known, fact.at, Status.SUCCESS, result=fact.result, mode=fact.mode)


@_apply.register
def _(fact: Failed, task: Task) -> Task:
    if fact.failure.reason is Reason.STOPPED and task.cancel_requested_at:
        return _end(_traced(task, steps=_failed(task.trace)), fact.at, Status.CANCELLED)
    return _end(task, fact.at, Status.FAILURE, failure=fact.failure)


@_apply.register
def _(fact: Retrying, task: Task) -> Task:
    """What was not sent, or was proved not to be taken, cannot have failed at the bot."""
    if not task.trace.steps or task.trace.steps[-1].outcome == "refused":
        return task
    steps = _failed(task.trace, fact.setback)
    if task.cancel_requested_at:
        return _end(_traced(task, steps=steps), fact.at, Status.CANCELLED)
    return replace(task, status=Status.NOT_START, started_at=0, trace=Trace(steps=steps, appeal=fact.appeal))


@_apply.register
def _(fact: Cancelled, task: Task) -> Task:
    return _end(task, fact.at, Status.CANCELLED)


@_apply.register
def _(fact: Confirmed, task: Task) -> Task:
    if task.status is not Status.MODAL:
        return task
    return replace(
        task,
        status=Status.NOT_START,
        prompt=fact.prompt,
        prompt_en=fact.prompt_en,
        description=fact.description,
        confirmation=fact.confirmation,
        state=task.state if fact.state is None else fact.state,
        notify_hook=task.notify_hook if fact.notify_hook is None else fact.notify_hook,
    )


@_apply.register
def _(fact: Moved, task: Task) -> Task:
    """What the bot may be at work on stays where it is: its messages come in that channel.

    So does the notice that an appeal is pressed on; the next account gets the request as it is.
    """
    idle = all(step.outcome in {"refused", "failed"} for step in task.trace.steps)
    if task.status is not Status.NOT_START or not idle:
        return task
    return replace(_traced(task, appeal=None), account_id=fact.account_id)


@_apply.register
def _(fact: CancelRequested, task: Task) -> Task:
    """What was not sent, or was proved not to be taken, ends at once; a job is another's to stop."""
    waits = task.status in {Status.MODAL, Status.NOT_START} and not task.trace.in_doubt
    if waits:
        return _end(task, fact.at, Status.CANCELLED)
    return replace(task, cancel_requested_at=task.cancel_requested_at or fact.at)


@_apply.register
def _(fact: SeedFound, task: Task) -> Task:
    return replace(task, image_seed=fact.seed) if task.status is Status.SUCCESS else task


def _alive(before: Task, after: Task, at: int, *, at_least: Status) -> Task:
    """What is newly known is a sign of life, which also proves that Discord took the interaction."""
    status = at_least if before.status is Status.NOT_START or at_least is Status.IN_PROGRESS else before.status
    alive = replace(after, status=status, started_at=before.started_at or max(at, before.submitted_at))
    if alive == before:
        return before
    return _traced(alive, last_sign_at=max(before.trace.last_sign_at, at))


def _end(
    task: Task,
    at: int,
    status: Status,
    *,
    result: Result | None = None,
    failure: Failure | None = None,
    mode: Mode | None = None,
) -> Task:
    started_at = task.started_at or task.submitted_at
    return replace(
        task,
        status=status,
        started_at=started_at,
        finished_at=max(at, started_at),
        progress=100 if status is Status.SUCCESS else task.progress,
        picture=(result.picture if result else None) or task.picture,
        result=result,
        failure=failure,
        mode=mode or task.mode,
    )


def _traced(task: Task, **known: object) -> Task:
    return replace(task, trace=replace(task.trace, **known))


def _is_newest(trace: Trace, nonce: str) -> bool:
    return bool(trace.steps) and trace.steps[-1].nonce == nonce


def _settled(trace: Trace, outcome: str) -> tuple[Step, ...]:
    """The steps with the newest one settled; what was taken stays taken, and what is open stays open."""
    if not trace.steps or trace.steps[-1].outcome in {"taken", "opened"}:
        return trace.steps
    return (*trace.steps[:-1], replace(trace.steps[-1], outcome=outcome))


def _failed(trace: Trace, setback: Setback | None = None) -> tuple[Step, ...]:
    """The steps with the newest one failed, which keeps what ties Discord's messages to it."""
    if not trace.steps:
        return ()
    failed = replace(
        trace.steps[-1],
        outcome="failed",
        setback=setback,
        interaction_id=trace.interaction_id,
        progress_message_id=trace.progress_message_id,
        job_id=trace.job_id,
    )
    return (*trace.steps[:-1], failed)
