import tomllib
from pathlib import Path

import pytest

from mjproxy.launcher import configuration, toml
from mjproxy.launcher.parts import Parts

pytestmark = pytest.mark.usefixtures("fake_parts", "workdir")

FILE = """
data = 'somewhere "else"'
api_secret = "hush-1"
console_token = "hush-5"
[discord]
proxy = "socks5://user:hush-2@proxy:1080"
[[accounts]]
guild_id = "1"
channel_id = "2"
user_token = "hush-3"
[[keys]]
name = "console"
key = "hush-4"
"""


def in_force(content: str) -> str:
    Path("mjproxy.toml").write_text(content)
    parts = Parts.find()
    return toml.in_force(configuration.load(parts, parts.installed, None, {}))


def test_no_secret_is_printed() -> None:
    text = in_force(FILE)
    assert "hush" not in text
    assert 'api_secret = "**********"' in text
    assert 'proxy = "socks5://**********@proxy:1080"' in text
    assert 'user_token = "**********"' in text
    assert 'key = "**********"' in text


def test_each_value_has_its_origin_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MJPROXY_ACCOUNT_DEFAULTS__CORE_SIZE", "7")
    lines = in_force(FILE).splitlines()
    assert 'data = "somewhere \\"else\\""  # mjproxy.toml' in lines
    assert "core_size = 7  # MJPROXY_ACCOUNT_DEFAULTS__CORE_SIZE" in lines
    assert 'guild_id = "1"  # mjproxy.toml' in lines
    assert 'rest_listen = "127.0.0.1:8080"  # default' in lines
    assert "# cdn is not set" in lines


def test_what_is_printed_is_accepted_again_and_means_the_same() -> None:
    first = in_force(FILE.replace("hush", "loud").replace("user:loud-2@", ""))
    printed = tomllib.loads(first)
    assert printed["accounts"][0]["guild_id"] == "1"
    assert printed["keys"] == [{"name": "console", "key": "**********"}]
    assert tomllib.loads(in_force(first)) == printed
