"""Jobs as the queue and the gate see them."""

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Invocation


def job_of(
    user_id: int, number: int, *, mode: str = "fast", kind: Kind = Kind.IMAGINE, prompt: str = "a cat --v 7.0"
) -> Job:
    """Return a job of a user."""
    return Job(
        id=f"{user_id}-{number}",
        number=number,
        kind=kind,
        application_id=1,
        channel_id=2,
        profile=Profile.OF_2026,
        prompt=prompt,
        mode=mode,
        seed=1,
        aspect=(1, 1),
        invocation=Invocation(3, 2, user_id, "imagine"),
        created_ms=0,
    )
