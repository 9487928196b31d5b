"""The engine: it accepts commands, works them off at Discord, and tells what became of them."""
