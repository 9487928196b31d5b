"""A real store in a folder of its own, and accounts to choose from."""

import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mjproxy_server.engine.choice import Load, candidates
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.hooks import NO_HOOKS
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.vocabulary import Bot
from mjproxy_server.prompts.config import PromptsConfig
from mjproxy_server.prompts.prompts import Prompts, open_prompts
from mjproxy_server.store.images import Images
from mjproxy_server.store.interface import Store
from mjproxy_server.store.sqlite import open_store
from tests.server.engine.engine_world import not_understood


class StandingAccounts:
    """Accounts of which nobody works anything off; their load is what was submitted to them."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.expected = dict.fromkeys(self.accounts, 0)
        self.remixing: set[tuple[str, Bot]] = set()

    def loads(self) -> list[Load]:
        return [
            Load(account=account, ready=True, running=0, waiting=self.expected[account.id])
            for account in self.accounts.values()
        ]

    def choose(self, wanted: AccountFilter) -> list[Load]:
        return candidates(self.loads(), wanted)

    def remix_is_on(self, account_id: str, bot: Bot) -> bool:
        return (account_id, bot) in self.remixing

    def take(self, chosen: Load, count: int) -> None:
        self.expected[chosen.account.id] += count

    def settled(self, account_id: str, count: int) -> None:
        self.expected[account_id] -= count


def account(channel_id: str, **settings: object) -> Account:
    known: dict[str, object] = {"guild_id": "1", "user_token": "secret", "user_agent": "Mozilla/5.0"}
    return Account(channel_id=channel_id, **known | settings)  # type: ignore[arg-type]


@pytest.fixture
def make_account() -> Callable[..., Account]:
    return account


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    clock = SystemClock()
    opened = await open_store(tmp_path / "data", now=lambda: int(clock.time() * 1000))
    yield opened
    await opened.close()


@pytest.fixture
async def everything_is_understood(tmp_path: Path) -> AsyncIterator[None]:
    """Fails the test if the bot has said something that the engine in `tmp_path` did not understand."""
    yield
    assert await not_understood(tmp_path) == []


@pytest.fixture
def accounts() -> StandingAccounts:
    return StandingAccounts(account("11", core_size=1, queue_size=1), account("22", core_size=1, queue_size=1))


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def shelf(image_folder: Path) -> Shelf:
    return Shelf(Images(image_folder))


@pytest.fixture
def prompts() -> Prompts:
    """Nothing is translated; the list of banned words that ships is in force."""
    return open_prompts(PromptsConfig(), rng=random.Random(1), monotonic=SystemClock().monotonic)


@pytest.fixture
def submitter(store: Store, shelf: Shelf, accounts: StandingAccounts, prompts: Prompts) -> Submitter:
    return Submitter(store=store, shelf=shelf, accounts=accounts, prompts=prompts, hooks=NO_HOOKS, clock=SystemClock())
