"""The pace of the simulated world: how fast it goes, whether it stands still, and how it starts anew."""

from typing import Final

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mjproxy_simulator.bot.bot import Bot
from mjproxy_simulator.control.answers import DONE, Body, read
from mjproxy_simulator.faults import FaultBoard
from mjproxy_simulator.model.seeds import Seed
from mjproxy_simulator.rest.errors import JsonResponse
from mjproxy_simulator.store import Store


class _Speed(Body):
    speed: float = Field(gt=0, le=1_000_000)


class _Steps(Body):
    steps: int = Field(default=1, ge=1, le=10_000)


class _Seed(Body):
    seed: str = Field(min_length=1)


_SPEED: Final = TypeAdapter(_Speed)
_STEPS: Final = TypeAdapter(_Steps)
_SEED: Final = TypeAdapter(_Seed)


class PaceRoutes:
    """Routes about time and chance.

    Args:
        bot: Plays the jobs.
        store: Is emptied by a reset.
        faults: Are taken down by a reset.
        seed: Decides ids and pictures.
    """

    def __init__(self, bot: Bot, store: Store, faults: FaultBoard, seed: Seed) -> None:
        self._bot = bot
        self._store = store
        self._faults = faults
        self._seed = seed

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/speed", self.speed),
            Route("/speed", self.set_speed, methods=["POST"]),
            Route("/pause", self.pause, methods=["POST"]),
            Route("/resume", self.resume, methods=["POST"]),
            Route("/step", self.step, methods=["POST"]),
            Route("/seed", self.seed),
            Route("/seed", self.set_seed, methods=["POST"]),
            Route("/reset", self.reset, methods=["POST"]),
        ]

    async def speed(self, request: Request) -> Response:  # noqa: ARG002
        """Return how many times faster than in life jobs run, and whether they stand still."""
        return JsonResponse({"speed": self._bot.speed, "paused": self._bot.paused})

    async def set_speed(self, request: Request) -> Response:
        """Let jobs run faster or slower from now on."""
        self._bot.speed = (await read(request, _SPEED)).speed
        return await self.speed(request)

    async def pause(self, request: Request) -> Response:
        """Let all jobs stand still."""
        self._bot.paused = True
        return await self.speed(request)

    async def resume(self, request: Request) -> Response:
        """Let the jobs go on."""
        self._bot.paused = False
        return await self.speed(request)

    async def step(self, request: Request) -> Response:
        """Take the next steps of the jobs one after the other, each as if its time had come; tell whose they were."""
        body = await read(request, _STEPS)
        taken: list[str] = []
        while len(taken) < body.steps and (job_id := self._bot.play_next()) is not None:
            taken.append(job_id)
        return JsonResponse({"jobs": taken})

    async def seed(self, request: Request) -> Response:  # noqa: ARG002
        """Return what decides ids and pictures."""
        return JsonResponse({"seed": self._seed.text})

    async def set_seed(self, request: Request) -> Response:
        """Decide ids and pictures of coming jobs, coming accounts and the dice of faults anew."""
        self._seed.text = (await read(request, _SEED)).seed
        self._faults.roll_with(self._seed.random("faults"))
        return await self.seed(request)

    async def reset(self, request: Request) -> Response:  # noqa: ARG002
        """Forget jobs, messages, the ledger and the faults, and go on if the jobs stood still; sessions stay."""
        self._bot.forget()
        self._bot.paused = False
        self._faults.clear()
        self._store.reset()
        return Response(status_code=DONE)
