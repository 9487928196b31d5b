"""From the engine's accounts to `mjproxy.v1.Account`. Tokens stay inside."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1 import account_pb2, task_pb2
from mjproxy_server.api.tasks_out import MODES
from mjproxy_server.discord.gateway.types import GatewayPhase
from mjproxy_server.engine.lane import Lane
from mjproxy_server.model.account import Account, AccountSync
from mjproxy_server.model.vocabulary import Bot, Level, Mode, WhenHeld

WHEN_HELD: Final = {each: account_pb2.WhenHeld.Value(f"WHEN_HELD_{each}") for each in WhenHeld}
LEVELS: Final = {each: account_pb2.SettingLevel.Value(f"SETTING_LEVEL_{each}") for each in Level}

_PHASES: Final = {
    GatewayPhase.DISCONNECTED: account_pb2.CONNECTION_PHASE_DISCONNECTED,
    GatewayPhase.CONNECTING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.IDENTIFYING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.RESUMING: account_pb2.CONNECTION_PHASE_CONNECTING,
    GatewayPhase.READY: account_pb2.CONNECTION_PHASE_READY,
    GatewayPhase.FAILED: account_pb2.CONNECTION_PHASE_FAILED,
}


def account_message(lane: Lane) -> account_pb2.Account:
    """Returns an account as callers see it: all but its token."""
    load = lane.load()
    return account_pb2.Account(
        id=lane.account.id,
        settings=_settings(lane.account),
        health=_health(lane),
        running=load.running,
        waiting=load.waiting,
        sync=_sync(lane.syncs.get(Bot.MIDJOURNEY)),
        configured=lane.base is not None,
        niji_sync=_sync(lane.syncs.get(Bot.NIJI)),
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
        mode=_mode(account.mode),
        remix_auto_submit=account.remix_auto_submit,
        mj_bot_channel_id=account.mj_bot_channel_id,
        niji_bot_channel_id=account.niji_bot_channel_id,
        when_held=WHEN_HELD[account.when_held],
        failure_retries=account.failure_retries,
        press_appeal=account.press_appeal,
        fallback_modes=[MODES[mode] for mode in account.fallback_modes],
    )


def _health(lane: Lane) -> account_pb2.AccountHealth:
    status, rejection = lane.link.status, lane.link.rejection
    resting_until = lane.resting_until
    return account_pb2.AccountHealth(
        phase=account_pb2.CONNECTION_PHASE_FAILED if rejection else _PHASES[status.phase],
        since=Timestamp(seconds=int(status.since)),
        last_error=rejection or status.last_error or lane.link.pace.obstacle,
        held_reason=lane.held_reason,
        resting_until=Timestamp(seconds=int(resting_until)) if resting_until else None,
    )


def _sync(sync: AccountSync | None) -> account_pb2.AccountSync | None:
    if sync is None:
        return None
    return account_pb2.AccountSync(
        time=Timestamp(seconds=sync.at // 1000, nanos=sync.at % 1000 * 1_000_000),
        plan=sync.plan,
        fast_hours_left=sync.fast_hours_left or 0.0,
        mode=_mode(sync.mode),
        remix=bool(sync.remix),
        version=sync.version,
        running_jobs=sync.running_jobs,
        queued_jobs=sync.queued_jobs,
        stealth=bool(sync.stealth),
        stylize=_level(sync.stylize),
        variation=_level(sync.variation),
        versions=sync.versions,
    )


def _mode(mode: Mode | None) -> task_pb2.Mode.ValueType:
    return MODES[mode] if mode else task_pb2.MODE_UNSPECIFIED


def _level(level: Level | None) -> account_pb2.SettingLevel.ValueType:
    return LEVELS[level] if level else account_pb2.SETTING_LEVEL_UNSPECIFIED
