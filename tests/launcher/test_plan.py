import json
import sys
from pathlib import Path

import pytest

from mjproxy.launcher import configuration, simulated
from mjproxy.launcher.address import Address
from mjproxy.launcher.errors import ConfigurationRefused
from mjproxy.launcher.launch import Launch
from mjproxy.launcher.parts import Parts
from mjproxy.launcher.plan import Plan

pytestmark = pytest.mark.usefixtures("fake_parts", "workdir")

ACCOUNT = '[[accounts]]\nguild_id = "1"\nchannel_id = "2"\nuser_token = "t"\n'
SIMULATOR = Address("0.0.0.0", 8090)
OFFERED = [{"guild_id": "1", "channel_id": "2", "user_token": "sim.1"}]


def plan(toml: str = "", **flags: str) -> Plan:
    Path("mjproxy.toml").write_text(toml)
    loaded = configuration.load(Parts.find(), ["server", "rest", "simulator"], None, flags)
    return Plan(loaded, ("--log-level", "info"), "generated")


def test_discord_is_simulated_when_no_account_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan().is_simulated
    assert not plan(ACCOUNT).is_simulated
    monkeypatch.setenv("MJPROXY_ACCOUNTS", json.dumps([{"guild_id": "1", "channel_id": "2", "user_token": "t"}]))
    assert not plan().is_simulated


def test_the_simulator_gets_address_data_and_speed() -> None:
    launch = plan("speed = 3", data="elsewhere", simulator_listen="127.0.0.1:0").simulator()
    arguments = [
        "--supervised",
        "--simulator",
        "127.0.0.1:0",
        "--log-level",
        "info",
        "--data",
        "elsewhere",
        "--speed",
        "3.0",
    ]
    assert launch.command() == [sys.executable, "-P", "-m", "mjproxy", "simulator", *arguments]
    assert launch.environment == {}


def test_server_and_shim_share_a_generated_key_which_no_argument_shows() -> None:
    server, rest = plan().server({}), plan().rest(Address("0.0.0.0", 1))
    assert server.environment == rest.environment == {"MJPROXY_SERVICE_KEY": "generated"}
    assert "generated" not in " ".join(server.command() + rest.command()) + repr(server) + repr(plan())


def test_a_part_may_take_longer_to_close_than_to_drain() -> None:
    assert plan().server({}).patience == plan().simulator().patience == 10
    assert plan("drain_seconds = 60").server({}).patience == 65


def test_a_configured_service_key_is_left_alone() -> None:
    assert plan('service_key = "own"').server({}).environment == {}


def test_the_shim_calls_the_server_where_this_machine_reaches_it() -> None:
    assert plan().rest(Address("0.0.0.0", 50051)).command()[-2:] == ["--grpc", "127.0.0.1:50051"]


def test_a_launch_at_another_address_differs_in_nothing_else() -> None:
    launch = plan().simulator()
    moved = launch.listening_at(Address("127.0.0.1", 1234))
    assert moved.command() == [part.replace(":8090", ":1234") for part in launch.command()]


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationRefused, match=r'mjproxy\.toml: rest_listen: expected HOST:PORT, .* got "nowhere"'):
        plan('rest_listen = "nowhere"').rest(SIMULATOR)


def test_variables_for_parts_of_what_is_set_are_not_inherited() -> None:
    launch = Launch("server", SIMULATOR, environment={"MJPROXY_DISCORD": "{}"})
    inherited = {
        "MJPROXY_DISCORD__CDN": "x",
        "mjproxy_discord__server": "x",
        "mjproxy_discord": "x",
        "MJPROXY_DISCORDANT": "y",
    }
    assert launch.environment_over(inherited) == {"MJPROXY_DISCORD": "{}", "MJPROXY_DISCORDANT": "y"}


def test_the_simulator_takes_the_place_of_every_host_and_of_the_proxy() -> None:
    discord = json.loads(simulated.environment(SIMULATOR, OFFERED, paced=False)["MJPROXY_DISCORD"])
    assert discord == {
        "server": "http://127.0.0.1:8090",
        "cdn": "http://127.0.0.1:8090",
        "gateway": "ws://127.0.0.1:8090",
        "resume_gateway": "ws://127.0.0.1:8090",
        "upload_server": "http://127.0.0.1:8090",
        "interaction_frame_server": "http://127.0.0.1:8090",
        "proxy": None,
    }


@pytest.mark.parametrize(("toml", "pace"), [("", "0"), ("[account_defaults]\ninterval_seconds = 2", None)])
def test_simulated_accounts_have_no_pace_unless_one_is_configured(toml: str, pace: str | None) -> None:
    environment = simulated.environment(SIMULATOR, OFFERED, paced=plan(toml).is_paced)
    assert json.loads(environment["MJPROXY_ACCOUNTS"]) == OFFERED
    assert environment.get("MJPROXY_ACCOUNT_DEFAULTS__INTERVAL_SECONDS") == pace
