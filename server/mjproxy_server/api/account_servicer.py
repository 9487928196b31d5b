"""AccountService: the accounts that draw, for operators."""

from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from mjproxy.v1 import account_pb2, account_service_pb2_grpc, task_pb2
from mjproxy.v1 import account_service_pb2 as pb
from mjproxy_server.api import pages
from mjproxy_server.api.tasks_out import MODES
from mjproxy_server.discord.gateway.types import GatewayPhase, GatewayStatus
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.lane import Lane
from mjproxy_server.model.account import Account
from mjproxy_server.model.errors import AccountNotFound

Context = aio.ServicerContext[Any, Any]

_PHASES: Final = {
    GatewayPhase.DISCONNECTED: account_pb2.CONNECTION_PHASE_DISCONNECTED,
    GatewayPhase.CONNECTING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.IDENTIFYING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.RESUMING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.READY: account_pb2.CONNECTION_PHASE_READY,
    GatewayPhase.FAILED: account_pb2.CONNECTION_PHASE_FAILED,
}


class AccountServicer(account_service_pb2_grpc.AccountServiceServicer):
    """Answers the calls of AccountService; those that it lacks are answered with UNIMPLEMENTED."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def ListAccounts(
        self,
        request: pb.ListAccountsRequest,
        context: Context,
    ) -> pb.ListAccountsResponse:
        """Lists the accounts."""
        size, after = pages.size(request.page_size), pages.account_position(request.page_token)
        rest = [lane for lane in self._fleet.lanes if lane.account.id > after]
        page = rest[:size]
        return pb.ListAccountsResponse(
            accounts=[account_message(lane) for lane in page],
            next_page_token=pages.account_token(page[-1].account.id) if len(rest) > size else "",
        )

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        """Reads one account."""
        for lane in self._fleet.lanes:
            if lane.account.id == request.id:
                return pb.GetAccountResponse(account=account_message(lane))
        raise AccountNotFound(request.id)


def account_message(lane: Lane) -> account_pb2.Account:
    """Returns an account as callers see it: all but its token."""
    load = lane.load()
    return account_pb2.Account(
        id=lane.account.id,
        settings=_settings(lane.account),
        health=_health(lane.connection.status, lane.held_reason),
        running=load.running,
        waiting=load.waiting,
    )


def _settings(account: Account) -> account_pb2.AccountSettings:
    return account_pb2.AccountSettings(
        guild_id=account.guild_id,
        channel_id=account.channel_id,
        user_agent=account.user_agent,
        enable=account.enable,
        core_size=account.core_size,
        queue_size=account.queue_size,
        timeout_minutes=account.timeout_minutes,
        interval_seconds=account.interval_seconds,
        remark=account.remark,
        weight=account.weight,
        mode=MODES[account.mode] if account.mode else task_pb2.MODE_UNSPECIFIED,
        remix_auto_submit=account.remix_auto_submit,
        mj_bot_channel_id=account.mj_bot_channel_id,
        niji_bot_channel_id=account.niji_bot_channel_id,
    )


def _health(status: GatewayStatus, held_reason: str) -> account_pb2.AccountHealth:
    return account_pb2.AccountHealth(
        phase=_PHASES[status.phase],
        since=Timestamp(seconds=int(status.since)),
        last_error=status.last_error or "",
        held_reason=held_reason,
    )
