"""The section `[callbacks]`, as far as it is the server's."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from mjproxy_server.engine.hooks import NO_HOOKS, HookRules
from mjproxy_server.settings import Settings


def test_without_keys_callers_may_name_this_machine() -> None:
    assert Settings.model_validate({}).hooks() == HookRules(allow_loopback=True)
    assert Settings.model_validate({"api_secret": "x"}).hooks() == NO_HOOKS


def test_the_operator_names_a_hook_and_opens_hosts() -> None:
    section = {"notify_hook": "http://10.0.0.1/hook", "allow_hosts": ["Hooks.internal", "10.0.0.0/8"]}
    assert Settings.model_validate({"callbacks": section}).hooks() == HookRules(
        own="http://10.0.0.1/hook",
        hosts=frozenset({("hooks.internal", None)}),
        networks=(ip_network("10.0.0.0/8"),),
        allow_loopback=True,
    )


@pytest.mark.parametrize(
    ("entry", "message"), [("http://host", "does not appear to be"), ("host:x", "'host:x' is no host")]
)
def test_a_host_that_cannot_be_one_is_refused(entry: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate({"callbacks": {"allow_hosts": [entry]}})
