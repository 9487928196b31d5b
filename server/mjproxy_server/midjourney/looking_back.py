"""A channel's history, looked at as a whole: what is certain first, then what is undisputed. Pure.

The start of our job and that of a twin look alike, and so do their results. The history does not tell which came from
whom; it may even hold one of them only, while the other one is still to come. So by likeness a job is given nothing
unless all that looks like it hangs together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from mjproxy_server.midjourney.jobs import Job
from mjproxy_server.midjourney.messages import BotMessage

Claimants = Callable[[BotMessage], Sequence[Job]]
"""Returns which jobs a message looks like, as far as is known by now; none if its job is certain."""
Observe = Callable[[BotMessage], None]


def observe_certain(messages: Iterable[BotMessage], claimants: Claimants, observe: Observe) -> list[BotMessage]:
    """Have observed all that is certain or undisputed, each message once; return the rest.

    What is observed may make certain what is not yet, in whatever order the messages are.
    """
    pending = _observe_unclaimed(list(messages), claimants, observe)
    while places := _undisputed([(message, claimants(message)) for message in pending]):
        for place in sorted(places):
            observe(pending[place])
        left = [message for place, message in enumerate(pending) if place not in places]
        pending = _observe_unclaimed(left, claimants, observe)
    return pending


def _observe_unclaimed(messages: list[BotMessage], claimants: Claimants, observe: Observe) -> list[BotMessage]:
    """Have observed what looks like no job; return what does, even after all that is known."""
    while True:
        left: list[BotMessage] = []
        for message in messages:
            if claimants(message):
                left.append(message)
            else:
                observe(message)
        if len(left) == len(messages):
            return left
        messages = left


def _undisputed(claims: Sequence[tuple[BotMessage, Sequence[Job]]]) -> set[int]:
    """Return the places of the messages that look like one job alone, whose other messages, if any, they go with."""
    alike: defaultdict[int, list[BotMessage]] = defaultdict(list)
    for message, jobs in claims:
        for job in jobs:
            alike[id(job)].append(message)
    sole = {place: id(jobs[0]) for place, (_, jobs) in enumerate(claims) if len(jobs) == 1}
    return {place for place, job in sole.items() if are_of_one_job(alike[job])}


def are_of_one_job(messages: Sequence[BotMessage]) -> bool:
    """Return True if the messages name each other, or the same interaction or job, be it by others of them."""
    ids = {message.id for message in messages}
    groups: list[set[str]] = []
    for message in messages:
        names = {message.id, message.job_id, message.interaction_id, *(ids & {message.reference_id})} - {""}
        linked = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names]
        groups.append(names.union(*linked))
    return len(groups) == 1
