"""What a task, a command, a fact and an account are. Pure, and on the ground: it imports nothing of the rest."""
