"""The client works where only its own requirements are installed, and none of the service's."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterable

from packaging.requirements import Requirement

FOR_THE_SERVICE = ("mjproxy.launcher", "mjproxy.cli.simulator", "mjproxy.__main__")

PROGRAM = """
import importlib, importlib.abc, pkgutil, sys

class OnlyWhatIsRequired(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"{name} is not required by the client", name=name)

sys.meta_path.insert(0, OnlyWhatIsRequired())

import mjproxy, mjproxy.cli
for name in mjproxy.__all__:
    getattr(mjproxy, name)
for module in pkgutil.walk_packages(mjproxy.__path__, "mjproxy."):
    if not module.name.startswith(FOR_THE_SERVICE):
        importlib.import_module(module.name)
print("imported")
"""


def required(names: Iterable[str]) -> set[str]:
    """The distributions that these need, themselves included, without any extras."""
    found: set[str] = set()
    for name in names:
        requirements = [Requirement(text) for text in importlib.metadata.requires(name) or ()]
        needed = [each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
        found |= {name.lower(), *required(needed)}
    return found


def test_client_and_commands_are_imported_without_the_service() -> None:
    base = required(["mjproxy"])
    owners = importlib.metadata.packages_distributions()
    forbidden = {module for module, names in owners.items() if not {name.lower() for name in names} & base}
    assert {"pydantic", "starlette", "PIL", "textual_image", "websockets"} <= forbidden
    program = f"FOR_THE_SERVICE = {FOR_THE_SERVICE}\nFORBIDDEN = {forbidden - {'mjproxy'}!r}\n{PROGRAM}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.stdout, ended.stderr) == ("imported\n", "")
