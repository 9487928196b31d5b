"""The whole package against translators on real sockets."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

import pytest
from pydantic import SecretStr
from starlette.responses import Response

from mjproxy_server.prompts.backends import open_http
from mjproxy_server.prompts.baidu import Baidu
from mjproxy_server.prompts.config import BaiduConfig, OpenAiConfig, PromptsConfig, TranslationConfig
from mjproxy_server.prompts.languages import Language
from mjproxy_server.prompts.prompts import open_prompts
from mjproxy_server.prompts.translator import Translator
from tests.server.prompts.translation_server import (
    APPID,
    KEY,
    SECRET,
    Asked,
    Hanging,
    TranslationServer,
    answer,
    completion,
    raw,
)
from tests.socks import socks_proxy

Backend = BaiduConfig | OpenAiConfig


def baidu(server: TranslationServer) -> BaiduConfig:
    return BaiduConfig(appid=APPID, secret=SecretStr(SECRET), url=server.baidu_url)


def openai(server: TranslationServer) -> OpenAiConfig:
    return OpenAiConfig(base_url=server.openai_url, key=SecretStr(KEY), model="any")


async def translated(
    text: str,
    backend: Backend | None,
    seconds: float = 5,
    into: Language = Language.ENGLISH,
    proxy: str | None = None,
) -> str:
    translation = TranslationConfig(backend=backend, timeout_seconds=seconds, proxy=proxy)
    config = PromptsConfig(translation=translation)
    prompts = open_prompts(config, rng=random.Random(1), monotonic=time.monotonic)
    try:
        return await (prompts.to_english if into is Language.ENGLISH else prompts.to_chinese)(text)
    finally:
        await prompts.close()


BOTH = pytest.mark.parametrize("backend", [baidu, openai])


@BOTH
async def test_a_prompt_is_translated(
    server: TranslationServer, backend: Callable[[TranslationServer], Backend]
) -> None:
    found = await translated("一只猫 --no 树，人 --ar 2:3", backend(server))
    assert found == "a cat --no tree, people --ar 2:3"
    assert server.asked == [Asked(["一只猫", "树", "人"], "en")]


@BOTH
async def test_a_result_is_translated(
    server: TranslationServer, backend: Callable[[TranslationServer], Backend]
) -> None:
    found = await translated("1️⃣ cat --ar 5:4\n\n2️⃣ a dog", backend(server), into=Language.CHINESE)
    assert found == "1️⃣ 猫 --ar 5:4\n\n2️⃣ 狗"
    assert server.asked == [Asked(["cat", "a dog"], "zh")]


@BOTH
async def test_the_proxy_is_that_of_the_configuration_and_not_that_of_the_environment(
    server: TranslationServer, backend: Callable[[TranslationServer], Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await translated("狗", backend(server)) == "a dog"
    assert await translated("狗", backend(server), proxy="http://127.0.0.1:9") == "狗"


async def test_without_a_translator_everything_stays() -> None:
    assert await translated("一只猫", None) == "一只猫"


BAD = {
    "500": raw(b"oops", 500),
    "redirect": lambda: Response(status_code=302, headers={"Location": "https://elsewhere.invalid"}),
    "not json": raw(b"<html>"),
    "not utf-8": raw(b'{"choices": [{"message": {"content": "\xff"}}], "trans_result": [{"dst": "\xff"}]}'),
    "deep": raw(b"[" * 100_000),
    "another form": answer({"trans_result": "x", "choices": {}}),
    "nothing": answer({"choices": []}),
    "null": answer({"choices": [{"message": {"content": None}}], "trans_result": None}),
    "too many lines": answer(
        {"choices": [{"message": {"content": "a\nb\nc"}}], "trans_result": [{"dst": x} for x in "abc"]}
    ),
    "an error": answer({"error_code": "54004", "error_msg": "Please recharge", "error": {"message": "no"}}),
}


@BOTH
@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_answer_leaves_the_prompt_as_it_is(
    server: TranslationServer,
    backend: Callable[[TranslationServer], Backend],
    bad: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers = [BAD[bad]]
    assert await translated("一只猫", backend(server)) == "一只猫"
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.name == "mjproxy_server.prompts.translator"
    assert not any(secret in caplog.text for secret in (SECRET, KEY, "一只猫"))


@BOTH
async def test_a_wrong_secret_leaves_the_prompt_as_it_is(
    server: TranslationServer, backend: Callable[[TranslationServer], Backend], caplog: pytest.LogCaptureFixture
) -> None:
    config = backend(server)
    wrong = SecretStr("wrong")
    if isinstance(config, BaiduConfig):
        config = BaiduConfig(appid=APPID, secret=wrong, url=config.url)
    else:
        config = OpenAiConfig(base_url=config.base_url, key=wrong, model="any")
    assert await translated("一只猫", config) == "一只猫"
    assert caplog.records[-1].message.endswith(("Baidu's error 54001", "HTTP 401"))


async def test_a_slow_translator_is_not_waited_for(server: TranslationServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = [Hanging]
    async with asyncio.timeout(10):
        assert await translated("一只猫", openai(server), seconds=0.2) == "一只猫"
    assert "no answer within 0.2 s" in caplog.text


async def test_a_translator_that_is_not_there_leaves_the_prompt_as_it_is() -> None:
    nowhere = OpenAiConfig(base_url="http://127.0.0.1:9/v1", model="any")
    assert await translated("一只猫", nowhere) == "一只猫"


@BOTH
async def test_a_proxy_that_breaks_off_leaves_the_prompt_as_it_is(
    server: TranslationServer, backend: Callable[[TranslationServer], Backend]
) -> None:
    async with socks_proxy(breaks_off=True) as address:
        assert await translated("一只猫", backend(server), proxy=f"socks5h://{address}") == "一只猫"


async def test_a_busy_translator_is_asked_again(server: TranslationServer) -> None:
    server.answers = [
        answer({"error_code": "54003", "error_msg": "Invalid Access Limit"}),
        raw(b"", 429),
        answer({"trans_result": [{"src": "一只猫", "dst": "a cat"}]}),
    ]
    subject = Translator(
        Baidu(baidu(server), random.Random(1), open_http(None)), timeout_seconds=5, busy_pause_seconds=0
    )
    assert await subject.translate("一只猫", Language.ENGLISH) == "a cat"
    await subject.close()


async def test_a_translator_that_stays_busy_is_given_up(server: TranslationServer) -> None:
    server.answers = [raw(b"", 429)]
    assert await translated("一只猫", openai(server), seconds=0.3) == "一只猫"


async def test_blank_lines_of_a_language_model_do_not_count(server: TranslationServer) -> None:
    server.answers = [lambda: completion("\na cat\n\na dog\n")]
    assert await translated("一只猫::2 狗::1", openai(server)) == "a cat::2 a dog::1"


def test_no_config_shows_its_secret() -> None:
    shown = repr(
        (BaiduConfig(appid=APPID, secret=SecretStr(SECRET)), OpenAiConfig(base_url="", model="", key=SecretStr(KEY)))
    )
    assert SECRET not in shown
    assert KEY not in shown


async def test_the_word_of_the_example_is_found_by_default() -> None:
    prompts = open_prompts(PromptsConfig(), rng=random.Random(1), monotonic=time.monotonic)
    assert await prompts.to_english("nude body") == "nude body"
    assert await prompts.banned_word("nude body") == "nude"
    await prompts.close()
