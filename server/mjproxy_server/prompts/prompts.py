"""The package's face: what the engine asks of it."""

import random
from collections.abc import Awaitable, Callable

from mjproxy_server.prompts.backends import open_http
from mjproxy_server.prompts.baidu import Baidu
from mjproxy_server.prompts.banned import BannedWords
from mjproxy_server.prompts.config import BaiduConfig, OpenAiConfig, PromptsConfig, TranslationConfig
from mjproxy_server.prompts.languages import Language
from mjproxy_server.prompts.openai import OpenAi
from mjproxy_server.prompts.translator import Translator


class Prompts:
    """Translates prompts and results, and finds banned words; close it at the end. None of it ever raises."""

    def __init__(self, translator: Translator | None, banned_words: BannedWords) -> None:
        self._translator = translator
        self._banned_words = banned_words

    async def to_english(self, text: str) -> str:
        """Returns a prompt in English, or as it is if it is English already or cannot be translated in time."""
        return await self._translator.translate(text, Language.ENGLISH) if self._translator else text

    async def to_chinese(self, text: str) -> str:
        """Returns a result of describe or shorten in Chinese, or as it is if it cannot be translated in time."""
        return await self._translator.translate(text, Language.CHINESE) if self._translator else text

    def banned_word(self, english: str) -> Awaitable[str | None]:
        """Returns the first banned word or phrase of a prompt as the prompt has it, or None."""
        return self._banned_words.find(english)

    async def close(self) -> None:
        """Closes all connections."""
        if self._translator:
            await self._translator.close()


def open_prompts(config: PromptsConfig, *, rng: random.Random, monotonic: Callable[[], float]) -> Prompts:
    """Makes what works on prompts; nothing is sent yet.

    Args:
        config: Who translates, and which words are banned.
        rng: Draws the salts of signatures.
        monotonic: The time in seconds, to look at the file of banned words now and then.
    """
    return Prompts(_translator(config.translation, rng), BannedWords(config.banned_words, monotonic=monotonic))


def _translator(config: TranslationConfig, rng: random.Random) -> Translator | None:
    match config.backend:
        case BaiduConfig() as baidu:
            return Translator(Baidu(baidu, rng, open_http(config.proxy)), timeout_seconds=config.timeout_seconds)
        case OpenAiConfig() as openai:
            return Translator(OpenAi(openai, open_http(config.proxy)), timeout_seconds=config.timeout_seconds)
        case None:
            return None
