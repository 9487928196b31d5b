"""Discord, the bot and the network as a lane meets them: what is taken, what is told of it, and what is lost.

What it promises is what Discord does: an interaction is taken once, soon, or never; what a session is told comes in
order, and again after a resume; a session that is gone tells nothing more. The rest is chance. Whose a message is, is
known here: that is the correlator's business, which has histories of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused, Taken
from mjproxy_server.engine.transmission import INVALID_FORM_BODY
from mjproxy_server.midjourney.messages import BotMessage, Embed, MessageKind
from mjproxy_server.midjourney.outcomes import failure_of
from mjproxy_server.model import facts
from mjproxy_server.model.task import Button, Failure, Result
from mjproxy_server.model.vocabulary import Bot, Reason
from tests.server.timeline import Timeline

LATEST_ARRIVAL = 10.3
"""So many seconds after it was sent, what Discord takes at all is taken."""


def _notice(title: str, *buttons: Button) -> BotMessage:
    embed = Embed(type="rich", title=title, description="", colour=0xFF0000)
    return BotMessage(kind=MessageKind.CREATED, id="77", bot=Bot.MIDJOURNEY, flags=64, embeds=(embed,), buttons=buttons)


BUSY = _notice("Queue full")
EXHAUSTED = _notice("Credits exhausted")
MODERATED = _notice("Action needed to continue", Button("MJ::Prompts::Appeal::a1b2", label="Appeal"))
WRONG = _notice("Sorry, something went wrong")
REJECTED = _notice("Invalid parameter")
NOTICES = (BUSY, EXHAUSTED, MODERATED, WRONG, REJECTED)
FAILURES = {id(notice): failure for notice in NOTICES if (failure := failure_of(notice))}

LIMITED = Refused(429, 0, "You are being rate limited.", retry_after=20.0)
FORBIDDEN = Refused(403, 50001, "Missing Access")
OUTDATED = Refused(400, INVALID_FORM_BODY, "Invalid Form Body")
UNREACHABLE = Refused(None, None, "nobody listens")


@dataclass(frozen=True)
class Weather:
    """How probable it is that something goes wrong.

    Attributes:
        lost_answers: Of an interaction; half of them are taken.
        late_arrivals: Of an interaction whose answer is lost: it is taken after a while.
        refusals: Of an interaction.
        slow_starts: Of a job of which nothing is to be seen for a while.
        silences: Of a job that falls silent, be it at once.
        notices: Of a job that the bot does not do, and says so.
        strikes: Of a stall of the network or the end of the session, each minute.
        blows: Of the same, soon after something was sent.
        breaks: Of a connection, each minute.
        deaf_histories: Of the history not to be readable.
        disputes: Of a job in the history that might be another's, when it is read for the first time.
        slow_disks: Of a write that takes long.
        refusal: How Discord refuses; None if in any way.
        notice: What the bot says of what it does not do; None if anything.
    """

    lost_answers: float = 0.0
    late_arrivals: float = 0.0
    refusals: float = 0.0
    slow_starts: float = 0.0
    silences: float = 0.0
    notices: float = 0.0
    strikes: float = 0.0
    blows: float = 0.0
    breaks: float = 0.0
    deaf_histories: float = 0.0
    disputes: float = 0.0
    slow_disks: float = 0.0
    refusal: Refused | None = None
    notice: BotMessage | None = None


FAIR = Weather()
STORM = Weather(lost_answers=0.9, late_arrivals=0.9, slow_starts=1.0, blows=0.8, disputes=0.5)
"""Nearly everything comes into doubt, and the evidence is late or lost."""
SIEGES = (
    Weather(refusals=1.0, refusal=LIMITED),
    Weather(refusals=1.0, refusal=UNREACHABLE),
    Weather(refusals=1.0, refusal=FORBIDDEN),
    Weather(refusals=0.5, refusal=FORBIDDEN),
    Weather(lost_answers=1.0, strikes=2.0, breaks=2.0),
    Weather(lost_answers=1.0, late_arrivals=1.0, slow_starts=1.0, blows=1.0),
    Weather(notices=1.0, notice=EXHAUSTED),
    Weather(notices=1.0, notice=BUSY),
    Weather(silences=1.0),
    Weather(slow_disks=1.0),
)
"""What goes wrong for more than an hour."""


def any_weather(rng: random.Random) -> Weather:
    """Most lives have few kinds of mishaps, but much of these."""
    if rng.random() < 0.25:
        return STORM

    def some(*probabilities: float, often: float = 0.3) -> float:
        return rng.choice(probabilities) if rng.random() < often else 0.0

    return Weather(
        lost_answers=some(0.3, 0.9, often=0.6),
        late_arrivals=some(0.5, 0.9, often=0.5),
        refusals=some(0.3, 0.9),
        slow_starts=some(0.5, 1.0, often=0.5),
        silences=some(0.3, 0.8),
        notices=some(0.3, 0.9),
        strikes=some(0.7, often=0.4),
        blows=some(0.3, 0.8, often=0.5),
        breaks=some(0.3),
        deaf_histories=some(0.3),
        disputes=some(0.5),
        slow_disks=some(0.1, often=0.2),
        refusal=rng.choice((None, LIMITED, UNREACHABLE, OUTDATED, FORBIDDEN)),
        notice=rng.choice((None, *NOTICES)),
    )


@dataclass
class Interaction:
    """What was sent for a task.

    Attributes:
        framed: It is submitted on a page of the bot's own, of which no session is told.
    """

    task_id: str
    nonce: str
    session: str
    framed: bool = False


@dataclass
class Job:
    """What the bot makes of an interaction.

    Attributes:
        told: What the channel shows of it.
        ended: Nothing comes of it any more.
        failed: The bot has said that nothing comes of it.
        failures: Why.
    """

    interaction: Interaction
    number: int
    told: list[Told] = field(default_factory=list)
    ended: bool = False
    failed: bool = False
    failures: list[Failure] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"job-{self.number}"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that Discord or the bot says of a job."""

    job: Job
    what: str
    percent: int = 0
    notice: BotMessage | None = None

    def fact(self, at: int) -> facts.Fact:
        number = str(self.job.number)
        match self.what:
            case "taken":
                return facts.Taken(at, self.job.interaction.nonce, number)
            case "started":
                return facts.Started(at, number, number)
            case "progressed":
                return facts.Progressed(at, number, self.percent)
            case "finished":
                return facts.Finished(at, Result(number, "", 0, "", "", None, self.job.id, ()))
            case "stopped":
                return facts.Failed(at, Failure(Reason.STOPPED, "Stopped", ""))
            case _:
                return facts.Failed(at, FAILURES[id(self.notice)])


