"""The example in the documentation, run as it stands."""

import re
import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from mjproxy_rest.callbacks.message import body, headers
from mjproxy_rest.tasks import encode
from tests.rest.rest_outbox import delivery

PAGE = Path(__file__).parents[3] / "docs" / "callbacks.md"


def test_the_receiver_of_the_documentation_takes_what_is_posted(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert example is not None
    names: dict[str, object] = {}
    exec(example[1], names)
    given_out, signer = delivery("https://hooks.example/", "42"), names["webhook"]
    assert isinstance(signer, Webhook)
    content = body(given_out.task, encode)
    receive = names["receive"]
    assert callable(receive)
    receive(content, headers(given_out, content, time.time(), signer))
    assert capsys.readouterr().out == "42 IN_PROGRESS 7%\n"
