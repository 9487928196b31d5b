# Generated from mjproxy/aio by clients/python/unasync.py: change it there.
"""The Discord accounts of a server, for its operator."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Unpack

from google.protobuf.field_mask_pb2 import FieldMask

from mjproxy.following import account_changes
from mjproxy.listing import UnknownMessages, all_accounts, all_unknown_messages
from mjproxy.settings import AccountFields, BotFields, account_settings, bot_number, bot_settings
from mjproxy.v1.account_service_pb2 import (
    ChangeBotSettingsRequest,
    CreateAccountRequest,
    DeleteAccountRequest,
    GetAccountRequest,
    SyncAccountRequest,
    UpdateAccountRequest,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from mjproxy.follow_accounts import AccountChange
    from mjproxy.links import Link
    from mjproxy.v1.account_pb2 import Account


class Accounts:
    """The accounts that a server draws with. All but reading them needs a key with the role admin.

    Every method raises `ServerError`: `NotFound` where there is no such account, `PermissionDenied` where the key is no
    key of an admin, and `Refused` where a field is wrong.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def list(self) -> Sequence[Account]:
        """Reads all accounts, in the order of their ids.

        Example:
            >>> for account in client.accounts.list():
            ...     print(account.settings.core_size, account.sync.plan)
            3 ...
        """
        connection = self._link.connection
        return self._link.run(all_accounts(connection.calls, connection.accounts))

    def get(self, account_id: str) -> Account:
        """Reads an account. Its id is its channel's.

        Example:
            >>> account = client.accounts.get(account_id)
            >>> account.settings.enable
            True
        """
        request = GetAccountRequest(id=account_id)
        return self._link.call(self._link.connection.accounts.GetAccount, request).account

    def create(self, channel_id: str, user_token: str, **fields: Unpack[AccountFields]) -> Account:
        """Adds an account, and connects it.

        Args:
            channel_id: The channel to draw in.
            user_token: The token of the Discord user. The server gives it to nobody.
            fields: See `AccountFields`.

        Example:
            >>> created = client.accounts.create("4711", "a-token", enable=False, remark="spare")
            >>> print(created.id, created.settings.remark)
            4711 spare
        """
        settings = account_settings(fields)
        settings.channel_id = channel_id
        request = CreateAccountRequest(request_id=str(uuid.uuid4()), settings=settings, user_token=user_token)
        return self._link.call(self._link.connection.accounts.CreateAccount, request).account

    def update(self, account_id: str, *, user_token: str | None = None, **fields: Unpack[AccountFields]) -> Account:
        """Changes an account while it works; what is not given stays as it is.

        Args:
            account_id: The account.
            user_token: A new token of the Discord user.
            fields: See `AccountFields`. `enable=True` also lifts a hold, and connects it again.

        Example:
            >>> account = client.accounts.update(account_id, core_size=3, fallback_modes=["relax"])
            >>> account.settings.core_size
            3
        """
        request = UpdateAccountRequest(
            id=account_id,
            settings=account_settings(fields),
            update_mask=FieldMask(paths=sorted(fields)),
            user_token=user_token,
        )
        return self._link.call(self._link.connection.accounts.UpdateAccount, request).account

    def delete(self, account_id: str) -> None:
        """Removes an account. Its waiting tasks fail, its running ones end first.

        Raises:
            Refused: It stands in the server's configuration: take it out there, or disable it.

        Example:
            >>> client.accounts.delete("4711")
        """
        self._link.call(self._link.connection.accounts.DeleteAccount, DeleteAccountRequest(id=account_id))

    def sync(self, account_id: str, *, bot: str | None = None) -> Account:
        """Asks the bot for /info and /settings; the answers are in the account's `sync`, or `niji_sync`.

        Args:
            account_id: The account.
            bot: "midjourney", which is the default, or "niji".

        Raises:
            Refused: The account is not connected.
            DeadlineExceeded: The bot did not answer; try again.

        Example:
            >>> account = client.accounts.sync(account_id)
            >>> account.sync.remix
            False
        """
        request = SyncAccountRequest(id=account_id, bot_type=bot_number(bot))
        return self._link.call(self._link.connection.accounts.SyncAccount, request).account

    def change_settings(self, account_id: str, *, bot: str | None = None, **fields: Unpack[BotFields]) -> Account:
        """Changes the bot's own settings, and reads them again.

        Args:
            account_id: The account.
            bot: The bot whose settings they are: "midjourney", which is the default, or "niji".
            fields: See `BotFields`.

        Raises:
            Refused: The account is not connected, or the bot does not offer the value.
            DeadlineExceeded: The bot did not answer; try again.

        Example:
            >>> account = client.accounts.change_settings(account_id, variation="high")
        """
        request = ChangeBotSettingsRequest(id=account_id, settings=bot_settings(fields), bot_type=bot_number(bot))
        return self._link.call(self._link.connection.accounts.ChangeBotSettings, request).account

    def watch(self) -> Generator[AccountChange, None, None]:
        """Tells the accounts as they are, then each that changes, without an end.

        It reconnects by itself, and then tells what became of the accounts in the meantime.

        Raises:
            Unavailable: The server could not be reached for longer than the client's patience.

        Example:
            >>> with closing(client.accounts.watch()) as changes:
            ...     for change in changes:
            ...         print(change.account.settings.enable if change.account else "removed")
            ...         break
            True
        """
        return self._link.iterate(account_changes(self._link.connection))

    def unknown_messages(self, account_id: str = "") -> UnknownMessages:
        """Reads what the bots said and the server did not understand, without what is private in it.

        Args:
            account_id: Of this account; "" for all.

        Example:
            >>> client.accounts.unknown_messages().messages
            []
        """
        connection = self._link.connection
        return self._link.run(all_unknown_messages(connection.calls, connection.accounts, account_id))