@dataclass
class Session:
    """A gateway session: all that it was ever told, and whether it can still be resumed."""

    name: str
    told: list[Told] = field(default_factory=list)
    alive: bool = True


class LaneDiscord:
    """Discord's side, which no crash touches.

    Attributes:
        jobs: What was taken, by task: the ledger of what is paid for.
        stalls: How often the network was stalled.
        tells: When the channel showed something first, by nonce.
        on_told: Called when a session is told something.
    """

    def __init__(self, weather: Weather, timeline: Timeline, rng: random.Random) -> None:
        self.weather = weather
        self.jobs: dict[str, list[Job]] = {}
        self.sessions: dict[str, Session] = {}
        self.stalls = 0
        self.tells: dict[str, float] = {}
        self.on_told: Callable[[], None] = lambda: None
        self._timeline = timeline
        self._rng = rng
        self._numbers = 0
        self._stalled_until = 0.0
        self._session: Session | None = None

    # The network and the gateway.

    def strike(self) -> None:
        """Stalls the network, so that nothing passes and nobody notices; or ends the session."""
        if self.chance(0.5):
            self.stalls += 1
            self._stalled_until = max(self._stalled_until, self._timeline.now + self._rng.uniform(5, 80))
        else:
            self.invalidate()

    @property
    def stalled(self) -> bool:
        return self._timeline.now < self._stalled_until

    def latency(self) -> float:
        """Seconds that something takes from now on to cross the network, in one direction."""
        return max(0.0, self._stalled_until - self._timeline.now) + self._rng.uniform(0.01, 0.3)

    def invalidate(self) -> None:
        if self._session:
            self._session.alive = False
            self._session = None

    def begin(self) -> Session:
        """Identifies: the session before is forgotten."""
        self.invalidate()
        session = self._session = Session(f"s{self._number()}")
        self.sessions[session.name] = session
        return session

    def find(self, name: str) -> Session | None:
        """Returns the session if it can be resumed."""
        session = self.sessions.get(name)
        return session if session and session.alive else None

    # The API.

    def interact(self, interaction: Interaction, answer: Callable[[InteractionOutcome], None]) -> None:
        """Takes an interaction, or not, and tells or does not tell which."""
        after, fate = self._timeline.after, self._rng.random()
        if self.chance(self.weather.blows):
            after(self._rng.uniform(0, 12), self.strike)
        if fate < self.weather.refusals:
            after(self.latency(), answer, self._refusal())
        elif fate > 1 - self.weather.lost_answers or self.stalled:
            if self.chance(0.5):
                late = self._rng.uniform(0, 10) if self.chance(self.weather.late_arrivals) else 0.0
                after(late + self._rng.uniform(0.01, 0.3), self._take, interaction)
            after(self._rng.uniform(0, 30), answer, InDoubt("the connection was cut"))
        else:
            arrives = self._rng.uniform(0.01, 0.3)
            after(arrives, self._take, interaction)
            after(arrives + self.latency(), answer, Taken())

    def stop(self, task_id: str, answer: Callable[[bool], None]) -> None:
        """Takes the wish to stop a job, or not; the bot may not heed it."""
        taken = not self.stalled and self.chance(0.8)
        if taken and self.chance(0.7):
            for job in self.jobs.get(task_id, ()):
                if not job.ended:
                    job.ended = job.failed = True
                    self._tell(Told(job, "stopped"))
        self._timeline.after(self.latency(), answer, taken)

    def history(self, task_ids: Iterable[str]) -> list[Told] | None:
        """What the channel holds about tasks; None if it cannot be read."""
        if self.chance(self.weather.deaf_histories):
            return None
        return [told for task_id in task_ids for job in self.jobs.get(task_id, ()) for told in job.told]

    def chance(self, probability: float) -> bool:
        return probability > 0 and self._rng.random() < probability

    def _refusal(self) -> Refused:
        return self.weather.refusal or self._rng.choice((LIMITED, UNREACHABLE, OUTDATED, FORBIDDEN))

    # The bot.

    def _notice(self) -> BotMessage:
        return self.weather.notice or self._rng.choice(NOTICES)

    def _take(self, interaction: Interaction) -> None:
        jobs = self.jobs.setdefault(interaction.task_id, [])
        assert all(job.failed for job in jobs), f"task {interaction.task_id} is paid for twice"
        job = Job(interaction, self._number())
        jobs.append(job)
        if not interaction.framed:
            self._tell(Told(job, "taken"), only=interaction.session)
        if self.chance(self.weather.notices):
            self._timeline.after(self._rng.uniform(0.5, 3), self._refuse, job, self._notice())
        elif not self.chance(self.weather.silences):
            slow = self.chance(self.weather.slow_starts)
            self._timeline.after(self._rng.uniform(5, 100) if slow else 1.0, self._draw, job, 0)

    def _draw(self, job: Job, percent: int) -> None:
        """Shows a job's start, its progress, and its end."""
        if job.ended:
            return
        if percent >= 100:
            job.ended = True
            self._tell(Told(job, "finished"))
        elif percent and self.chance(self.weather.notices / 4):
            self._refuse(job, WRONG)
        else:
            self._tell(Told(job, "progressed", percent) if percent else Told(job, "started"))
            if not self.chance(self.weather.silences / 4):
                self._timeline.after(self._rng.uniform(1, 60), self._draw, job, percent + 50)

    def _refuse(self, job: Job, notice: BotMessage) -> None:
        if not job.ended:
            job.ended = job.failed = True
            job.failures.append(FAILURES[id(notice)])
            self._tell(Told(job, "failed", notice=notice), shown=self.chance(0.5))

    def _tell(self, told: Told, *, only: str = "", shown: bool = True) -> None:
        if told.what != "taken" and shown:
            told.job.told.append(told)
            self.tells.setdefault(told.job.interaction.nonce, self._timeline.now)
        if self._session and only in {"", self._session.name}:
            self._session.told.append(told)
            self.on_told()

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
