"""The languages that there are clients in: how each one's runner is built and started."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_CLIENTS: Final = _ROOT / "clients"
_BUILT: Final = _ROOT / ".tools"

# What is compiled for one run is ready in two thirds of the time without inlining.
_QUICKLY: Final = ("-gcflags=all=-l",)
_QUIETLY: Final = ("--quiet", "--batch-mode", "--no-transfer-progress")
_JAVA_RUNNER: Final = "io.mjproxy.conformance.Runner"

# No command takes longer, where nothing of what it needs is there yet.
_LONGEST_SECONDS: Final = 240

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """A language and its runner.

    Attributes:
        name: As in the table of results.
        folder: Where its commands are run.
        needs: The programs that have to be there.
        fetch: Gets what the build needs, from the network where it is not there yet; or nothing.
        build: Makes the runner, or nothing; what is made stays for the next time.
        test: Runs the client's own tests; nothing for Python, whose tests stand beside this folder.
        run: What starts it.
    """

    name: str
    folder: Path
    needs: tuple[str, ...]
    fetch: Command
    build: Command
    test: Command
    run: Command

    @property
    def missing(self) -> tuple[str, ...]:
        """The programs that are not there."""
        return tuple(program for program in self.needs if shutil.which(program) is None)


LANGUAGES: Final = (
    Language(
        name="python",
        folder=_ROOT,
        needs=(),
        fetch=(),
        build=(),
        test=(),
        run=(sys.executable, "-m", "tests.conformance.python_runner"),
    ),
    Language(
        name="go",
        folder=_CLIENTS / "go",
        needs=("go",),
        fetch=("go", "mod", "download"),
        build=("go", "build", *_QUICKLY, "-o", str(_BUILT / "conformance-go"), "./internal/conformance"),
        test=("go", "test", *_QUICKLY, "./..."),
        run=(str(_BUILT / "conformance-go"),),
    ),
    Language(
        name="typescript",
        folder=_CLIENTS / "typescript",
        needs=("node", "npm"),
        fetch=("npm", "install", "--silent", "--no-package-lock", "--ignore-scripts", "--engine-strict"),
        build=("npm", "run", "--silent", "build"),
        test=("npm", "test", "--silent"),
        run=("node", "dist/conformance/runner.js"),
    ),
    Language(
        name="java",
        folder=_CLIENTS / "java",
        needs=("java", "javac", "mvn"),
        fetch=("mvn", *_QUIETLY, "dependency:build-classpath", "-Dmdep.outputFile=target/classpath"),
        build=("mvn", *_QUIETLY, "test-compile"),
        test=("mvn", *_QUIETLY, "test"),
        run=("sh", "-c", f"exec java -cp target/classes:target/test-classes:$(cat target/classpath) {_JAVA_RUNNER}"),
    ),
)


def complaint_of(command: Command, folder: Path) -> str:
    """Runs a command and returns what it complained of; nothing if it did not fail, or if there is none."""
    if not command:
        return ""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True, timeout=_LONGEST_SECONDS)
    words = (done.stdout + done.stderr).strip()[-3000:]
    return f"{' '.join(command)} failed: {words}" if done.returncode else ""
