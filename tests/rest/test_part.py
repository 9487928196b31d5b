import asyncio
import os
import signal
import sys
from ipaddress import ip_address

import httpx
import pytest
from pydantic import ValidationError

from mjproxy_rest.part import NAME, Settings, serve


def test_the_environment_wins_over_what_is_passed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_REST_LISTEN", "127.0.0.1:1")
    monkeypatch.setenv("MJPROXY_STORE__KEEP_TASKS_DAYS", "of another part")
    assert Settings(rest_listen="127.0.0.1:2").rest_listen == "127.0.0.1:1"
    assert NAME == "rest"


@pytest.mark.parametrize("address", ["0.0.0.0:8080", "[::]:8080", "example.com:8080"])
def test_others_are_served_only_when_there_is_a_key(address: str) -> None:
    with pytest.raises(ValidationError, match=r"rest_listen.*set api_secret or \[\[keys\]\]"):
        Settings(rest_listen=address)
    assert Settings.model_validate({"rest_listen": address, "api_secret": "a"}).listen.port == 8080
    keys = [{"name": "ann", "key": "a", "role": "user"}]
    assert Settings.model_validate({"rest_listen": address, "keys": keys}).listen.port == 8080


@pytest.mark.parametrize("values", [{"rest_listen": "8080"}, {"rest_listen": "h:70000"}, {"unknown": "s3cret"}])
def test_wrong_settings_are_refused_without_showing_values(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(values)
    assert "s3cret" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    settings = Settings.model_validate({"service_key": "s3cret", "api_secret": "s3cret", "keys": [{"key": "s3cret"}]})
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("place", ["http://bucket", "s3://", "s3:///folder", "file:///pictures"])
def test_an_object_store_of_an_unknown_kind_is_refused(place: str) -> None:
    with pytest.raises(ValidationError, match=r"rest\.image_store\n.*s3://BUCKET"):
        Settings.model_validate({"rest": {"image_store": place}})


def test_an_object_store_without_its_library_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mjproxy_rest.part.find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"pip install 'mjproxy\[object-store\]'"):
        Settings.model_validate({"rest": {"image_store": "s3://bucket"}})


@pytest.mark.parametrize("secret", ["", "s3cret", "whsec_s3cret", "whsec_" + "s3cret" * 20, "whsec_ü", "YWJj" * 8])
def test_a_secret_that_no_receiver_could_use_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match=r"callbacks\.secret(.|\n)*openssl rand -base64 32") as refused:
        Settings.model_validate({"callbacks": {"secret": secret}})
    assert not secret or secret not in str(refused.value)


def test_a_secret_of_the_standard_is_taken_and_not_shown() -> None:
    settings = Settings.model_validate({"callbacks": {"secret": "whsec_" + "YWJj" * 8, "notify_hook": "the server's"}})
    assert "YWJj" not in repr(settings)


def test_a_wrong_entry_of_allow_hosts_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"callbacks\.allow_hosts(.|\n)*'10\.0\.0\.1/8' is no network"):
        Settings.model_validate({"callbacks": {"allow_hosts": ["hooks.internal", "10.0.0.1/8"]}})


@pytest.mark.parametrize("keys", [{"api_secret": "a"}, {"keys": [{"key": "a"}]}])
def test_callbacks_reach_this_machine_only_where_there_are_no_keys(keys: dict[str, object]) -> None:
    here = "127.0.0.1", 80, ip_address("127.0.0.1")
    assert Settings().hook_addresses().allow(*here)
    assert not Settings.model_validate(keys).hook_addresses().allow(*here)
    opened = keys | {"callbacks": {"allow_hosts": ["127.0.0.1:80"]}}
    assert Settings.model_validate(opened).hook_addresses().allow(*here)


async def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(OSError, match=rf"rest_listen: cannot listen on 127\.0\.0\.1:{port} .*port 0"):
            await serve(Settings(rest_listen=f"127.0.0.1:{port}"), lambda _: None)


async def test_the_module_runs_from_the_environment_until_it_is_told_to_end() -> None:
    environment = os.environ | {"MJPROXY_REST_LISTEN": "127.0.0.1:0", "MJPROXY_GRPC_TARGET": "127.0.0.1:1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mjproxy_rest", stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        address = line.removeprefix("ready rest=").strip()
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
            assert (await client.get("/healthz")).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
