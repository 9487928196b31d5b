"""What `open_prompts` has to know. Secrets are `SecretStr`, so that no repr shows them."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import SecretStr

BAIDU_URL: Final = "https://fanyi-api.baidu.com/api/trans/vip/translate"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaiduConfig:
    """An account at Baidu's general text translation (https://fanyi-api.baidu.com/doc/21).

    Attributes:
        appid: The account's APP ID.
        secret: Its key, with which requests are signed.
        url: Where the service is.
    """

    appid: str
    secret: SecretStr
    url: str = BAIDU_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiConfig:
    """An endpoint that speaks OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat).

    Attributes:
        base_url: What stands before `/chat/completions`, for instance "https://api.openai.com/v1".
        model: The model's name.
        key: The bearer token, or None for an endpoint that wants none.
    """

    base_url: str
    model: str
    key: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationConfig:
    """Who translates, and how long a submission waits for it.

    Attributes:
        backend: The translator; None leaves every text as it is.
        timeout_seconds: The longest that one translation may take, waiting for its turn included.
        proxy: A proxy by which the translator is reached, HTTP or SOCKS; None for directly.
    """

    backend: BaiduConfig | OpenAiConfig | None = None
    timeout_seconds: float = 5
    proxy: str | None = field(default=None, repr=False)  # It may hold a password.


class ListMode(StrEnum):
    """What a file of banned words does to the list that ships; without a list nothing is banned."""

    EXTEND = "extend"
    REPLACE = "replace"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class BannedWordsConfig:
    """Which words are banned.

    Attributes:
        mode: How the file and the list that ships go together.
        file: A word or phrase to a line; None for the list that ships alone.
    """

    mode: ListMode = ListMode.EXTEND
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsConfig:
    """All that happens to a prompt: by default nothing is translated, and the list that ships is in force."""

    translation: TranslationConfig = TranslationConfig()
    banned_words: BannedWordsConfig = BannedWordsConfig()


DEFAULT_PROMPTS: Final = PromptsConfig()
"""What holds without any configuration."""
