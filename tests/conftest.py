"""What holds for all tests."""

import os
import signal

from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them ignore Ctrl-C, which every process they start would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, and nothing of the code. `make test` tries the same examples
# each time, so that it tells of a change; `make soak` looks for new ones.
settings.register_profile(
    "ours",
    deadline=None,
    derandomize=not os.environ.get("MJPROXY_SOAK"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ours")
