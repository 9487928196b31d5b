import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from mjproxy.launcher import configuration
from mjproxy.launcher.configuration import Configuration
from mjproxy.launcher.errors import ConfigurationRefused, PartNotInstalled
from mjproxy.launcher.parts import Parts

pytestmark = pytest.mark.usefixtures("fake_parts", "workdir")

TOKEN = "MTA4.secret.token"


def load(toml: str = "", flags: Mapping[str, str] | None = None) -> Configuration:
    Path("mjproxy.toml").write_text(toml)
    return configuration.load(Parts.find(), ["server", "rest", "simulator"], None, flags or {})


def refusal(toml: str = "", flags: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationRefused) as refused:
        load(toml, flags)
    return refused.value.problems


def test_defaults_hold_when_nothing_is_said() -> None:
    assert load().value("grpc_listen") == "127.0.0.1:50051"


def test_each_source_wins_over_the_one_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    toml = "speed = 2"
    assert load(toml).value("speed") == 2
    monkeypatch.setenv("MJPROXY_SPEED", "3")
    assert load(toml).value("speed") == 3
    assert load(toml, {"speed": "4"}).value("speed") == 4
    assert load(toml).value("speed") == 3, "a flag does not outlive its command"


def test_a_nested_variable_changes_one_key_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_DISCORD__CDN", "http://cdn")
    loaded = load('[discord]\nserver = "http://s"\ncdn = "http://other"')
    discord = loaded.settings["server"].model_dump()["discord"]
    assert (discord["server"], discord["cdn"]) == ("http://s", "http://cdn")


def test_parts_share_a_key_and_each_gets_its_own() -> None:
    loaded = load('data = "d"\nrest_listen = "127.0.0.1:1"')
    assert (
        loaded.settings["server"].model_dump()["data"] == loaded.settings["simulator"].model_dump()["data"] == Path("d")
    )


def test_one_line_names_file_key_path_expectation_and_value() -> None:
    account = '[[accounts]]\nguild_id = "1"\nchannel_id = "2"\nuser_token = "t"\n'
    assert refusal(f'{account}core_size = "x"') == (
        'mjproxy.toml: accounts[0].core_size: expected a whole number of at least 1, got "x"',
    )
    assert refusal(f"{account}{account}core_size = 0") == (
        "mjproxy.toml: accounts[1].core_size: expected a whole number of at least 1, got 0",
    )
    assert refusal(f'{account}mode = "warp"') == (
        'mjproxy.toml: accounts[0].mode: expected one of "fast", "relax", got "warp"',
    )


def test_a_missing_key_is_blamed_on_the_file_that_has_its_table() -> None:
    assert refusal('[[accounts]]\nguild_id = "1"\nuser_token = "t"') == (
        "mjproxy.toml: accounts[0].channel_id: is missing; expected text",
    )


def test_all_problems_are_told_at_once_and_a_shared_one_once() -> None:
    problems = refusal("data = 1\nspeed = 0\nnonsense = 1")
    assert len(problems) == 3
    assert "mjproxy.toml: data: expected a path, got 1" in problems
    assert "mjproxy.toml: speed: expected a number greater than 0, got 0" in problems


@pytest.mark.parametrize(
    ("toml", "path", "suggestion"),
    [
        ("grpc_listn = 1", "grpc_listn", "grpc_listen"),
        ("[simulator]\naccount = 1", "simulator.account", "accounts"),
        ("[account_defaults]\ncore_sise = 1", "account_defaults.core_sise", "core_size"),
        ('[[keys]]\nname="n"\nkey="k"\nkeyy = 1', "keys[0].keyy", "key"),
    ],
)
def test_an_unknown_key_is_refused_with_the_one_that_may_be_meant(toml: str, path: str, suggestion: str) -> None:
    assert refusal(toml) == (f'mjproxy.toml: {path}: unknown key; did you mean "{suggestion}"?',)


def test_an_unknown_key_like_no_other_gets_a_remedy() -> None:
    assert refusal("zzz = 1") == (
        "mjproxy.toml: zzz: unknown key; remove it, or look for its name in mjproxy.example.toml",
    )


