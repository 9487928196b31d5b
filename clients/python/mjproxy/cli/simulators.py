"""A simulator that runs, as the commands see it: its control API over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from mjproxy.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_ADDRESS: Final = "127.0.0.1:8090"
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator at an address; what goes wrong ends the command with a line that says what to do."""

    address: str

    def get(self, path: str, **query: str | float | None) -> Any:  # noqa: ANN401 -- JSON
        """Return what the control API answers."""
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: dict[str, object] | None = None) -> Any:  # noqa: ANN401 -- JSON
        """Send something; return the answer, None when there is nothing to say."""
        return self._ask("POST", path, json=body or {})

    def delete(self, path: str) -> None:
        """Delete something."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401 -- what httpx takes, and JSON
        # It takes longer to load than all else that a command needs.
        import httpx  # noqa: PLC0415

        url = f"http://{self.address}/control{path}"
        try:
            with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
                response = client.request(method, url, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _fail(
                f"no simulator answers at {self.address} ({error}). "
                "Start one with `mjproxy simulator`, or name yours with --simulator.",
                Exit.UNREACHABLE,
            )
        if response.is_error:
            _fail(_complaint(response.text), Exit.REFUSED)
        return None if response.status_code == HTTPStatus.NO_CONTENT else response.json()


def simulator_option(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the option that names the simulator; it reaches it as a `Simulator`, its argument `running`."""
    return click.option(
        "--simulator",
        "running",
        metavar="HOST:PORT",
        callback=_named,
        help=f"The simulator. [default: {DEFAULT_ADDRESS}]",
    )(command)


def _named(context: click.Context, _option: click.Parameter, address: str | None) -> Simulator:
    return Simulator(address or context.obj or DEFAULT_ADDRESS)


def _complaint(text: str) -> str:
    """Return what the control API says is wrong: `{"error": ...}`."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return f"that is no simulator, it answers: {text[:200]}"


def _fail(complaint: str, code: Exit) -> NoReturn:
    click.echo(f"Error: {complaint}", err=True)
    raise click.exceptions.Exit(code)
