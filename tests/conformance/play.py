"""Plays a case: tells the runner what to do, disturbs its line, and judges what it answers."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tests.conformance.case import Case, Json
from tests.conformance.expectations import complaints
from tests.conformance.line import Line
from tests.conformance.runner import Runner
from tests.conformance.variables import filled_in, found_at
from tests.conformance.world import KEYS, World

_CALLER: Final = "alice"
_CALL_SECONDS: Final = 20.0
_WAIT_SECONDS: Final = 30.0

# No step may take longer: the slowest waits for two bookmarks.
_STEP_SECONDS: Final = 45.0

Step = Mapping[str, Any]


async def play(case: Case, runner: Runner, world: World) -> None:
    """Plays a case from its first step to its last.

    Raises:
        AssertionError: Something was not as the case expects it.
    """
    await runner.ready()
    async with Line(world.address) as line, asyncio.TaskGroup() as menders:
        acts = Acts(runner, world, line, menders)
        for number, step in enumerate(case.steps, 1):
            await acts.perform(number, step)
        await acts.close()


class Watched:
    """What a watch of the client under test has brought so far."""

    def __init__(self, request: Json) -> None:
        self.request = request
        self.start: Json | None = None
        self.changes: list[Json] = []
        self.interruptions: list[Json] = []

    def take(self, event: Json) -> None:
        """Notes an event."""
        if event["kind"] == "reset":
            self.start = event["position"]
        self.changes += event.get("changes", [])
        if event["kind"] == "interrupted":
            self.interruptions.append(event["error"])


class Acts:
    """The verbs of the cases."""

    def __init__(self, runner: Runner, world: World, line: Line, menders: asyncio.TaskGroup) -> None:
        self._runner = runner
        self._world = world
        self._line = line
        self._menders = menders
        self._values = {**world.values, "unique": str(uuid.uuid4())}
        self._authority: str | None = None
        self._mending: list[asyncio.Task[None]] = []
        self._clients: set[str] = set()
        self._watched: dict[str, Watched] = {}
        self._verbs: Mapping[str, Callable[[Any, Step], Awaitable[Json]]] = {
            "submit": self._submit,
            "submit_and_wait": self._submit_and_wait,
            "wait": self._wait,
            "call": self._call,
            "watch": self._watch,
            "read": self._read,
            "until": self._until,
            "interrupted": self._interrupted,
            "complete": self._complete,
            "delay": self._delay,
            "cut": self._cut,
            "lose_answers": self._lose_answers,
            "encrypt": self._encrypt,
        }

    async def perform(self, number: int, template: Step) -> None:
        """Does one step and judges what came of it."""
        step = dict(filled_in(template, self._values))  # type: ignore[call-overload]
        verb = next(iter(step))
        act = self._verbs[verb](step[verb], step)
        outcome = await self._outcome(f"step {number} ({verb})", act, step.get("within", _STEP_SECONDS))
        expected = {"error": step["error"]} if "error" in step else {"answer": step.get("answer", {}), "error": None}
        found = list(complaints(expected, outcome))
        assert not found, f"step {number} ({verb}): {'; '.join(found)}; the whole of it: {outcome}"
        for name, path in step.get("keep", {}).items():
            self._values[name] = found_at(path, outcome["answer"])

    @staticmethod
    async def _outcome(name: str, act: Awaitable[Json], seconds: float) -> Json:
        try:
            async with asyncio.timeout(seconds):
                return await act
        except TimeoutError:
            raise AssertionError(f"{name} has not ended within {seconds:g} s") from None

    async def close(self) -> None:
        """Closes the clients that were opened; whatever the line still waits for is of no interest any more."""
        for mending in self._mending:
            mending.cancel()
        for client in sorted(self._clients):
            await self._runner.ask(do="close", client=client)

    async def _submit(self, request: Json, step: Step) -> Json:
        return await self._ask(step, do="submit", request=request, seconds=step.get("seconds", _CALL_SECONDS))

    async def _submit_and_wait(self, request: Json, step: Step) -> Json:
        return await self._ask(step, do="submit_and_wait", request=request, seconds=_WAIT_SECONDS)

    async def _wait(self, task_id: str, step: Step) -> Json:
        return await self._ask(step, do="wait", task_id=task_id, seconds=step.get("seconds", _WAIT_SECONDS))

    async def _call(self, method: str, step: Step) -> Json:
        seconds = step.get("seconds", _CALL_SECONDS)
        return await self._ask(step, do="call", method=method, request=step.get("request", {}), seconds=seconds)

    async def _watch(self, watch: Json, step: Step) -> Json:
        watch_filter, after = watch.get("filter", {}), watch.get("after")
        position = {"after_revision": after["revision"], "history_id": after.get("history_id", "")} if after else {}
        self._watched[_caller(step)] = Watched({"filter": watch_filter, **position})
        return await self._ask(step, do="watch", filter=watch_filter, after=after)

    async def _read(self, expected: Json, step: Step) -> Json:
        """Reads one event, which must be the expected one."""
        outcome = await self._ask(step, do="next")
        if "answer" in outcome:
            self._watched[_caller(step)].take(outcome["answer"])
            found = list(complaints(expected, outcome["answer"]))
            assert not found, f"the event is another one: {'; '.join(found)}; the whole of it: {outcome}"
        return outcome

    async def _until(self, expected: Json, step: Step) -> Json:
        """Reads events until one brings the expected change."""
        watched = self._watched[_caller(step)]
        while True:
            known = len(watched.changes)
            outcome = await self._read({}, step)
            assert "answer" in outcome, f"the watch ended: {outcome}"
            if any(not list(complaints(expected, change)) for change in watched.changes[known:]):
                return outcome

    async def _interrupted(self, expected: Json, step: Step) -> Json:
        """Wants the watch to have been interrupted by an error before now."""
        errors = self._watched[_caller(step)].interruptions
        assert any(not list(complaints(expected, error)) for error in errors), f"no such interruption among {errors}"
        return {"answer": {}}

    async def _complete(self, _: object, step: Step) -> Json:
        """Wants the changes so far to be those that a watch brings which nobody cuts: all of them, once, in order."""
        watched = self._watched[_caller(step)]
        request = dict(watched.request)
        if watched.start is not None:
            request |= {"after_revision": watched.start["revision"], "history_id": watched.start["history_id"]}
        last = int(watched.changes[-1]["revision"])
        wanted = await self._world.changes(request, key=KEYS[_caller(step)], until=last)
        assert _outline(watched.changes) == _outline(wanted)
        return {"answer": {}}

    async def _delay(self, seconds: float, _: Step) -> Json:
        """Has connections that are made from here on wait for so long before they carry anything."""
        self._line.delay(seconds)
        return {"answer": {}}

    async def _cut(self, until: Json, _: Step) -> Json:
        """Cuts the line, and has it mended when something has happened behind it."""
        self._line.cut()
        return self._mend_after(until)

    async def _lose_answers(self, until: Json, _: Step) -> Json:
        """Loses what the server says, until something has happened; then the line breaks, and is mended."""
        self._line.lose_answers()
        return self._mend_after(until)

    async def _encrypt(self, certificate: str, _: Step) -> Json:
        """Has the clients that are opened from here on connect by TLS, to a server with such a certificate."""
        await self._line.encrypt(self._world.certificates.server(certificate))
        self._authority = str(self._world.certificates.authority)
        return {"answer": {}}

    def _mend_after(self, until: Json) -> Json:
        ((event, value),) = until.items()
        happenings: Mapping[str, Callable[[Any], Awaitable[None]]] = {
            "for_seconds": asyncio.sleep,
            "until_stored": self._world.has_task,
            "until_ended": self._world.has_ended,
            "until_cancelled": self._world.cancel,
        }

        async def mend() -> None:
            await happenings[event](value)
            self._line.mend()

        self._mending.append(self._menders.create_task(mend()))
        return {"answer": {}}

    async def _ask(self, step: Step, **command: object) -> Json:
        caller = _caller(step)
        if caller not in self._clients:
            self._clients.add(caller)
            line = {"target": self._line.address, "authority": self._authority}
            await self._runner.ask(do="open", client=caller, key=KEYS[caller], **line)
        return await self._runner.ask(client=caller, **command)


def _caller(step: Step) -> str:
    return str(step.get("as", _CALLER))


def _outline(changes: list[Json]) -> list[tuple[object, ...]]:
    tasks = [(change["revision"], change.get("task", {}), change.get("removed_task_id")) for change in changes]
    return [
        (revision, task.get("id"), task.get("status"), task.get("progress"), gone) for revision, task, gone in tasks
    ]