def test_a_variable_is_named_instead_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_ACCOUNT_DEFAULTS__CORE_SIZE", "many")
    assert refusal("[account_defaults]\ncore_size = 1") == (
        'MJPROXY_ACCOUNT_DEFAULTS__CORE_SIZE: expected a whole number of at least 1, got "many"',
    )
    monkeypatch.delenv("MJPROXY_ACCOUNT_DEFAULTS__CORE_SIZE")
    monkeypatch.setenv("MJPROXY_ACCOUNTS", json.dumps([{"guild_id": "1", "user_token": TOKEN}]))
    assert refusal() == ("MJPROXY_ACCOUNTS: accounts[0].channel_id: is missing; expected text",)


def test_a_flag_is_named_instead_of_the_file() -> None:
    assert refusal("speed = 1", {"speed": "-1"}) == ('--speed: expected a number greater than 0, got "-1"',)


def test_values_that_do_not_go_together_are_told_in_the_part_s_words() -> None:
    assert refusal('rest_listen = "127.0.0.1:1"\ngrpc_target = "127.0.0.1:1"') == (
        "configuration: rest_listen and grpc_target are both 127.0.0.1:1",
    )


def test_a_variable_that_is_no_json_is_refused_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_ACCOUNTS", TOKEN)
    (problem,) = refusal()
    assert problem.startswith("MJPROXY_ACCOUNTS: expected JSON: ")
    assert TOKEN not in problem


@pytest.mark.parametrize(
    "toml",
    [
        f'[[accounts]]\nguild_id="1"\nchannel_id="2"\nuser_token=["{TOKEN}"]',
        f'accounts = "{TOKEN}"',
        f'accounts = ["{TOKEN}"]',
        f'accounts = {{user_token = "{TOKEN}"}}',
        f'api_secret = ["{TOKEN}"]',
        f'keys = [{{name = "n", key = {{is = "{TOKEN}"}}}}]',
        f'discord = "{TOKEN}"',
        f'[[accounts]]\nuser_token = "{TOKEN}"',
        f'[discord]\nproxy = ["http://user:{TOKEN}@proxy"]',
        f'user_token = "{TOKEN}"',
        f'passphrase = "{TOKEN}"',
        f'console_token = "{TOKEN}"',
        f'[[accounts]]\nuser_token = "{TOKEN}',
    ],
)
def test_no_refusal_shows_a_secret(toml: str) -> None:
    text = "\n".join(refusal(toml))
    assert text
    assert TOKEN not in text


def test_credentials_in_a_url_are_masked_even_if_the_value_is_cut() -> None:
    (problem,) = refusal(f'[account_defaults]\nmode = "socks5://user:{"long" * 30}@proxy:1080/{"path" * 30}"')
    assert 'got "socks5://**********@proxy:1080/pathpath' in problem
    assert problem.endswith("...")
    assert "long" not in problem


def test_a_secret_of_a_wrong_kind_shows_its_kind_only() -> None:
    assert refusal("api_secret = 12345") == ("mjproxy.toml: api_secret: expected text, got a number",)


def test_a_file_that_is_asked_for_must_exist() -> None:
    with pytest.raises(ConfigurationRefused, match=r"other\.toml: there is no such file"):
        configuration.load(Parts.find(), ["rest"], Path("other.toml"), {})


@pytest.mark.parametrize("content", [b"speed = ", b"\xff = 1"])
def test_a_file_that_is_no_toml_is_refused(content: bytes) -> None:
    Path("bad.toml").write_bytes(content)
    with pytest.raises(ConfigurationRefused, match=r"bad\.toml: is no TOML: "):
        configuration.load(Parts.find(), ["rest"], Path("bad.toml"), {})


def test_a_folder_in_place_of_the_file_is_refused() -> None:
    with pytest.raises(ConfigurationRefused, match="cannot be read: Is a directory"):
        configuration.load(Parts.find(), ["rest"], Path(), {})


def test_keys_may_belong_to_a_part_that_is_missing(distribution: Path) -> None:
    entry_points = next(distribution.glob("*/entry_points.txt"))
    entry_points.write_text("[mjproxy.parts]\nrest = tests.launcher.parts.fake_rest\nserver = fake_absent\n")
    Path("mjproxy.toml").write_text('grpc_listen = "127.0.0.1:1"')
    parts = Parts.find()
    configuration.load(parts, ["rest"], None, {})
    with pytest.raises(PartNotInstalled, match=r'needs the Python package fake_absent: .* "mjproxy\[server\]"'):
        configuration.load(parts, ["server"], None, {})
