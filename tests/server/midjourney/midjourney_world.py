"""A channel with a bot that draws: whole histories of it, by chance, with the truth of each message beside it."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.midjourney.messages import BotMessage, Event
from mjproxy_server.midjourney.outcomes import appeal_of
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Source, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Bot
from tests.server.midjourney.midjourney_bot import (
    CHANNEL,
    Dispatch,
    Value,
    button,
    cancel_button,
    deletion,
    frame,
    grid_buttons,
    interaction,
    message,
    proposal,
    queued,
    refusal,
    signed,
)
from tests.server.midjourney.midjourney_conditions import Conditions
from tests.server.midjourney.midjourney_forms import DRAWN, FORMS, INDEXED
from tests.server.midjourney.midjourney_happenings import Chronicle, GivenUp, Sent, Told, given_up, retrying
from tests.server.midjourney.midjourney_rewriting import echo
from tests.server.midjourney.midjourney_tasks import (
    GRID,
    NOW,
    THEM,
    US,
    blend,
    describe,
    imagine,
    press,
    sent,
    shorten,
    snowflake,
)
from tests.server.midjourney.midjourney_telling import Telling

PROMPTS = [
    "a cat --ar 2:3",
    "A  cat",
    "a cat \u2014v 7 --no dogs",
    "a dog on\nthe moon",
    "https://example.com/a.png a dog on the moon",
]
SOURCES = {
    GRID: "a cat --v 7.0",
    snowflake(NOW - 7_200_000): "a cat --ar 2:3",
    snowflake(NOW - 9_000_000): "a dog on the moon",
}
PROPOSALS = {snowflake(NOW - 10_000_000): "a text", snowflake(NOW - 11_000_000): "another text"}
"""Messages that propose prompts, by what they said at first."""
PRESSED = [*DRAWN, "upsample", "variation", "reroll"]
"""Some buttons are pressed more often than others."""
ASKED = ["imagine"] * 6 + ["blend", "describe", "shorten", "bookmark"] + ["press"] * 5 + ["proposed"] * 2
WRITTEN = {"describe": describe, "shorten": shorten}
PAGE_OPENED = "INTERACTION_IFRAME_MODAL_CREATE"
"""Nothing of a job can come before."""
APOLOGY = "Sorry, something went wrong"
APPEALABLE = {"imagine", *DRAWN} - {"region"}


@dataclass
class Drawing:
    """A job at the bot."""

    job_id: str
    task_id: str
    kind: str
    prompt: str
    index: int = 0
    source_id: str = ""
    user_id: str = US
    nonce: str = ""
    bot: Bot = Bot.MIDJOURNEY
    script: Iterator[Dispatch] = field(default_factory=lambda: iter(()))


@dataclass(frozen=True)
class Wired:
    """A dispatch that is under way.

    Attributes:
        dispatch: The dispatch.
        nonce: What our job that it is about was sent with; "" if it is about no such one.
        shown: How much had been shown in the channel when it was sent.
    """

    dispatch: Dispatch
    nonce: str = ""
    shown: int = 0


class World:
    """The channel, the tasks that draw in it, and everybody else."""

    def __init__(self, conditions: Conditions, rng: random.Random) -> None:
        self.conditions = conditions
        self.correlator = Correlator(US)
        self._telling = Telling(CHANNEL, fragments=conditions.fragments)
        self.waiting: list[Task] = []
        self.tasks: dict[str, Task] = {}
        self.chronicle = Chronicle()
        self._owners = self.chronicle.owners
        self._rng = rng
        self._now = NOW
        self._drawings: list[Drawing] = []
        self._wire: deque[Wired] = deque()
        self._history: list[Wired] = []
        self._kinds: dict[str, str] = {}
        self._texts = dict(PROPOSALS)
        self._old: list[Drawing] = []
        self._count = 0
        self._prompts, self._sources = self._some(PROMPTS), self._some(list(SOURCES))
        self._proposals, self._pressed = self._some(list(PROPOSALS)), self._some(PRESSED)
        self._asked = self._some(ASKED)
        self._draw_of_old()

    # What happens.

    def run(self, steps: int) -> None:
        """Lets so much happen by chance, and then all that is under way come to its end."""
        for _ in range(steps):
            self._rng.choice(
                [self._submit, self._start, self._draw, self._draw, self._draw, self._deliver, self._deliver]
            )()
            if self._chance(0.15):
                self._be_others()
            if self._chance(0.05):
                self._touch()
            if self.conditions.giving_up and self._chance(0.05):
                self._give_up()
        while self._drawings or self._wire or self._may_go_on():
            while self._start():
                pass
            while self._drawings or self._wire:
                self._draw()
                self._deliver()

    def unfinished(self) -> list[str]:
        """The tasks that were started and never ended, or never started."""
        return [task.id for task in [*self.tasks.values(), *self.waiting] if not task.status.ended]

    def _may_go_on(self) -> bool:
        return any(self.correlator.may_start(task) for task in self.waiting)

    def _submit(self) -> None:
        task_id = f"T{self._number()}"
        kind = self._rng.choice(self._asked)
        make = {"imagine": self._imagine, "press": self._press, "proposed": self._proposed}.get(kind)
        if make:
            self.waiting.append(make(task_id))
            return
        self._kinds[task_id] = kind
        make_plain = {"blend": blend, "bookmark": lambda id_: press(id_, "bookmark"), **WRITTEN}[kind]
        self.waiting.append(make_plain(task_id))

    def _imagine(self, task_id: str) -> Task:
        self._kinds[task_id] = "imagine"
        return imagine(task_id, self._rng.choice(self._prompts), bot=self._bot())

    def _press(self, task_id: str) -> Task:
        source_id = self._rng.choice(self._sources)
        kind, index = self._button()
        self._kinds[task_id] = kind
        own = f"{SOURCES[source_id]} --zoom 1.8" if kind == "custom zoom" else ""
        return press(task_id, kind, index, source_id=source_id, prompt=SOURCES[source_id], own=own)

    def _proposed(self, task_id: str) -> Task:
        """Chooses one of the prompts that a message proposes, or asks for others."""
        source_id = self._rng.choice(self._proposals)
        kind = self._rng.choice(["description", "retry", "details"])
        self._kinds[task_id] = kind
        if kind != "description":
            text = self._rng.choice([PROPOSALS[source_id], self._texts[source_id]])
            return press(task_id, kind, source_id=source_id, prompt=_proposing(text))
        index = self._rng.randint(1, 2)
        return press(task_id, kind, index, source_id=source_id, prompt=PROPOSALS[source_id], own=PROMPTS[index])

    def _start(self) -> bool:
        for task in self._rng.sample(self.waiting, len(self.waiting)):
            if self.correlator.may_start(task):
                self.waiting.remove(task)
                self._send(task)
                return True
        return False

    def _send(self, task: Task) -> None:
        nonce = f"{self._tick()}"
        self.chronicle.happenings.append(Sent(task, nonce, self._now))
        self.tasks[task.id] = sent(task, nonce, self._now)
        self.correlator.watch(self.tasks[task.id])
        own_prompt = task.source is None or task.confirmation is not None
        prompt = echo(task.prompt, self._rng) if own_prompt or task.source is None else task.source.prompt
        kind, source_id = self._deed(task)
        self._begin(Drawing(self._job_id(), task.id, kind, prompt, task.index, source_id, US, nonce, task.bot))

    def _deed(self, task: Task) -> tuple[str, str]:
        """What the bot does for the task, and to which message that replies; of an appeal it is not known for sure."""
        kind, source_id = self._kinds[task.id], task.source.message_id if task.source else ""
        if task.trace.appeal is None:
            return kind, source_id
        notice_id = task.trace.appeal.message_id
        deeds = [("description", notice_id), (kind, notice_id), (kind, source_id)]
        return self._rng.choice(deeds if source_id else deeds[:1])

    def _be_others(self) -> None:
        """Somebody else draws what we draw too."""
        users = [THEM] * self.conditions.others + [US] * self.conditions.twins
        if not users:
            return
        if self.conditions.twins and self._chance(0.2):
            self._begin(Drawing(self._job_id(), "", "show", "", nonce=f"{self._tick()}"))
            return
        source_id = self._rng.choice(["", *self._sources])
        kind, index = self._button() if source_id else ("imagine", 0)
        prompt = SOURCES[source_id] if source_id else echo(self._rng.choice(self._prompts), self._rng)
        user_id, bot = self._rng.choice(users), Bot.MIDJOURNEY if source_id else self._bot()
        self._begin(Drawing(self._job_id(), "", kind, prompt, index, source_id, user_id, f"{self._tick()}", bot))

    def _draw_of_old(self) -> None:
        """The channel holds results and proposals of the day before, and nobody has seen how the latter came."""
        for number, prompt in enumerate(PROMPTS):
            drawing = Drawing(self._job_id(), "", "imagine", echo(prompt, self._rng))
            name = snowflake(NOW - 86_400_000, number)
            self._owners[name] = ""
            self._old.append(drawing)
            self._history.append(Wired(self._result(name, "", drawing)))
        for source_id, text in PROPOSALS.items():
            self._telling.told(self._proposal(source_id, text), self._edited_at)

    def _touch(self) -> None:
        """A message that proposes prompts changes, but not its text."""
        source_id = self._rng.choice(list(PROPOSALS))
        self._tick()
        touched = self._proposal(source_id, self._texts[source_id], updated=True, edited_at=self._now)
        self._put(self._write(touched))

    def _begin(self, drawing: Drawing) -> None:
        self._owners[drawing.job_id] = drawing.nonce
        drawing.script = self._script(drawing)
        self._drawings.append(drawing)

    def _draw(self) -> None:
        """The bot goes on with one of its jobs."""
        if not self._drawings:
            return
        drawing = self._rng.choice(self._drawings)
        written = next(drawing.script, None)
        if written is None:
            self._drawings.remove(drawing)
            return
        wired = self._write(signed(written, APPLICATION_IDS[drawing.bot]), drawing.nonce if drawing.task_id else "")
        if not (drawing.task_id and self.conditions.losses and self._chance(0.25)):
            self._put(wired)

    def _write(self, dispatch: Dispatch, nonce: str = "") -> Wired:
        told = self._telling.told(dispatch, self._edited_at)
        if shown := self._telling.shown(told):
            self.chronicle.shown.append(shown)
        return Wired(told, nonce, len(self.chronicle.shown))

    def _put(self, wired: Wired) -> None:
        """Discord sends it: now and then early, late or twice, or again what was sent long before."""
        self._history.append(wired)
        self._wire.append(wired)
        if len(self._wire) > 1 and self._may_swap() and self._chance(0.2):
            self._wire[-1], self._wire[-2] = self._wire[-2], self._wire[-1]
        if self._chance(0.2):
            self._wire.append(self._rng.choice([wired, *self._history]))

    def _may_swap(self) -> bool:
        before, last = self._wire[-2], self._wire[-1]
        told_apart = self._telling.may_swap(before.dispatch, last.dispatch)
        return told_apart and before.dispatch[0] != PAGE_OPENED and _may_overtake(last)

    def _deliver(self) -> None:
        if not self._wire:
            return
        wired = self._wire.popleft()
        event = self._telling.heard(wired.dispatch, self.correlator.awaits_change_of)
        if event is None:
            return
        self.chronicle.happenings.append(
            Told(event, wired.nonce, self._now, wired.shown, may_overtake=_may_overtake(wired))
        )
        for sighting in self.correlator.observe(event, self._now):
            task = self.tasks[sighting.task_id]
            self.chronicle.check(task, sighting.fact)
            if self.conditions.retries and isinstance(sighting.fact, Failed) and self._chance(0.7):
                self._retry(task, event)
                continue
            task = self.tasks[task.id] = transition(task, sighting.fact)
            self.correlator.watch(task)
            if task.status.ended and self._chance(0.8):
                self.correlator.forget(task.id)

    def _retry(self, task: Task, event: Event) -> None:
        """Lets a task whose job has failed wait once more; nothing of what that job still says is the task's."""
        appeal = _appeal(event) if self._chance(0.8) else None
        self.chronicle.retried[task.trace.nonce] = appeal
        self.waiting.append(retrying(self.tasks.pop(task.id), self._now, appeal))
        self.correlator.forget(task.id)
        for drawing in self._drawings:
            drawing.task_id = "" if drawing.task_id == task.id else drawing.task_id

    def _give_up(self) -> None:
        running = [task for task in self.tasks.values() if not task.status.ended]
        if running:
            task = self._rng.choice(running)
            self.chronicle.happenings.append(GivenUp(task.id))
            self.tasks[task.id] = given_up(task, self._now)
            self.correlator.forget(task.id)

    # What the bot writes.

    def _script(self, drawing: Drawing) -> Iterator[Dispatch]:
        click = self._name(drawing)
        self._owners[drawing.nonce] = drawing.nonce
        if drawing.task_id:
            yield self._opening(drawing, click)
        keys: dict[str, Value] = {"nonce": drawing.nonce, "interaction_id": click}
        if drawing.kind == "region":
            del keys["nonce"]
        if self.conditions.refusals and self._chance(0.1):
            yield self._refusal(drawing, keys)
        elif drawing.kind == "show":
            yield from self._copy(drawing, keys)
        elif drawing.kind in WRITTEN:
            yield from self._writing(drawing, keys)
        elif drawing.kind in {"retry", "details"}:
            yield from self._rewriting(drawing, click)
        elif drawing.kind == "bookmark":
            yield message(self._name(drawing), "You have successfully rated [this job]", reply_to=GRID, **keys)
        else:
            yield from self._drawing(drawing, keys, click)

    def _opening(self, drawing: Drawing, click: str) -> Dispatch:
        return frame(drawing.nonce, click) if drawing.kind == "region" else interaction("CREATE", drawing.nonce, click)

    def _copy(self, drawing: Drawing, keys: dict[str, Value]) -> Iterator[Dispatch]:
        """An old result is posted again: as a change of the first message, as an answer to it, or for itself."""
        notice_id, copy_id = self._name(drawing), self._name(drawing)
        yield message(notice_id, "Displaying...", command="show", **keys)
        old = self._rng.choice(self._old)
        reply_to = self._rng.choice(["", notice_id])
        if self._chance(0.3):
            copy_id, reply_to = notice_id, ""
        yield self._message(
            copy_id,
            FORMS[old.kind].done,
            old,
            reply_to=reply_to,
            updated=copy_id == notice_id,
            files=(f"u_{old.job_id}.webp",),
            buttons=grid_buttons(old.job_id),
        )

    def _writing(self, drawing: Drawing, keys: dict[str, Value]) -> Iterator[Dispatch]:
        name = self._name(drawing)
        yield message(name, command=drawing.kind, **keys)
        yield interaction("SUCCESS", drawing.nonce, keys["interaction_id"])
        yield self._proposal(name, f"text {name}", interaction_id=keys["interaction_id"], updated=True)

    def _rewriting(self, drawing: Drawing, click: str) -> Iterator[Dispatch]:
        yield interaction("SUCCESS", drawing.nonce, click)
        self._tick()
        text = self._texts[drawing.source_id] = f"text {self._number()}"
        self._owners[_proposing(text)] = drawing.nonce
        yield self._proposal(drawing.source_id, text, updated=True, edited_at=self._now)

    def _proposal(self, message_id: str, text: str, **keys: Value) -> Dispatch:
        return proposal(message_id, (text,), **keys)

    def _drawing(self, drawing: Drawing, keys: dict[str, Value], click: str) -> Iterator[Dispatch]:
        reply_to = self._replied_to(drawing)
        if self.conditions.queueing and self._chance(0.3):
            notice_id = self._name(drawing)
            yield queued(notice_id, drawing.prompt, user_id=drawing.user_id, reply_to=reply_to, **keys)
            keys = {}
        progress_id = self._name(drawing)
        if drawing.kind == "animate" and keys:
            yield message(progress_id, "Animating...", user_id=drawing.user_id, reply_to=reply_to, **keys)
            keys = {"updated": True}
        yield self._report(progress_id, drawing, "Waiting to start", **keys)
        if drawing.task_id and drawing.kind != "region":
            yield interaction("SUCCESS", drawing.nonce, click)
        yield from self._progress(progress_id, drawing)

    def _replied_to(self, drawing: Drawing) -> str:
        if drawing.kind == "description" and not self.conditions.suggestions_answer:
            return ""
        return drawing.source_id

    def _progress(self, progress_id: str, drawing: Drawing) -> Iterator[Dispatch]:
        for percent in (15, 46, 78) if drawing.kind != "upsample" else ():
            preview = self.conditions.previews and percent > 30 and self._chance(0.5)
            files = (f"{drawing.job_id}_grid_0.webp",) if preview else ()
            yield self._report(progress_id, drawing, f"{percent}%) (fast", updated=True, files=files)
        if self.conditions.refusals and self._chance(0.1):
            yield self._report(progress_id, drawing, "Stopped", updated=True)
            return
        if self.conditions.refusals and drawing.kind != "upsample" and self._chance(0.1):
            yield self._apology(progress_id, drawing)
            return
        ending = [self._result(self._name(drawing), progress_id, drawing)]
        if not self.conditions.answers_progress:
            ending.insert(self._rng.randrange(2), deletion(progress_id))
        yield from ending

    def _refusal(self, drawing: Drawing, keys: dict[str, Value]) -> Dispatch:
        if drawing.kind in APPEALABLE and self._chance(0.5):
            keys |= {"buttons": (button("MJ::Prompts::Appeal::a1b2", "Appeal"),)}
            return refusal(self._name(drawing), "Action needed to continue", user_id=drawing.user_id, **keys)
        return refusal(self._name(drawing), "Invalid parameter", user_id=drawing.user_id, **keys)

    def _apology(self, progress_id: str, drawing: Drawing) -> Dispatch:
        """In the place of the progress, or in answer to it."""
        if self._chance(0.5):
            return refusal(progress_id, APOLOGY, user_id=drawing.user_id, updated=True)
        return refusal(self._name(drawing), APOLOGY, user_id=drawing.user_id, reply_to=progress_id)

    def _report(self, message_id: str, drawing: Drawing, status: str, **keys: Value) -> Dispatch:
        waiting = status == "Waiting to start"
        form = FORMS[drawing.kind].waiting if waiting else FORMS[drawing.kind].running
        cancel = self.conditions.cancel_buttons and (drawing.kind == "upsample" or not waiting)
        buttons = (cancel_button(drawing.job_id),) if cancel else ()
        return self._message(
            message_id, f"{form} ({status})", drawing, buttons=buttons, reply_to=self._replied_to(drawing), **keys
        )

    def _result(self, message_id: str, progress_id: str, drawing: Drawing) -> Dispatch:
        answers_progress = self.conditions.answers_progress and drawing.kind in {"imagine", "blend", "description"}
        return self._message(
            message_id,
            FORMS[drawing.kind].done,
            drawing,
            reply_to=progress_id if answers_progress else self._replied_to(drawing),
            files=(f"u_{drawing.job_id}.webp",),
            buttons=grid_buttons(drawing.job_id),
        )

    def _message(self, message_id: str, form: str, drawing: Drawing, **keys: Value) -> Dispatch:
        text = form.format(p=drawing.prompt, n=drawing.index, u=drawing.user_id)
        return message(message_id, text, user_id=drawing.user_id, **keys)

    # Chance, time and names.

    def _edited_at(self) -> str:
        self._tick()
        return datetime.fromtimestamp(self._now / 1000, UTC).isoformat()

    def _some(self, things: list[str]) -> list[str]:
        """Some of them, often all: where there are few, all that happens is alike."""
        return self._rng.sample(things, self._rng.choice([self._rng.randint(1, len(things)), len(things)]))

    def _button(self) -> tuple[str, int]:
        kind = self._rng.choice(self._pressed)
        return kind, 0 if kind == "reroll" else self._rng.randint(1, 2) if kind in INDEXED else 1

    def _bot(self) -> Bot:
        return self._rng.choice([Bot.MIDJOURNEY, Bot.NIJI]) if self.conditions.niji else Bot.MIDJOURNEY

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _tick(self) -> str:
        self._now += self._rng.randrange(1, 1000)
        return snowflake(self._now, self._number())

    def _name(self, drawing: Drawing) -> str:
        """A new id of Discord's, which belongs to the drawing."""
        name = self._tick()
        self._owners[name] = drawing.nonce
        return name

    def _job_id(self) -> str:
        return f"{self._number():08x}-0000-4000-8000-{self._rng.randrange(1 << 48):012x}"


def _appeal(event: Event) -> Source | None:
    pressed = appeal_of(event) if isinstance(event, BotMessage) else None
    return Source(event.id, 64, "", pressed.custom_id, "") if pressed and isinstance(event, BotMessage) else None


def _may_overtake(wired: Wired) -> bool:
    """Of others all comes in order, and no apology comes before what it answers."""
    embeds: Sequence[dict[str, Any]] = wired.dispatch[1].get("embeds") or ({},)
    return bool(wired.nonce) and embeds[0].get("title") != APOLOGY


def _proposing(text: str) -> str:
    """The text of a message that proposes this one prompt."""
    return f"1\ufe0f\u20e3 {text}"
