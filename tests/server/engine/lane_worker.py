"""The worker of one process: it does what a transmission wants, and tells it what came of that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused
from mjproxy_server.engine.pace import Pace
from mjproxy_server.engine.transmission import (
    Action,
    Actions,
    ForgetCommands,
    GiveUp,
    Heard,
    Listen,
    LookBack,
    Pause,
    Send,
    Settle,
    Transmission,
    may_be_sent,
    obstacle,
)
from mjproxy_server.model import facts
from mjproxy_server.model.task import Task
from tests.server.engine.lane_discord import LIMITED, Interaction
from tests.server.engine.lane_gateway import LaneGateway
from tests.server.engine.lane_world import LaneWorld, Writer
from tests.server.timeline import Life, TimelineClock

HELD_BACK = Refused(None, None, "too much was sent before", retry_after=7.0)

ReadHistory = Callable[[str, Callable[[], None]], None]
"""Takes in what the channel holds about a task, then goes on."""


class LaneWorker:
    """Works tasks off as `Worker` does.

    Args:
        world: Discord and the disk.
        life: The process.
        writer: What the process writes.
        gateway: What it hears.
        read_history: Reads the history.
    """

    def __init__(
        self, world: LaneWorld, life: Life, writer: Writer, *, gateway: LaneGateway, read_history: ReadHistory
    ) -> None:
        self._world = world
        self._life = life
        self._writer = writer
        self._gateway = gateway
        self._read_history = read_history
        self._turns = Turns(world, life)

    def carry_out(self, transmission: Transmission, actions: Actions) -> None:
        """Does the first thing, and then the others or what follows from it."""
        if actions:
            self._do(
                actions[0], transmission, lambda following: self.carry_out(transmission, [*actions[1:], *following])
            )

    def _do(self, action: Action, transmission: Transmission, then: Callable[[Actions], None]) -> None:
        task, now = transmission.task, self._life.now
        match action:
            case Send():
                self._gateway.when_ready(
                    lambda: self._life.after(self._world.rng.uniform(0, 1), self._compose, transmission, then)
                )
            case Pause(seconds):
                self._life.after(seconds, lambda: then(transmission.paused(self._life.now)))
            case Listen(seconds):
                self._life.after(seconds, self._listen, transmission, seconds, then)
            case LookBack():
                self._read_history(task.id, lambda: then(transmission.looked_back(self._world.disk.tasks[task.id])))
            case Settle(nonce, taken):
                settled = facts.Taken if taken else facts.NotTaken
                self._writer.record(task.id, settled(self._life.unix_ms, nonce), lambda _: then([]))
            case ForgetCommands():
                self._world.rules.note_forgotten_commands(task)
                then([])
            case GiveUp(failure):
                self._world.rules.check_give_up(self._world.disk.tasks[task.id], failure, now)
                self._writer.record(task.id, facts.Failed(self._life.unix_ms, failure), lambda _: then([]))

    def _compose(self, transmission: Transmission, then: Callable[[Actions], None]) -> None:
        """Prepares what is sent, which spends nothing; that may fail, too."""
        if self._world.discord.chance(self._world.discord.weather.refusals / 4):
            outcome = self._world.rng.choice((HELD_BACK, LIMITED, InDoubt("the connection was cut")))
            if outcome is not HELD_BACK:
                self._heed(outcome)
            self._world.rules.note_failed_preparation(transmission.task, outcome, self._life.now)
            then(transmission.not_composed(outcome))
        else:
            self._turns.take(lambda: self._send(transmission, then))

    def _send(self, transmission: Transmission, then: Callable[[Actions], None]) -> None:
        task, session = transmission.task, self._gateway.session_id
        framed = task.modal is not None
        self._world.rules.check_turn(self._life.now)
        nonce = f"n{self._world.rng.randrange(1 << 60)}"
        sending = transmission.sending(self._life.unix_ms, nonce, session, f"i{nonce}" if framed else "")

        def send(stored: Task) -> None:
            if not may_be_sent(stored):
                self._turns.end()
                then([])
                return
            self._world.rules.check_sending(stored, self._life.now)
            self._world.discord.interact(
                Interaction(task.id, nonce, session, framed), lambda outcome: self._life.after(0, answered, outcome)
            )

        def answered(outcome: InteractionOutcome) -> None:
            self._heed(outcome)
            self._turns.end()
            self._world.rules.note_outcome(self._world.disk.tasks[task.id], nonce, outcome, self._life.now)
            then(transmission.answered(outcome, self._life.now))

        self._writer.record(task.id, sending, send)

    def _heed(self, outcome: InteractionOutcome) -> None:
        if met := obstacle(outcome):
            self._turns.pace.back_off(met.seconds, met.reason)
        else:
            self._turns.pace.go_on()
        self._world.rules.check_obstacle(outcome, self._turns.pace.obstacle, self._life.now)

    def _listen(self, transmission: Transmission, seconds: float, then: Callable[[Actions], None]) -> None:
        """Goes on when all is heard, or after as long again; what is stored is read after that."""
        began, ends = self._life.now - seconds, iter((True,))

        def end() -> None:
            if next(ends, False):
                took = self._life.now - began if self._gateway.ready else 0.0
                heard = Heard(took, self._gateway.session_id, self._gateway.heard_until)
                self._life.after(self._world.rng.uniform(0, 0.01), go_on, heard)

        def go_on(heard: Heard) -> None:
            then(transmission.listened(heard, self._world.disk.tasks[transmission.task.id]))

        self._gateway.hear_out(end)
        self._life.after(seconds, end)

    def stop(self, task: Task, then: Callable[[bool], None]) -> None:
        """Asks the bot to stop a task's job; goes on with whether Discord has taken that."""
        if task.trace.progress_message_id and self._gateway.ready:
            self._turns.take(lambda: self._stop(task, then))
        else:
            then(False)

    def _stop(self, task: Task, then: Callable[[bool], None]) -> None:
        def answered(taken: bool) -> None:
            self._turns.end()
            then(taken)

        self._world.rules.check_stop(task, self._life.now)
        self._world.discord.stop(task.id, lambda taken: self._life.after(0, answered, taken))


class Turns:
    """The turns of an account's real pace, given to one after the other."""

    def __init__(self, world: LaneWorld, life: Life) -> None:
        self.pace = Pace(world.account.interval_seconds, TimelineClock(life))
        self._rules = world.rules
        self._life = life
        self._waiting: deque[Callable[[], None]] = deque()
        self._turn = self.pace.turn()
        self._taken = False

    def take(self, deed: Callable[[], None]) -> None:
        self._waiting.append(deed)
        if not self._taken:
            self._next()

    def end(self) -> None:
        self._rules.note_turn_end(self._life.now)
        leaving = self._turn.__aexit__(None, None, None)
        try:
            leaving.send(None)
        except StopIteration:
            self._taken = False
        if self._waiting:
            self._next()

    def _next(self) -> None:
        self._taken = True
        self._rules.note_next_turn(self._life.now)
        self._turn = self.pace.turn()
        self._enter(self._turn.__aenter__())

    def _enter(self, entering: object) -> None:
        try:
            sleep = entering.send(None)  # type: ignore[attr-defined]
        except StopIteration:
            self._waiting.popleft()()
        else:
            self._life.after(sleep.seconds, self._enter, entering)
