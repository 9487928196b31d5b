import logging
import re
from collections.abc import Iterator

import pytest

from mjproxy.launcher import logs


@pytest.fixture
def root_without_handlers() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("root_without_handlers")
def test_a_record_is_one_line_whatever_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("server", "info", ["mjproxy_ours"])
    logging.getLogger("mjproxy_ours.engine").info("prompt %s", "a\r\nb")
    line = capsys.readouterr().err
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    server mjproxy_ours\.engine: prompt a\\r\\nb\n", line
    )


@pytest.mark.usefixtures("root_without_handlers")
def test_libraries_stay_quiet_when_our_own_packages_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("server", "debug", ["mjproxy_ours"])
    logging.getLogger("websockets.client").debug("Authorization: token")
    logging.getLogger("mjproxy_ours").debug("own")
    assert capsys.readouterr().err.endswith("mjproxy_ours: own\n")
