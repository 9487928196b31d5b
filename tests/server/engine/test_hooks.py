"""Which hooks callers may name, as far as one can tell by looking at them."""

from __future__ import annotations

import pytest

from mjproxy_server.engine.hooks import LONGEST_HOOK, NO_HOOKS, HookRules
from mjproxy_server.model.errors import InvalidField


def allows(rules: HookRules, url: str) -> bool:
    try:
        rules.check("notify_hook", url)
    except InvalidField:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://host.example",
        "https://host.example:8443/hook?token=1",
        "HTTPS://Host.example/",
        "http://93.184.216.34/hook",
        "http://[2606:2800:220:1:248:1893:25c8:1946]/hook",
        "http://localhost.example/",
        "http://127.example/",
    ],
)
def test_a_public_address_passes(url: str) -> None:
    assert allows(NO_HOOKS, url)


@pytest.mark.parametrize(
    "url",
    [
        "host.example",
        "ftp://host.example",
        "file:///etc/passwd",
        "http://",
        "http:///hook",
        "http://:80/hook",
        "http://host.example:99999/",
        "http://host.example:0/",
        "http://host.example:x/",
        "http://[::1/",
        "http://host.example/a b",
        "http://host.example/\n",
        "http://höst.example/",
        "http://user:password@host.example/",
        "http://user@host.example/",
        "http://@host.example/",
        f"http://host.example/{'x' * LONGEST_HOOK}",
    ],
)
def test_what_cannot_be_a_hook_is_refused(url: str) -> None:
    assert not allows(HookRules(allow_loopback=True), url)


LOOPBACK = [
    "http://127.0.0.1:8080/hook",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://[::1]:80/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://hook.localhost/",
]
INNER = [
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://255.255.255.255/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[::]/",
    "http://[ff02::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[2002:a00:1::]/",
]


@pytest.mark.parametrize("url", [*LOOPBACK, *INNER])
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    assert not allows(NO_HOOKS, url)


@pytest.mark.parametrize("url", LOOPBACK)
def test_this_machine_may_be_named_where_nobody_else_can_call(url: str) -> None:
    assert allows(HookRules(allow_loopback=True), url)


@pytest.mark.parametrize("url", INNER)
def test_other_machines_may_not_even_then(url: str) -> None:
    assert not allows(HookRules(allow_loopback=True), url)


def test_the_operator_opens_hosts_and_names_a_hook_that_anybody_may_name() -> None:
    entries = ["10.0.0.2", "LocalHost:80", "10.0.0.3:443", "[FE80::1]", "[fe80::2]:8080", "192.168.0.0/24", "fd00::/8"]
    rules = HookRules.parse("http://10.0.0.1/own", entries, allow_loopback=False)
    opened = [
        "http://10.0.0.1/own",
        "http://10.0.0.2:1/hook",
        "http://LOCALHOST/",
        "https://10.0.0.3/",
        "http://[fe80:0::1]/",
        "http://[fe80::2]:8080/",
        "http://192.168.0.77:5/",
        "http://[fd12::1]/",
        "http://[::ffff:192.168.0.77]/",
    ]
    closed = [
        "http://10.0.0.1/other",
        "https://localhost/",
        "http://10.0.0.3/",
        "http://[fe80::2]/",
        "http://192.168.1.1",
    ]
    assert [url for url in opened + closed if allows(rules, url)] == opened


@pytest.mark.parametrize("entry", ["", "a b", "http://host", "host:99999", "host:x", "10.0.0.1/8", "host/24", "[::1"])
def test_what_the_operator_cannot_mean_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is no host|does not appear|has host bits"):
        HookRules.parse("", [entry], allow_loopback=False)


def test_a_refusal_names_the_field_and_the_remedy() -> None:
    with pytest.raises(InvalidField, match=r"options\.notify_hook: 10\.0\.0\.1 is not a public address; use one"):
        NO_HOOKS.check("options.notify_hook", "http://10.0.0.1/hook")
