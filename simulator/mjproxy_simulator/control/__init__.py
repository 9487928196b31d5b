"""The control API: what a test may look at, set and break."""
