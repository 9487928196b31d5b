"""One service for the tests that do not mind each other, and what they all do with it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.e2e.stack import Stack, standing_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
async def rest(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.rest, timeout=30) as client:
        yield client
