"""`python -m mjproxy_server`: the server alone, configured by its environment."""

import asyncio
import contextlib

from mjproxy_server.part import serve
from mjproxy_server.settings import Settings


def main() -> None:
    """Runs the server until it is interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Settings(), lambda line: print(f"ready {line}", flush=True)))  # noqa: T201 - its one line


if __name__ == "__main__":
    main()
