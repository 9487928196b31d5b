"""How a process ends that is told to."""

import signal
import subprocess
import sys
from typing import Final

import pytest

# Both have a thread that lasts for a minute, as one that looks up a name may.
_LAUNCHED: Final = """
import asyncio, time
from mjproxy.launcher.signals import until_signalled

async def work():
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    print("ready", flush=True)
    await asyncio.Event().wait()

with asyncio.Runner({loop}) as runner:
    runner.run(until_signalled(work()))
"""
_UVLOOP: Final = "loop_factory=__import__('uvloop').new_event_loop"
_SERVER: Final = """
import asyncio, sys, time
from mjproxy_server import __main__

async def serve(settings, ready):
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    ready("")
    await asyncio.Event().wait()

sys.argv[1:] = []
__main__.serve = serve
__main__.main()
"""


@pytest.mark.parametrize("script", [_LAUNCHED.format(loop=""), _LAUNCHED.format(loop=_UVLOOP), _SERVER])
def test_threads_that_nobody_can_stop_are_not_waited_for(script: str) -> None:
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
