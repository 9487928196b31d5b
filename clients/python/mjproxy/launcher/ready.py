"""The ready line: the one line that a part's process, and `mjproxy up` itself, writes to stdout."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from mjproxy.launcher.address import Address

_WORD: Final = "ready "


@dataclass(frozen=True)
class Endpoint:
    """Where a part answers.

    Attributes:
        announced: The part's own words: `grpc=127.0.0.1:50051` or `rest=http://127.0.0.1:8080`.
        address: The address in them.
    """

    announced: str
    address: Address

    @classmethod
    def parse(cls, announced: str) -> Self:
        """Reads a part's words.

        Raises:
            ValueError: There is no address in them.
        """
        return cls(announced, Address.parse(announced.partition("=")[2].removeprefix("http://")))


def write(endpoints: Iterable[str]) -> str:
    """The line that announces the endpoints."""
    return _WORD + " ".join(endpoints)


def read(line: str) -> Endpoint | None:
    """The endpoint that a part's line announces; `None` when it is another line."""
    if not line.startswith(_WORD):
        return None
    try:
        return Endpoint.parse(line.removeprefix(_WORD).rstrip())
    except ValueError:
        return None
