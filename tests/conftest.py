"""What holds for all tests."""

import signal

# A shell that starts the tests in the background has them ignore Ctrl-C, which every process they start would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
