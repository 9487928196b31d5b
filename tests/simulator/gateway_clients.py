"""A gateway without sockets, on a clock of the test's own, and what its clients see and send."""

import json
import random
from typing import Any

from mjproxy_simulator.faults import FaultBoard
from mjproxy_simulator.gateway.connection import Connection
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.session import Close, Frame, Output
from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Directory, Profile, derive_account
from mjproxy_simulator.model.seeds import Seed

ALICE, BRUNO = (derive_account(Seed("test"), number, Profile.OF_2026) for number in range(2))


class Gateway:
    """A lobby on a clock of the test's own."""

    def __init__(self, **limits: float) -> None:
        self.time = 0.0
        self.faults = FaultBoard(random.Random(1))
        numbers = iter(range(1000))
        self.lobby = Lobby(
            Directory((ALICE, BRUNO), ()),
            Limits.model_validate({"identify_window": 0.0} | limits),
            self.faults,
            lambda: f"session-{next(numbers)}",
            lambda: self.time,
        )

    def client(self, version: int = 9) -> "Client":
        return Client(self, version)


class Client:
    """What a client sees and sends."""

    def __init__(self, gateway: Gateway, version: int) -> None:
        self.gateway = gateway
        self.outputs: list[Output] = []
        self.connection = Connection(
            gateway.lobby,
            lambda _, session, version: [("READY", {"session_id": session.id, "v": version})],
            lambda _, guild_id, nonce: {"guild_id": str(guild_id), "nonce": nonce},
            self.outputs.append,
            gateway.time,
        )
        self.connection.open(version)

    def send(self, op: int, data: object = None) -> list[dict[str, Any]]:
        """Send a frame; return the answers."""
        return self.send_raw(json.dumps({"op": op, "d": data}))

    def send_raw(self, data: str | bytes) -> list[dict[str, Any]]:
        before = len(self.frames())
        self.connection.receive(data, self.gateway.time)
        return self.frames()[before:]

    def frames(self) -> list[dict[str, Any]]:
        """Return all frames so far."""
        return [json.loads(each.payload) for each in self.outputs if isinstance(each, Frame)]

    def identify(self, token: str = ALICE.token) -> list[dict[str, Any]]:
        return self.send(2, {"token": token})

    def resume(self, session_id: str, sequence: int, token: str = ALICE.token) -> list[dict[str, Any]]:
        return self.send(6, {"token": token, "session_id": session_id, "seq": sequence})

    @property
    def close_code(self) -> int | None:
        return next((each.code for each in self.outputs if isinstance(each, Close)), None)


def kinds(frames: list[dict[str, Any]]) -> list[object]:
    return [frame["t"] or frame["op"] for frame in frames]
