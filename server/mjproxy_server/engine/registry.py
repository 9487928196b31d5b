"""The registry of accounts: what operators do to them, kept in the store and carried out in the fleet.

One change is made after the other, and seen through even if its caller goes away. The store has it first, so that what
was answered outlives the process.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from mjproxy_server.engine.completion import completed
from mjproxy_server.engine.connection import UnknownCommand
from mjproxy_server.engine.fleet import Fleet, findings
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.roster import left, roster
from mjproxy_server.engine.syncing import BotSettings, Syncer
from mjproxy_server.model.account import Account, AccountRecord, AccountSync
from mjproxy_server.model.errors import AccountConfigured, BotNotInvited, Unavailable
from mjproxy_server.model.vocabulary import Bot
from mjproxy_server.store.accounts import AccountStore, CreationId

_logger = logging.getLogger(__name__)

Change = Callable[[Account], Account]
"""Makes the changed account of the account as it is; it may refuse by raising a `DomainError`."""


async def load_roster(store: AccountStore, configured: tuple[Account, ...]) -> list[AccountRecord]:
    """Returns the accounts to work with, after what has become of them since the last start was stored."""
    stored = await store.all()
    records = roster(configured, stored)
    for record in left(records, stored):
        await store.remove(record.id)
    return records


class Registry:
    """Makes, changes and removes accounts while the others work.

    Args:
        store: Where they are kept.
        fleet: Where they work.
        syncer: Asks the bots about them.
    """

    def __init__(self, store: AccountStore, fleet: Fleet, syncer: Syncer) -> None:
        self._store = store
        self._fleet = fleet
        self._syncer = syncer
        self._turn: Final = asyncio.Lock()
        self._kept = {lane.account.id: findings(lane) for lane in fleet.lanes}
        self._kept_at = -1

    async def create(self, account: Account, creation: CreationId | None) -> Lane:
        """Takes in an account; a repeat of the request gets the account as it is now.

        Raises:
            AccountExists: The channel is an account already.
            AccountNotFound: It was made by an earlier request with this id, and deleted since.
            RequestIdReused: The request id was used for another account.
            Unavailable: An account of this channel was deleted, and ends its last tasks.
        """
        return await completed(self._create(account, creation))

    async def update(self, account_id: str, change: Change, *, restore: bool) -> Lane:
        """Changes an account.

        Args:
            account_id: The account.
            change: What to change.
            restore: Whether it is to work again: a hold is lifted, a rest ended, and a rejected token tried once more.

        Raises:
            AccountNotFound: There is no such account.
        """
        return await completed(self._update(account_id, change, restore=restore))

    async def delete(self, account_id: str) -> None:
        """Removes an account; what it has at work ends first.

        Raises:
            AccountNotFound: There is no such account.
            AccountConfigured: It stands in the configuration.
        """
        await completed(self._delete(account_id))

    async def sync(self, account_id: str, bot: Bot) -> Lane:
        """Asks a bot about an account, and keeps what it tells.

        Raises:
            AccountNotFound: There is no such account.
            BotNotInvited: The account's guild does not have the bot.
            AccountNotConnected: It is not connected.
            BotSilent: The bot did not answer in time.
            Unavailable: Discord refused to ask it, or could not be reached.
        """
        lane = self._fleet.lane(account_id)
        return await self._keep_told(lane, bot, self._syncer.sync(lane, bot))

    async def change_bot_settings(self, account_id: str, bot: Bot, wanted: BotSettings) -> Lane:
        """Changes a bot's settings for an account, and keeps what the bot tells of it then.

        Raises:
            InvalidField: The bot does not offer a value; nothing is changed.
            AccountNotFound, BotNotInvited, AccountNotConnected, BotSilent, Unavailable: As for `sync`.
        """
        lane = self._fleet.lane(account_id)
        return await self._keep_told(lane, bot, self._syncer.change(lane, bot, wanted))

    async def run(self) -> None:
        """Stores what is found out about the accounts while they work, until cancelled."""
        seen = -1
        while True:
            seen = await self._fleet.findings.wait(seen)
            try:
                await self.keep_findings()
            except Unavailable as error:
                _logger.warning("The state of the accounts could not be stored, and is tried again later: %s", error)
                seen = -1
                await self._fleet.changes.wait(self._fleet.changes.rings)

    async def keep_findings(self) -> None:
        """Stores once which accounts are held, and what is known of the bots' settings."""
        rings = self._fleet.findings.rings
        for lane in self._fleet.found_out_since(self._kept_at):
            if findings(lane) != self._kept.get(lane.account.id):
                await self._keep(lane)
        self._kept_at = rings

    async def _keep_told(self, lane: Lane, bot: Bot, telling: Awaitable[AccountSync]) -> Lane:
        try:
            lane.syncs[bot] = await telling
        except UnknownCommand as error:
            raise BotNotInvited(bot) from error
        await completed(self._keep(lane))
        lane.notice_change()
        return lane

    async def _create(self, account: Account, creation: CreationId | None) -> Lane:
        async with self._turn:
            earlier = await self._store.find_request(creation) if creation else None
            if earlier:
                return self._fleet.lane(earlier)
            self._fleet.check_free(account.id)
            record = AccountRecord(account=account)
            await self._store.add(record, creation)
            self._kept[account.id] = findings(record)
            return self._fleet.add(record)

    async def _update(self, account_id: str, change: Change, *, restore: bool) -> Lane:
        async with self._turn:
            lane = self._fleet.lane(account_id)
            account = change(lane.account)
            record = dataclasses.replace(lane.record, account=account)
            if restore:
                record = dataclasses.replace(record, held_reason="", held_since=0)
            await self._store.put(record)
            self._kept[account_id] = findings(record)
            return self._fleet.change(account, restore=restore)

    async def _delete(self, account_id: str) -> None:
        async with self._turn:
            if self._fleet.lane(account_id).base is not None:
                raise AccountConfigured(account_id)
            await self._store.remove(account_id)
            self._fleet.remove(account_id)
            self._kept.pop(account_id, None)

    async def _keep(self, lane: Lane) -> None:
        async with self._turn:
            if lane in self._fleet.lanes:
                record = lane.record
                await self._store.put(record)
                self._kept[record.id] = findings(record)
