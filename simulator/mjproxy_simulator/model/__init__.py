"""What exists in the simulated world: accounts, commands, messages and jobs, as plain data."""
