"""The sections `[translate]` and `[banned_words]`."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from mjproxy_server.prompts.config import (
    BaiduConfig,
    BannedWordsConfig,
    ListMode,
    OpenAiConfig,
    PromptsConfig,
    TranslationConfig,
)
from mjproxy_server.settings import Settings


def prompts(**sections: dict[str, object]) -> PromptsConfig:
    return Settings.model_validate(sections).prompts()


def test_nothing_is_translated_by_default() -> None:
    assert prompts() == PromptsConfig()


def test_baidu_is_given_its_account() -> None:
    found = prompts(translate={"backend": "baidu", "baidu_appid": 2026, "baidu_secret": "s", "timeout_seconds": 2})
    assert found.translation == TranslationConfig(
        backend=BaiduConfig(appid="2026", secret=SecretStr("s")), timeout_seconds=2
    )


def test_the_translator_has_a_proxy_of_its_own() -> None:
    found = prompts(discord={"proxy": "http://discord:1"}, translate={"proxy": "socks5h://me:pass@127.0.0.1:1080"})
    assert found.translation.proxy == "socks5h://me:pass@127.0.0.1:1080"
    assert "pass" not in repr(found)


def test_an_endpoint_of_ones_own_needs_no_key() -> None:
    section: dict[str, object] = {"backend": "openai", "openai_model": "m", "openai_base_url": "http://127.0.0.1:1/v1"}
    assert prompts(translate=section).translation.backend == OpenAiConfig(base_url="http://127.0.0.1:1/v1", model="m")


def test_a_file_replaces_the_list() -> None:
    found = prompts(banned_words={"mode": "replace", "file": "words.txt"}).banned_words
    assert found == BannedWordsConfig(mode=ListMode.REPLACE, file=Path("words.txt"))


@pytest.mark.parametrize(
    ("section", "value", "said"),
    [
        ("translate", {"backend": "baidu", "baidu_appid": "1"}, "baidu_secret"),
        ("translate", {"backend": "openai"}, "openai_model"),
        ("translate", {"openai_key": "sk-\u00e9"}, "printable ASCII"),
        ("translate", {"openai_base_url": "http://[::x"}, "openai_base_url"),
        ("translate", {"proxy": "127.0.0.1:1080"}, "proxy"),
        ("translate", {"timeout_seconds": 0}, "timeout_seconds"),
        ("banned_words", {"mode": "replace"}, "needs a file"),
        ("banned_words", {"mode": "some"}, "'extend', 'replace' or 'off'"),
    ],
)
def test_what_cannot_work_is_refused(section: str, value: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        prompts(**{section: value})
