"""AccountService through a real server: accounts come, change and go while it runs; tokens go in and never come out."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from mjproxy.v1 import account_pb2, task_pb2, task_service_pb2
from mjproxy.v1 import account_service_pb2 as pb
from mjproxy_server.api.callers import Role
from mjproxy_server.engine.condition import FIRST_REST, PATIENCE, Omen
from mjproxy_server.model.account import AccountSync
from mjproxy_server.model.vocabulary import Bot
from tests.server.api.service import Service, StartService, bearer, next_of, refusal

TOKEN = "sim.another-very-secret-token"
SETTINGS = account_pb2.AccountSettings(guild_id="1", channel_id="33", remark="studio", core_size=2)


def creation(**fields: object) -> pb.CreateAccountRequest:
    known: dict[str, object] = {"settings": SETTINGS, "user_token": TOKEN}
    return pb.CreateAccountRequest(**known | fields)  # type: ignore[arg-type]


def update(account_id: str, *paths: str, **settings: object) -> pb.UpdateAccountRequest:
    return pb.UpdateAccountRequest(
        id=account_id,
        settings=account_pb2.AccountSettings(**settings),  # type: ignore[arg-type]
        update_mask=FieldMask(paths=paths or tuple(settings)),
    )


async def ids(service: Service) -> list[str]:
    return [account.id for account in (await service.accounts.ListAccounts(pb.ListAccountsRequest())).accounts]


async def test_a_new_account_is_there_and_takes_tasks(service: Service) -> None:
    created = (await service.accounts.CreateAccount(creation())).account
    assert await ids(service) == ["11", "22", "33"]
    assert not created.configured
    assert created.settings.remark == "studio"
    assert created.settings.core_size == 2
    task = await service.tasks.SubmitTask(_imagine_on("33"))
    assert task.tasks[0].account_id == "33"


async def test_what_a_new_account_does_not_say_is_as_the_defaults_have_it(service: Service) -> None:
    settings = (await service.accounts.CreateAccount(creation())).account.settings
    assert settings.enable
    assert settings.queue_size == 10
    assert settings.timeout_minutes == 5
    assert settings.interval_seconds == 1.2
    assert settings.user_agent.startswith("Mozilla/5.0")
    assert settings.when_held == account_pb2.WHEN_HELD_WAIT


async def test_what_can_be_zero_is_zero_if_that_is_said(service: Service) -> None:
    wanted = account_pb2.AccountSettings(channel_id="33", enable=False, queue_size=0, interval_seconds=0)
    settings = (await service.accounts.CreateAccount(creation(settings=wanted))).account.settings
    assert (settings.enable, settings.queue_size, settings.interval_seconds) == (False, 0, 0)


async def test_an_account_says_which_second_chances_its_tasks_have(service: Service) -> None:
    wanted = account_pb2.AccountSettings(
        channel_id="33",
        failure_retries=2,
        press_appeal=True,
        fallback_modes=[task_pb2.MODE_TURBO, task_pb2.MODE_RELAX],
    )
    settings = (await service.accounts.CreateAccount(creation(settings=wanted))).account.settings
    assert (settings.failure_retries, settings.press_appeal) == (2, True)
    assert list(settings.fallback_modes) == [task_pb2.MODE_TURBO, task_pb2.MODE_RELAX]
    cleared = update("33", "failure_retries", "press_appeal", "fallback_modes", failure_retries=0)
    settings = (await service.accounts.UpdateAccount(cleared)).account.settings
    assert (settings.failure_retries, settings.press_appeal, list(settings.fallback_modes)) == (0, False, [])


async def test_a_new_account_and_a_change_are_there_after_a_restart(start_service: StartService) -> None:
    async with start_service() as service:
        await service.accounts.CreateAccount(creation())
        await service.accounts.UpdateAccount(update("33", core_size=5))
        await service.accounts.UpdateAccount(update("11", enable=False))
    async with start_service() as service:
        assert await ids(service) == ["11", "22", "33"]
        assert (await _get(service, "33")).settings.core_size == 5
        configured = await _get(service, "11")
        assert configured.configured
        assert not configured.settings.enable


async def test_a_repeated_creation_gets_the_same_account_and_another_one_is_refused(service: Service) -> None:
    request = creation(request_id=str(uuid4()))
    first = await service.accounts.CreateAccount(request)
    again = await service.accounts.CreateAccount(request)
    assert again.account.id == first.account.id
    request.settings.remark = "another"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.CreateAccount(request)
    assert refusal(error.value).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (creation(settings=account_pb2.AccountSettings(channel_id="11")), "ACCOUNT_EXISTS", ""),
        (creation(settings=account_pb2.AccountSettings()), "INVALID_FIELD", "settings.channel_id"),
        (creation(settings=account_pb2.AccountSettings(channel_id="x")), "INVALID_FIELD", "settings.channel_id"),
        (
            creation(settings=account_pb2.AccountSettings(channel_id="33", guild_id="-1")),
            "INVALID_FIELD",
            "settings.guild_id",
        ),
        (
            creation(settings=account_pb2.AccountSettings(channel_id="33", core_size=101)),
            "INVALID_FIELD",
            "settings.core_size",
        ),
        (
            creation(settings=account_pb2.AccountSettings(channel_id="33", interval_seconds=float("nan"))),
            "INVALID_FIELD",
            "settings.interval_seconds",
        ),
        (
            creation(settings=account_pb2.AccountSettings(channel_id="33", user_agent="a\nb")),
            "INVALID_FIELD",
            "settings.user_agent",
        ),
        (
            creation(settings=account_pb2.AccountSettings(channel_id="33", remark="x" * 1025)),
            "INVALID_FIELD",
            "settings.remark",
        ),
        (creation(user_token=""), "INVALID_FIELD", "user_token"),
        (creation(user_token="two words"), "INVALID_FIELD", "user_token"),
        (creation(request_id="no uuid"), "INVALID_FIELD", "request_id"),
    ],
)
async def test_a_wrong_creation_is_refused_by_the_fields_name_and_changes_nothing(
    service: Service, request_: pb.CreateAccountRequest, reason: str, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.CreateAccount(request_)
    refused = refusal(error.value)
    assert (refused.reason, refused.metadata.get("field", "")) == (reason, field)
    assert "two words" not in refused.message
    assert await ids(service) == ["11", "22"]


async def test_only_the_fields_of_the_mask_change(service: Service) -> None:
    before = (await _get(service, "11")).settings
    after = await service.accounts.UpdateAccount(
        update("11", "core_size", core_size=7, queue_size=1, remark="not asked for")
    )
    assert after.account.settings.core_size == 7
    after.account.settings.core_size = before.core_size
    assert after.account.settings == before


async def test_a_field_of_the_mask_that_is_empty_is_cleared(service: Service) -> None:
    await service.accounts.UpdateAccount(update("11", remark="a", mode=task_pb2.MODE_RELAX))
    settings = (await service.accounts.UpdateAccount(update("11", "remark", "mode"))).account.settings
    assert settings.remark == ""
    assert settings.mode == task_pb2.MODE_UNSPECIFIED


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (update("99", core_size=1), "ACCOUNT_NOT_FOUND", ""),
        (update("11", "user_token"), "INVALID_FIELD", "update_mask"),
        (update("11", "core_sice"), "INVALID_FIELD", "update_mask"),
        (update("11", channel_id="12"), "INVALID_FIELD", "update_mask"),
        (pb.UpdateAccountRequest(id="11"), "INVALID_FIELD", "update_mask"),
        (update("11", core_size=0), "INVALID_FIELD", "settings.core_size"),
        (update("11", weight=1001), "INVALID_FIELD", "settings.weight"),
        (update("11", failure_retries=11), "INVALID_FIELD", "settings.failure_retries"),
        (update("11", fallback_modes=[task_pb2.MODE_RELAX] * 2), "INVALID_FIELD", "settings.fallback_modes"),
        (update("11", fallback_modes=[task_pb2.MODE_UNSPECIFIED]), "INVALID_FIELD", "settings.fallback_modes"),
        (pb.UpdateAccountRequest(id="11", user_token=""), "INVALID_FIELD", "user_token"),
    ],
)
async def test_a_wrong_change_is_refused_by_the_fields_name_and_changes_nothing(
    service: Service, request_: pb.UpdateAccountRequest, reason: str, field: str
) -> None:
    before = await _get(service, "11")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.UpdateAccount(request_)
    refused = refusal(error.value)
    assert (refused.reason, refused.metadata.get("field", "")) == (reason, field)
    assert (await _get(service, "11")).settings == before.settings


async def test_a_token_in_the_mask_is_refused_with_the_remedy(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="user_token is no setting and needs no mask; leave it out of it"):
        await service.accounts.UpdateAccount(update("11", "user_token"))


async def test_a_disabled_account_takes_no_more_tasks(service: Service) -> None:
    await service.accounts.UpdateAccount(update("11", enable=False))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.SubmitTask(_imagine_on("11"))
    assert refusal(error.value).reason == "NO_ACCOUNT"
    await service.accounts.UpdateAccount(update("11", enable=True))
    await service.tasks.SubmitTask(_imagine_on("11"))


async def test_the_tasks_that_wait_for_a_deleted_account_fail(service: Service) -> None:
    await service.accounts.CreateAccount(creation())
    task = (await service.tasks.SubmitTask(_imagine_on("33"))).tasks[0]
    await service.accounts.DeleteAccount(pb.DeleteAccountRequest(id="33"))
    assert await ids(service) == ["11", "22"]
    async with asyncio.timeout(10):
        watch = await service.engine.hub.watch(0, "")
        while (ended := await service.task(task.id)).status != task_pb2.TASK_STATUS_FAILURE:
            await watch.next()
    assert "33" in ended.failure.description
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.GetAccount(pb.GetAccountRequest(id="33"))
    assert refusal(error.value).reason == "ACCOUNT_NOT_FOUND"


async def test_a_configured_account_cannot_be_deleted(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.DeleteAccount(pb.DeleteAccountRequest(id="11"))
    assert refusal(error.value).code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(error.value).reason == "ACCOUNT_CONFIGURED"
    assert await ids(service) == ["11", "22"]


async def test_an_account_that_is_not_connected_cannot_ask_the_bot(service: Service) -> None:
    settings = pb.ChangeBotSettingsRequest(id="11", settings=account_pb2.BotSettings(remix=True))
    for call in (
        service.accounts.SyncAccount(pb.SyncAccountRequest(id="11")),
        service.accounts.SyncAccount(pb.SyncAccountRequest(id="11", bot_type=task_pb2.BOT_TYPE_NIJI)),
        service.accounts.ChangeBotSettings(settings),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert refusal(error.value).reason == "ACCOUNT_NOT_CONNECTED"


@pytest.mark.parametrize("bot_type", [task_pb2.BOT_TYPE_INSIGHT_FACE, 99])
async def test_a_bot_without_settings_cannot_be_asked(service: Service, bot_type: task_pb2.BotType.ValueType) -> None:
    settings = account_pb2.BotSettings(remix=True)
    for call in (
        service.accounts.SyncAccount(pb.SyncAccountRequest(id="11", bot_type=bot_type)),
        service.accounts.ChangeBotSettings(pb.ChangeBotSettingsRequest(id="11", settings=settings, bot_type=bot_type)),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        assert (refusal(error.value).reason, refusal(error.value).fields) == ("INVALID_FIELD", ["bot_type"])


async def test_what_each_bot_told_is_shown(service: Service) -> None:
    lane = service.engine.fleet.lane("11")
    lane.syncs = {Bot.MIDJOURNEY: AccountSync(at=1500, remix=True), Bot.NIJI: AccountSync(at=2500, version="Niji 7")}
    account, other = await _get(service, "11"), await _get(service, "22")
    assert (account.sync.time.ToMilliseconds(), account.sync.remix) == (1500, True)
    assert (account.niji_sync.time.ToMilliseconds(), account.niji_sync.version) == (2500, "Niji 7")
    assert not other.HasField("sync")
    assert not other.HasField("niji_sync")


async def test_only_administrators_change_and_watch_accounts(start_service: StartService) -> None:
    async with start_service(user=Role.USER, service_key=Role.SERVICE, admin=Role.ADMIN) as service:
        for key in ("user", "service_key"):
            for call in (
                service.accounts.CreateAccount(creation(), metadata=bearer(key)),
                service.accounts.UpdateAccount(update("11", core_size=1), metadata=bearer(key)),
                service.accounts.DeleteAccount(pb.DeleteAccountRequest(id="11"), metadata=bearer(key)),
                service.accounts.SyncAccount(pb.SyncAccountRequest(id="11"), metadata=bearer(key)),
                service.accounts.ChangeBotSettings(pb.ChangeBotSettingsRequest(id="11"), metadata=bearer(key)),
                service.accounts.WatchAccounts(pb.WatchAccountsRequest(), metadata=bearer(key)).read(),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as error:
                    await call
                assert refusal(error.value).reason == "PERMISSION_DENIED"
        await service.accounts.CreateAccount(creation(), metadata=bearer("admin"))


async def test_a_watch_tells_all_at_first_and_then_what_changes(service: Service) -> None:
    watch = service.accounts.WatchAccounts(pb.WatchAccountsRequest())
    async with asyncio.timeout(10):
        assert [(await next_of(watch)).account.id for _ in range(2)] == ["11", "22"]
        await service.accounts.UpdateAccount(update("22", remark="changed"))
        await _until(watch, lambda change: change.account.settings.remark == "changed")
        await service.tasks.SubmitTask(_imagine_on("22"))
        await _until(watch, lambda change: change.account.id == "22" and change.account.waiting == 1)
        await service.accounts.CreateAccount(creation())
        await _until(watch, lambda change: change.account.id == "33")
        await service.accounts.DeleteAccount(pb.DeleteAccountRequest(id="33"))
        await _until(watch, lambda change: change.removed_account_id == "33")
    watch.cancel()


async def test_a_watch_ends_when_the_server_stops(service: Service) -> None:
    watch = service.accounts.WatchAccounts(pb.WatchAccountsRequest())
    await watch.read()
    service.engine.fleet.changes.close()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await _until(watch, lambda _: False)
    assert refusal(error.value).code is grpc.StatusCode.UNAVAILABLE


async def test_the_health_of_an_account_tells_that_it_is_held_or_rests(service: Service) -> None:
    condition = service.engine.fleet.lane("11").condition
    assert not (await _get(service, "11")).health.HasField("resting_until")
    now = time.monotonic()
    for _ in range(PATIENCE):
        condition.heed(Omen.BAD, now)
    condition.held_reason = "[Blocked] Write to support."
    health = (await _get(service, "11")).health
    assert abs(health.resting_until.seconds - (time.time() + FIRST_REST)) < 10
    assert health.held_reason == "[Blocked] Write to support."
    await service.accounts.UpdateAccount(update("11", enable=True))
    health = (await _get(service, "11")).health
    assert not health.HasField("resting_until")
    assert not health.held_reason


async def test_no_answer_has_a_token_in_it(service: Service) -> None:
    answers = [
        str(await service.accounts.CreateAccount(creation())),
        str(await service.accounts.UpdateAccount(pb.UpdateAccountRequest(id="33", user_token="sim.new-secret"))),
        str(await service.accounts.ListAccounts(pb.ListAccountsRequest())),
    ]
    assert not any("secret" in answer for answer in answers)


async def _get(service: Service, account_id: str) -> account_pb2.Account:
    return (await service.accounts.GetAccount(pb.GetAccountRequest(id=account_id))).account


async def _until(watch: object, found: object) -> None:
    while not found(await watch.read()):  # type: ignore[operator,attr-defined]
        pass


def _imagine_on(account_id: str) -> task_service_pb2.SubmitTaskRequest:
    return task_service_pb2.SubmitTaskRequest(
        options=task_service_pb2.SubmitOptions(account_filter=task_service_pb2.AccountFilter(account_id=account_id)),
        imagine=task_service_pb2.ImagineCommand(prompt="a cat"),
    )
