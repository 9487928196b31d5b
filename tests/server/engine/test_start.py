"""A start with much unfinished work: it is taken up without a storm on Discord.

With a hundred accounts by `make soak`, with some by `make test`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from bisect import bisect_left
from pathlib import Path

import pytest

from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Progressed, Sending, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store.interface import Capacity, Store, Submission
from mjproxy_server.store.sqlite import open_store
from tests.server.engine.restarts import running_restarts

ACCOUNTS = 100 if os.environ.get("MJPROXY_SOAK") else 20
UNFINISHED = 100
AT_WORK = 3
MOST_A_SECOND = 50
"""What Discord takes of a single account; here of all together, since they go out by one address."""


async def leave_behind(store: Store, account: Account) -> None:
    """Stores unfinished tasks of an account; the first of them have jobs that nothing is heard of."""

    def queued(task_id: str) -> Task:
        return Task(
            id=task_id,
            account_id=account.id,
            action=Action.IMAGINE,
            command=Imagine("a cat"),
            prompt_en=f"cat {task_id}",
            description="/imagine",
            submitted_at=int(time.time() * 1000),
        )

    admission = await store.submit(
        Submission(
            builds=(queued,) * UNFINISHED,
            account_id=account.id,
            capacity=Capacity(0, UNFINISHED),
            caller="",
            request_id=None,
            digest=b"",
        )
    )
    now = int(time.time() * 1000)
    for number, task in enumerate(admission.tasks[:AT_WORK]):
        nonce = str(((now - 1_420_070_400_000) << 22) + int(account.id[-6:]) * AT_WORK + number)
        await store.record(task.id, Sending(now, nonce), Taken(now, nonce), Progressed(now, nonce, 10))


def most_a_second(moments: list[float]) -> int:
    return max(bisect_left(moments, moment + 1) - number for number, moment in enumerate(moments))


@pytest.mark.soak
async def test_ten_thousand_unfinished_tasks_make_no_storm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "httpx")
    async with running_restarts(tmp_path, speed=0.01, accounts=ACCOUNTS, core_size=AT_WORK) as restarts:
        store = await open_store(restarts.config.data, now=lambda: int(time.time() * 1000), hook="")
        await asyncio.gather(*(leave_behind(store, account) for account in restarts.config.accounts))
        await store.close()
        caplog.clear()
        async with restarts.stopped() as world, asyncio.timeout(60):
            for lane in world.engine.fleet.lanes:
                await lane.link.hear_out()  # It has heard READY, and read the history that it was to read then.
                assert (len(lane.at_work), len(lane.waiting)) == (AT_WORK, UNFINISHED - AT_WORK)
            requests = [record for record in caplog.records if "/api/v9/" in record.getMessage()]
            histories = [record for record in requests if "/messages?" in record.getMessage()]
            assert len(requests) == len(histories) == ACCOUNTS, "each channel is read once, and nothing else is asked"
            assert most_a_second([record.created for record in requests]) <= MOST_A_SECOND
            sessions = (await world.control.get("/control/sessions")).json()
            assert len(sessions) == ACCOUNTS
            assert not await world.ledger(), "what is at work fills the cores"
