import subprocess
import sys

import pytest

import mjproxy


@pytest.mark.parametrize("name", mjproxy.__all__)
def test_each_name_of_the_package_is_there(name: str) -> None:
    assert getattr(mjproxy, name).__name__ == name
    assert name in dir(mjproxy)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        mjproxy.Clinet  # noqa: B018


def test_contract_is_imported_without_the_client() -> None:
    program = "import sys, mjproxy.v1.task_service_pb2_grpc; print({'mjproxy.links', 'httpx'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert printed.stdout == "set()\n"
