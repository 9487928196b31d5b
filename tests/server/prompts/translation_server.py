"""A web server that plays Baidu and a language model at once, and can be as bad as either."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Self
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

APPID = "2026000000"
SECRET = "baidu-very-secret"
KEY = "sk-very-secret"

WORDS = {"一只猫": "a cat", "狗": "a dog", "树": "tree", "人": "people", "cat": "猫", "a dog": "狗"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for."""

    lines: list[str]
    into: str


@dataclass(slots=True)
class TranslationServer:
    """Translates what it knows, and marks what it does not; each prepared answer serves one request, the last stays."""

    asked: list[Asked] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=lambda: dict(WORDS))
    answers: list[Callable[[], Response]] = field(default_factory=list)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _port: int = 0

    @property
    def baidu_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/trans/vip/translate"

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        routes = [
            Route("/api/trans/vip/translate", self._baidu, methods=["POST"]),
            Route("/v1/chat/completions", self._openai, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
        )
        self._server = uvicorn.Server(config)
        listener = config.bind_socket()
        listener.listen()  # Who connects before the server runs waits for it.
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.force_exit = self._server.should_exit = True
        self._thread.join()

    async def _baidu(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if (prepared := self._prepared()) is not None:
            return prepared
        if form["sign"] != signature(form):
            return JSONResponse({"error_code": "54001", "error_msg": "Invalid Sign"})
        lines = form["q"].split("\n")
        self.asked.append(Asked(lines, form["to"]))
        found = [{"src": line, "dst": self._translated(line, form["to"])} for line in lines]
        return JSONResponse({"from": "auto", "to": form["to"], "trans_result": found})

    async def _openai(self, request: Request) -> Response:
        body = await request.json()
        if (prepared := self._prepared()) is not None:
            if isinstance(prepared, Hanging):
                await request.receive()
            return prepared
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "Incorrect API key"}}, status_code=401)
        system, user = body["messages"]
        into = "zh" if "Chinese" in system["content"] else "en"
        lines = user["content"].split("\n")
        self.asked.append(Asked(lines, into))
        return completion("\n".join(self._translated(line, into) for line in lines))

    def _prepared(self) -> Response | None:
        if not self.answers:
            return None
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()

    def _translated(self, line: str, into: str) -> str:
        return self.words.get(line, f"{line.encode().hex()} in English" if into == "en" else "译文")


class Hanging(Response):
    """Is sent when the client has gone."""


def completion(text: str) -> JSONResponse:
    return JSONResponse({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]})


def signature(form: Mapping[str, str]) -> str:
    return md5((form["appid"] + form["q"] + form["salt"] + SECRET).encode()).hexdigest()


def raw(body: bytes, status: int = 200) -> Callable[[], Response]:
    return lambda: Response(body, status_code=status, media_type="application/json")


def answer(document: object, status: int = 200) -> Callable[[], Response]:
    return raw(json.dumps(document).encode(), status)
