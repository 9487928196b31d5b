"""Translators on real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.prompts.translation_server import TranslationServer


@pytest.fixture
def server() -> Iterator[TranslationServer]:
    with TranslationServer() as running:
        yield running
